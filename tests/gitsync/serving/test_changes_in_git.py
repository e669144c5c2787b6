"""What people change is a commit on their Git Source: created, edited and deleted applications, and what stands in
the way."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gitsync.access.secret import Credential, PersonSecret
from gitsync.manifest.object import JsonObject
from gitsync.reporting.link import Refused
from gitsync.sandbox.githost import Access
from model.identity import ApplicationKey
from model.link import AnswerBody, RequestBody
from model.link_change import (
    Author,
    ChangeAnswer,
    CommitWords,
    CreateApplication,
    DeleteApplication,
    EditApplication,
    GetManifestFile,
    ManifestFileAnswer,
    Problem,
    ValidateApplication,
    ValidationAnswer,
)
from tests.support.chart_host import running_chart_host
from tests.support.runtime import AUTHOR, NAMESPACE, Rig, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

DANA = Author("dana", "dana@example.com")
VICTOR = Author("victor")
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: b}\n"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("changes"), name="demo") as (world, rig):
        host = world.host
        await host.create_repository("platform")
        for user, access in (("dana", Access.WRITE), ("victor", Access.READ)):
            host.add_user(user, f"{user}-password")
            for repository in ("apps", "platform"):
                host.set_access(repository, user, access)
            secret = PersonSecret(user, host.clone_url("apps").rpartition("/")[0], Credential(user, f"{user}-password"))
            rig.runtime.credentials.put_person(user, secret)
        host.accounts.set_public("platform", public=True)
        await rig.push(
            {"web/a.yaml": CONFIG_MAP.replace("NAME", "web"), "api/a.yaml": CONFIG_MAP.replace("NAME", "api")}
        )
        await commit(world, {"apps/README.md": "Applications\n", "kustomized/kustomization.yaml": KUSTOMIZATION})
        await commit(world, {"kustomized/base/app.yaml": manifest(world, "based")})
        for name, path in (("platform", "apps"), ("kustomized", "kustomized")):
            await rig.cluster.create(git_source(world, name, path))
        await rig.until("platform", synced_and_healthy)
        yield world, rig


KUSTOMIZATION = "# everything\nresources:\n  - base/app.yaml\n"


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


@pytest.fixture
def world(both: tuple[World, Rig]) -> World:
    return both[0]


async def commit(world: World, files: dict[str, str]) -> None:
    content: dict[str, bytes | None] = {path: text.encode() for path, text in files.items()}
    await world.host.commit_files("platform", "main", content, message="Seed", author=AUTHOR)


def git_source(world: World, name: str, path: str) -> dict[str, object]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"codefresh.io/entity": "git-source"}},
        "spec": {
            "project": "default",
            "source": {"repoURL": world.host.clone_url("platform"), "path": path, "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NAMESPACE},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
    }


def manifest(world: World, name: str, *, path: str = "web", **changed: str) -> str:
    text = f"""# who owns this
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {name}   # fixed
  annotations:
    team: 'web'
spec:
  project: default
  source:
    repoURL: {world.host.clone_url("apps")}
    targetRevision: main
    path: {path}  # the directory
  destination:
    server: https://kubernetes.default.svc
    namespace: default
  syncPolicy:
    automated: {{}}
"""
    for old, new in changed.items():
        text = text.replace(old, new)
    return text


async def ask(rig: Rig, body: RequestBody) -> AnswerBody:
    return await rig.runtime.requests.answer(body)


async def change(rig: Rig, body: RequestBody) -> ChangeAnswer:
    answer = await ask(rig, body)
    assert isinstance(answer, ChangeAnswer)
    return answer


def codes(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    return [(one.code, one.field) for one in problems]


async def file_of(rig: Rig, name: str) -> ManifestFileAnswer:
    answer = await ask(rig, GetManifestFile(ApplicationKey(NAMESPACE, name)))
    assert isinstance(answer, ManifestFileAnswer)
    return answer


async def create(rig: Rig, world: World, name: str) -> ChangeAnswer:
    words = CommitWords(f"Add {name}", "Because")
    answer = await change(rig, CreateApplication("platform", manifest(world, name), DANA, f"create-{name}", words))
    assert not answer.problems
    await rig.until(name, _seen)
    return answer


async def test_a_created_application_is_a_commit_and_appears(rig: Rig, world: World) -> None:
    answer = await create(rig, world, "first")
    assert answer.commit is not None
    assert answer.commit.author_email == "dana@example.com"
    assert answer.commit.message.startswith("Add first\n\nBecause\n\nArgosy-Action: CREATE\n")
    assert "Argosy-Entity: Application demo/argosy/first\n" in answer.commit.message
    assert "+# who owns this" in answer.diff
    assert (await file_of(rig, "first")).path == "apps/first.yaml"


async def test_creating_again_with_the_same_operation_is_the_same_commit(rig: Rig, world: World) -> None:
    answer = await create(rig, world, "twice")
    again = await change(rig, CreateApplication("platform", manifest(world, "twice"), DANA, "create-twice"))
    assert again.commit == answer.commit
    other = await change(rig, CreateApplication("platform", manifest(world, "twice"), DANA, "another"))
    assert codes(other.problems) == [("VALIDATION_ERROR", "metadata.name")]


async def test_what_was_pushed_by_hand_is_edited_as_what_was_made_in_the_form(rig: Rig, world: World) -> None:
    await commit(world, {"apps/pushed.yaml": manifest(world, "pushed")})
    rig.runtime.repositories.hint([world.host.clone_url("platform")])
    await rig.until("pushed", _seen)
    file = await file_of(rig, "pushed")
    assert (file.path, file.text) == ("apps/pushed.yaml", manifest(world, "pushed"))
    wanted = manifest(world, "pushed", path="api")
    edit = EditApplication(ApplicationKey(NAMESPACE, "pushed"), wanted, DANA, "edit-pushed", base_blob=file.blob)
    answer = await change(rig, edit)
    assert not answer.problems
    assert "+    path: api  # the directory" in answer.diff


async def test_an_edit_changes_the_line_and_nothing_else(rig: Rig, world: World) -> None:
    await create(rig, world, "edited")
    seen = await rig.application("edited")
    assert seen is not None
    seen["spec"]["source"]["path"] = "api"
    answer = await change(rig, EditApplication(ApplicationKey(NAMESPACE, "edited"), json.dumps(seen), DANA, "edit-1"))
    assert not answer.problems
    assert lines_of(answer.diff) == ["-    path: web  # the directory", "+    path: api  # the directory"]
    await rig.until("edited", lambda body: body["spec"]["source"]["path"] == "api")


def lines_of(diff: str) -> list[str]:
    return [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]


async def test_yaml_that_changes_comments_alone_is_a_commit_of_those_lines(rig: Rig, world: World) -> None:
    pair = manifest(world, "worded") + "---\n# other\n" + manifest(world, "worded-too")
    await commit(world, {"apps/worded.yaml": pair})
    rig.runtime.repositories.hint()
    await rig.until("worded-too", _seen)
    key = ApplicationKey(NAMESPACE, "worded-too")
    shown = await file_of(rig, "worded-too")
    assert shown.manifest == "# other\n" + manifest(world, "worded-too")
    text = shown.manifest.replace("# other", "# the other").replace("   # fixed", "")
    answer = await change(rig, EditApplication(key, text, DANA, "words", base_blob=shown.blob))
    assert not answer.problems
    assert lines_of(answer.diff) == ["-# other", "+# the other", "-  name: worded-too   # fixed", "+  name: worded-too"]
    again = await change(rig, EditApplication(key, text, DANA, "no-words"))
    assert [(one.code, one.suggestion) for one in again.problems] == [
        ("VALIDATION_ERROR", "Nothing needs to be committed.")
    ]
    body = json.dumps(await rig.application("worded-too"))
    form = await change(rig, EditApplication(key, body, DANA, "no-values"))
    assert codes(form.problems) == [("VALIDATION_ERROR", "")]


async def test_an_edit_and_its_opposite_right_after_are_two_commits(rig: Rig, world: World) -> None:
    await create(rig, world, "back")
    key = ApplicationKey(NAMESPACE, "back")
    forth = await change(rig, EditApplication(key, manifest(world, "back", path="api"), DANA, "forth"))
    back = await change(rig, EditApplication(key, manifest(world, "back"), DANA, "back"))
    assert not forth.problems
    assert not back.problems
    assert "path: web" in (await file_of(rig, "back")).text


async def test_an_edit_of_a_file_that_changed_since_is_a_conflict_with_all_versions(rig: Rig, world: World) -> None:
    await create(rig, world, "contested")
    before = await file_of(rig, "contested")
    await commit(world, {"apps/contested.yaml": before.text.replace("path: web", "path: api")})
    mine = before.text.replace("path: web", "path: mine")
    body = EditApplication(ApplicationKey(NAMESPACE, "contested"), mine, DANA, "late", base_blob=before.blob)
    mine_now = await change(rig, body)
    assert codes(mine_now.problems) == [("VALIDATION_ERROR", "spec.source.path")]
    body = EditApplication(
        ApplicationKey(NAMESPACE, "contested"),
        before.text.replace("team: 'web'", "team: 'shop'"),
        DANA,
        "late",
        base_blob=before.blob,
    )
    answer = await change(rig, body)
    (problem,) = answer.problems
    assert problem.code == "CONFLICT_ERROR"
    assert problem.conflict is not None
    assert problem.conflict.base == before.text
    assert "path: api" in problem.conflict.theirs
    assert "team: 'shop'" in problem.conflict.mine


async def test_a_deleted_application_loses_its_file_and_goes(rig: Rig, world: World) -> None:
    await create(rig, world, "gone")
    answer = await change(rig, DeleteApplication(ApplicationKey(NAMESPACE, "gone"), DANA, "delete-1"))
    assert not answer.problems
    assert "deleted file" in answer.diff
    await _until_gone(rig, "gone")


async def test_one_of_several_documents_is_removed_and_the_others_stay(rig: Rig, world: World) -> None:
    await commit(
        world, {"apps/two.yaml": manifest(world, "one-of-two") + "---\n# other\n" + manifest(world, "two-of-two")}
    )
    rig.runtime.repositories.hint()
    await rig.until("two-of-two", _seen)
    answer = await change(rig, DeleteApplication(ApplicationKey(NAMESPACE, "one-of-two"), DANA, "delete-2"))
    assert not answer.problems
    text = (await file_of(rig, "two-of-two")).text
    assert "one-of-two" not in text
    assert text.startswith("---\n# other\n")


async def test_a_kustomization_is_edited_in_its_base(rig: Rig, world: World) -> None:
    await rig.until("based", _seen)
    text = manifest(world, "based", path="api")
    answer = await change(rig, EditApplication(ApplicationKey(NAMESPACE, "based"), text, DANA, "edit-base"))
    assert not answer.problems
    assert (await file_of(rig, "based")).path == "kustomized/base/app.yaml"
    worded = text.replace("# who owns this", "# who owns this: dana")
    words = await change(rig, EditApplication(ApplicationKey(NAMESPACE, "based"), worded, DANA, "words-of-base"))
    assert lines_of(words.diff) == ["-# who owns this", "+# who owns this: dana"]
    body = CreateApplication("kustomized", manifest(world, "listed"), DANA, "create-listed", file_name="more/listed")
    listed = await change(rig, body)
    assert "+  - more/listed.yaml" in listed.diff
    await rig.until("listed", _seen)
    removed = await change(rig, DeleteApplication(ApplicationKey(NAMESPACE, "based"), DANA, "delete-base"))
    assert not removed.problems


async def test_who_may_only_read_changes_nothing(rig: Rig, world: World) -> None:
    answer = await change(rig, CreateApplication("platform", manifest(world, "victors"), VICTOR, "v1"))
    assert codes(answer.problems) == [("FORBIDDEN_ERROR", "")]


async def test_what_no_git_source_holds_is_not_in_git(rig: Rig, world: World) -> None:
    await rig.create_application("by-hand", source={"repoURL": world.host.clone_url("apps"), "path": "web"})
    await rig.until("by-hand", lambda body: "status" in body)
    key = ApplicationKey(NAMESPACE, "by-hand")
    edit = await change(rig, EditApplication(key, manifest(world, "by-hand"), DANA, "e"))
    delete = await change(rig, DeleteApplication(key, DANA, "d"))
    assert codes(edit.problems) == codes(delete.problems) == [("NOT_IN_GIT", "")]
    with pytest.raises(Refused, match="no Git Source holds"):
        await ask(rig, GetManifestFile(key))


@pytest.mark.parametrize(
    ("change_of", "field"),
    [
        ({"targetRevision: main": "targetRevision: nowhere"}, "spec.source.targetRevision"),
        ({"path: web": "path: nowhere"}, "spec.source.path"),
        ({"/apps.git": "/nothing.git"}, "spec.source.repoURL"),
        ({"kubernetes.default.svc": "other.example.com"}, "spec.destination.server"),
        ({"project: default": "project: nobody"}, "spec.project"),
        ({"name: checked": "name: Checked_1"}, "metadata.name"),
        ({"kind: Application": "kind: Rollout"}, "kind"),
        ({"project: default": "project: [1]"}, "spec.project"),
        ({"metadata:": "metadata: ["}, ""),
    ],
)
async def test_what_is_wrong_is_said_with_field_and_line(
    rig: Rig, world: World, change_of: dict[str, str], field: str
) -> None:
    text = manifest(world, "checked", **change_of)
    answer = await ask(rig, ValidateApplication(text, DANA))
    assert isinstance(answer, ValidationAnswer)
    (problem,) = answer.errors
    assert (problem.code, problem.field) == ("VALIDATION_ERROR", field)
    assert problem.line
    if field:
        last = field.rpartition(".")[2]
        assert f"{last}:" in text.splitlines()[problem.line - 1]
    created = await change(rig, CreateApplication("platform", text, DANA, "never"))
    assert created.commit is None


async def test_charts_and_their_versions_are_looked_up_before_a_commit(rig: Rig, world: World) -> None:
    async with running_chart_host("1.2.0") as charts:

        async def checked(chart: str, version: str, url: str = charts.url) -> list[tuple[str, int | None]]:
            source = {world.host.clone_url("apps"): url, "path: web": f"chart: {chart}", "n: main": f"n: {version}"}
            text = manifest(world, "charted", **source)
            answer = await ask(rig, ValidateApplication(text, DANA))
            assert isinstance(answer, ValidationAnswer)
            return [(problem.field, problem.line) for problem in answer.errors]

        assert await checked("web", "1.2.0") == []
        assert await checked("web", "1.*") == []
        assert await checked("other", "1.2.0") == [("spec.source.chart", 13)]
        assert await checked("web", "7.0.0") == [("spec.source.targetRevision", 12)]
        assert await checked("web", "1.2.0", "http://127.0.0.1:1") == [("spec.source.repoURL", 11)]


async def test_a_good_manifest_has_no_errors(rig: Rig, world: World) -> None:
    answer = await ask(rig, ValidateApplication(manifest(world, "good"), DANA, git_source="platform"))
    assert isinstance(answer, ValidationAnswer)
    assert (answer.errors, answer.warnings) == ((), ())


async def test_a_pull_request_is_a_branch_where_the_host_has_none(rig: Rig, world: World) -> None:
    words = CommitWords("Propose", pull_request=True)
    answer = await change(rig, CreateApplication("platform", manifest(world, "proposed"), DANA, "pr-1", words))
    assert not answer.problems
    assert answer.commit is not None
    assert answer.commit.branch == "argosy/create-proposed-pr-1"
    assert answer.pull_request_url == ""


def _seen(body: JsonObject) -> bool:
    return "status" in body


async def _until_gone(rig: Rig, name: str) -> None:
    async with asyncio.timeout(60):
        while await rig.application(name) is not None:  # noqa: ASYNC110 - it goes in the cluster, without an event
            await asyncio.sleep(0.05)
