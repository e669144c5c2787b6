"""Git Sources are made, changed and removed by commits to the shared configuration repository, and then work."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import yaml

from gitsync.access.secret import Credential, PersonSecret, RepositorySecret
from gitsync.sandbox.githost import Access
from model.identity import ApplicationKey, GroupVersionKind
from model.link_change import (
    AllowedDestination,
    Author,
    ChangeAnswer,
    CommitWords,
    CreateApplication,
    DeleteApplication,
    DeleteGitSource,
    EditApplication,
    GetManifestFile,
    GetRestriction,
    ManifestFileAnswer,
    PutGitSource,
    RestrictionAnswer,
    ValidateApplication,
)
from model.link_setup import ConnectGitHost
from tests.support.dark_host import git_host_down, say_that_git_is_away
from tests.support.runtime import AUTHOR, NAMESPACE, Rig, conditions_of, running_rig, synced_and_healthy
from tests.support.sandbox_rig import World, running_world

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

DANA = Author("dana", "dana@example.com")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    folder = tmp_path_factory.mktemp("sources")
    async with running_world(folder) as world:
        host = world.host
        host.add_user("robot", "robot-password")
        host.add_user("victor", "victor-password")
        for name in ("config", "team", "empty"):
            await host.create_repository(name)
            for user, access in (("robot", Access.WRITE), ("dana", Access.WRITE), ("victor", Access.READ)):
                host.set_access(name, user, access)
        host.set_access("apps", "robot", Access.WRITE)
        for name in ("config", "team"):
            await host.commit_files(name, "main", {"README.md": b"-\n"}, message="First", author=AUTHOR)
        config = host.clone_url("config")
        async with running_rig(world.access, host, folder / "runtime", name="demo", config_repo=config) as rig:
            root = config.rpartition("/")[0]
            own = RepositorySecret(root, template=True, credential=Credential("robot", "robot-password"))
            rig.runtime.credentials.put_repository("host", own)
            for person in ("dana", "victor"):
                secret = PersonSecret(person, root, Credential(person, f"{person}-password"))
                rig.runtime.credentials.put_person(person, secret)
            yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


@pytest.fixture
def world(both: tuple[World, Rig]) -> World:
    return both[0]


async def change(rig: Rig, body: PutGitSource | DeleteGitSource | CreateApplication) -> ChangeAnswer:
    answer = await rig.runtime.requests.answer(body)
    assert isinstance(answer, ChangeAnswer)
    return answer


def source(world: World, name: str, operation_id: str, **more: object) -> PutGitSource:
    values: dict[str, object] = {
        "name": name,
        "repo_url": world.host.clone_url("team"),
        "author": DANA,
        "operation_id": operation_id,
        "is_new": True,
        "revision": "main",
        "path": f"sources/{name}",
        **more,
    }
    return PutGitSource(**values)  # type: ignore[arg-type]


async def test_a_new_git_source_is_synced_and_takes_applications(rig: Rig, world: World) -> None:
    answer = await change(rig, source(world, "team", "new-1"))
    assert not answer.problems
    assert answer.commit is not None
    assert "resources/runtimes/demo/team.yaml" in answer.diff
    assert "Argosy-Entity: GitSource demo/argosy/team" in answer.commit.message
    await rig.until("team", synced_and_healthy)
    again = await change(rig, source(world, "team", "new-1"))
    assert again.commit == answer.commit
    manifest = yaml.safe_dump(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": "in-team"},
            "spec": {
                "project": "default",
                "source": {"repoURL": world.host.clone_url("team"), "path": ".", "targetRevision": "main"},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
            },
        }
    )
    body = CreateApplication("team", manifest, DANA, "app-1", file_name="deep/in-team.yaml")
    created = await change(rig, body)
    assert not created.problems
    await rig.until("in-team", lambda body: "status" in body)
    record = rig.runtime.records.get(ApplicationKey("argosy", "in-team"))
    assert record is not None
    owner = rig.runtime.reporter.owner(record)
    assert owner is not None
    assert owner.name == "team"


async def test_an_edit_changes_what_was_said_and_nothing_else(rig: Rig, world: World) -> None:
    await change(rig, source(world, "edited", "new-2", include="*.yaml"))
    await rig.until("edited", synced_and_healthy)
    edited = await change(rig, source(world, "edited", "edit-2", is_new=False, exclude="draft*"))
    changed = [line for line in edited.diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert sorted(changed) == ['+      exclude: "draft*"', '-      include: "*.yaml"'], edited


async def test_a_removed_git_source_leaves_its_applications(rig: Rig, world: World) -> None:
    await change(rig, source(world, "leaving", "new-3"))
    await rig.until("leaving", synced_and_healthy)
    answer = await change(rig, DeleteGitSource("leaving", DANA, "gone-3"))
    assert not answer.problems
    assert "deleted file" in answer.diff


async def test_a_git_source_that_is_renamed_in_git_keeps_its_applications(rig: Rig, world: World) -> None:
    folder = "resources/runtimes/demo"
    await rig.push({"fenced/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept}\n"})
    await change(rig, source(world, "before", "new-6"))
    await rig.until("before", synced_and_healthy)
    kept = application(world, "kept", "default", "default")
    assert not (await change(rig, CreateApplication("before", kept, DANA, "app-6"))).problems
    first = await rig.until("kept", lambda body: "status" in body)
    known = await rig.application("before")
    assert known is not None
    renamed = {"apiVersion": known["apiVersion"], "kind": known["kind"], "spec": known["spec"]}
    renamed["metadata"] = {"name": "after", "namespace": NAMESPACE, "labels": known["metadata"]["labels"]}
    files = {f"{folder}/before.yaml": None, f"{folder}/after.yaml": yaml.safe_dump(renamed).encode()}
    await world.host.commit_files("config", "main", files, message="Rename", author=AUTHOR)
    rig.runtime.repositories.hint([world.host.clone_url("config")])
    await rig.until("after", synced_and_healthy)
    async with asyncio.timeout(60):
        while await rig.application("before") is not None:  # noqa: ASYNC110 - what is deleted has no event here
            await asyncio.sleep(0.02)
    still = await rig.until("kept", lambda body: "status" in body)
    assert still["metadata"]["uid"] == first["metadata"]["uid"]
    record = rig.runtime.records.get(ApplicationKey(NAMESPACE, "kept"))
    assert record is not None
    owner = rig.runtime.reporter.owner(record)
    assert owner is not None
    assert owner.name == "after"


async def test_an_empty_repository_gets_the_directory(rig: Rig, world: World) -> None:
    url = world.host.clone_url("empty")
    answer = await change(rig, source(world, "empty", "new-4", repo_url=url))
    assert not answer.problems
    await rig.until("empty", synced_and_healthy)


def application(world: World, name: str, project: str, namespace: str) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name},
            "spec": {
                "project": project,
                "source": {"repoURL": world.host.clone_url("apps"), "path": "fenced", "targetRevision": "main"},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
            },
        }
    )


async def test_a_restricted_one_brings_applications_of_its_project_only(rig: Rig, world: World) -> None:
    await rig.push({"fenced/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fenced}\n"})
    place = AllowedDestination("https://kubernetes.default.svc", "", "team-*")
    body = source(
        world, "fenced", "new-5", allowed_repositories=(world.host.clone_url("apps"),), allowed_destinations=(place,)
    )
    made = await change(rig, body)
    assert not made.problems
    await rig.until("fenced", synced_and_healthy)
    told = await rig.runtime.requests.answer(GetRestriction(ApplicationKey(NAMESPACE, "fenced")))
    assert told == RestrictionAnswer(True, body.allowed_repositories, (place,))
    assert await rig.runtime.requests.answer(GetRestriction(ApplicationKey(NAMESPACE, "nothing"))) == RestrictionAnswer(
        restricted=False
    )

    async def create(name: str, project: str, namespace: str) -> list[tuple[str, str]]:
        text = application(world, name, project, namespace)
        answer = await change(rig, CreateApplication("fenced", text, DANA, f"fenced-{name}"))
        return [(one.code, one.field) for one in answer.problems]

    assert ("VALIDATION_ERROR", "spec.project") in await create("other", "default", "team-a")
    assert await create("outside", "fenced-restricted", "default") != []
    assert await create("inside", "fenced-restricted", "team-a") == []
    await rig.until("inside", lambda body: "status" in body)
    pushed = {"sources/fenced/sly.yaml": application(world, "sly", "default", "default").encode()}
    pushed["sources/fenced/also.yaml"] = application(world, "also", "fenced-restricted", "team-b").encode()
    await world.host.commit_files("team", "main", pushed, message="By hand", author=AUTHOR)
    rig.runtime.repositories.hint([world.host.clone_url("team")])
    fenced = await rig.until("fenced", lambda body: bool(conditions_of(body)))
    assert 'are of project "fenced-restricted"' in conditions_of(fenced)[0][1]
    assert await rig.application("also") is None, "nothing comes of a sync with an object that the project refuses"
    mended = {"sources/fenced/sly.yaml": None}
    await world.host.commit_files("team", "main", mended, message="Without it", author=AUTHOR)
    rig.runtime.repositories.hint([world.host.clone_url("team")])
    await rig.until("also", lambda body: "status" in body)
    assert await rig.application("sly") is None
    more = await change(
        rig, source(world, "fenced", "edit-5", is_new=False, allowed_repositories=("*",), allowed_destinations=(place,))
    )
    changed = [line for line in more.diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert len(changed) == 2, more
    gone = await change(rig, DeleteGitSource("fenced", DANA, "gone-5"))
    assert (gone.diff.count("deleted file"), "fenced-restricted-project" in gone.diff) == (2, False)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"name": "No_Name"}, "VALIDATION_ERROR", "name"),
        ({"revision": "nowhere"}, "VALIDATION_ERROR", "revision"),
        ({"path": "../x"}, "VALIDATION_ERROR", "path"),
        ({"is_new": False}, "NOT_FOUND_ERROR", "name"),
        ({"allowed_repositories": ("*",)}, "VALIDATION_ERROR", "allowedRepositories"),
        ({"author": Author("victor")}, "FORBIDDEN_ERROR", ""),
        ({"create_repository": True, "repo_url": "none"}, "VALIDATION_ERROR", "createRepository"),
    ],
)
async def test_what_cannot_be_is_said(
    rig: Rig, world: World, changes: dict[str, object], code: str, field: str
) -> None:
    if changes.get("repo_url"):
        changes = {**changes, "repo_url": world.host.clone_url("none")}
    answer = await change(rig, source(world, **{"name": "bad", **changes}, operation_id=f"bad-{field}-{code}"))  # type: ignore[arg-type]
    assert [(one.code, one.field) for one in answer.problems] == [(code, field)]


async def file_of(rig: Rig, name: str) -> str:
    answer = await rig.runtime.requests.answer(GetManifestFile(ApplicationKey(NAMESPACE, name)))
    assert isinstance(answer, ManifestFileAnswer)
    return answer.text


async def test_while_the_git_host_is_away_every_change_says_so_and_nothing_is_lost(rig: Rig, world: World) -> None:
    await rig.push({"fenced/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fenced}\n"})
    assert not (await change(rig, source(world, "dark", "new-7"))).problems
    await rig.until("dark", synced_and_healthy)
    text = application(world, "in-dark", "default", "default")
    assert not (await change(rig, CreateApplication("dark", text, DANA, "in-dark-1"))).problems
    await rig.until("in-dark", lambda body: "status" in body)
    key = ApplicationKey(NAMESPACE, "in-dark")
    other = text.replace("in-dark", "later")
    creation = CreateApplication("dark", other, DANA, "later-1")
    connecting = ConnectGitHost(world.host.clone_url("team"), "dana", "dana-password", (world.host.clone_url("team"),))
    with git_host_down(world, rig):
        await say_that_git_is_away(
            world,
            rig,
            [
                creation,
                CreateApplication("dark", other, DANA, "later-2", CommitWords(pull_request=True)),
                EditApplication(key, f"# why\n{text}", DANA, "edit-7"),
                EditApplication(key, json.dumps(yaml.safe_load(text)), DANA, "edit-8"),
                DeleteApplication(key, DANA, "delete-7"),
                ValidateApplication(other, DANA, "dark"),
                ValidateApplication(other, DANA),
                source(world, "darker", "new-8"),
                source(world, "darker", "new-9", create_repository=True, repo_url=world.host.clone_url("new")),
                source(world, "dark", "edit-9", is_new=False, include="*.yaml"),
                DeleteGitSource("dark", DANA, "gone-7"),
                connecting,
            ],
        )
    assert not (await change(rig, creation)).problems, "what was asked for is asked for again, with the same id"
    await rig.until("later", lambda body: "status" in body)
    assert (await file_of(rig, "in-dark")) == text


async def test_none_is_made_while_the_home_cluster_is_no_destination(rig: Rig, world: World) -> None:
    metadata = {"name": "argocd-cm", "namespace": NAMESPACE}
    data = {"cluster.inClusterEnabled": "false"}
    await rig.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    async with asyncio.timeout(60):
        while rig.runtime.home.config.home_is_destination:  # noqa: ASYNC110 - what is looked at has no event
            await asyncio.sleep(0.02)
    answer = await change(rig, source(world, "shut-out", "shut-out-1"))
    assert "Git Sources included" in answer.problems[0].message
    await rig.cluster.delete(GroupVersionKind("", "v1", "ConfigMap"), NAMESPACE, "argocd-cm")
    async with asyncio.timeout(60):
        while not rig.runtime.home.config.home_is_destination:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
