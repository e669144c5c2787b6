"""A runtime whose repositories are on a real Gitea: protected branches, pull requests, new repositories, rebuilding."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gitsync.access.secret import Credential, PersonSecret, RepositorySecret
from gitsync.changes.shared_configuration import SharedConfiguration
from gitsync.git.credentials import GitCredential
from gitsync.kube.access import access_from_kubeconfig
from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from gitsync.reconcile.rollback_hold import HOLD_ANNOTATION
from gitsync.reporting.link import Refused
from gitsync.runtime.rebuild import Rebuild, rebuild
from gitsync.sandbox.sandbox import Sandbox, SandboxSettings
from model.identity import ApplicationKey
from model.link import OperationAnswer, RollbackApplication
from model.link_change import Author, ChangeAnswer, CreateApplication, PutGitSource
from tests.support.real_git_host import RealGitHost, running_git_host
from tests.support.runtime import APPLICATION, NAMESPACE, Rig, conditions_of, running_rig, synced_and_healthy
from tests.support.sandbox_rig import running_world

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

DANA = Author("dana", "dana@example.com")
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {version: 'VERSION'}\n"


@dataclass(frozen=True, slots=True)
class OnGitea:
    git: RealGitHost
    rig: Rig
    config: str

    async def write(self, repository: str, path: str, text: str) -> str:
        """A commit on main by robot, and its id."""
        place = f"/repos/robot/{repository}/contents/{path}"
        body: dict[str, Any] = {
            "content": base64.b64encode(text.encode()).decode(),
            "message": f"Write {path}",
            "branch": "main",
        }
        listed = await self.git.api("robot", "GET", f"/repos/robot/{repository}/git/trees/main?recursive=true")
        known = {one["path"]: one["sha"] for one in listed["tree"]}
        if path in known:
            made = await self.git.api("robot", "PUT", place, {**body, "sha": known[path]})
        else:
            made = await self.git.api("robot", "POST", place, body)
        self.rig.runtime.repositories.hint([self.git.clone_url("robot", repository)])
        return str(made["commit"]["sha"])

    async def deployed(self, name: str, version: str) -> None:
        await self.write("apps", f"{name}/c.yaml", CONFIG_MAP.replace("NAME", name).replace("VERSION", version))

    async def version(self, name: str) -> str:
        found = await self.rig.get("v1", "ConfigMap", "default", name)
        return str(found["data"]["version"]) if found else ""

    async def until_version(self, name: str, wanted: str) -> None:
        async with asyncio.timeout(40):
            while await self.version(name) != wanted:  # noqa: ASYNC110 - of a cluster, as a person looks
                await asyncio.sleep(0.1)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def on(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OnGitea]:
    folder = tmp_path_factory.mktemp("gitea-runtime")
    async with running_git_host(folder / "gitea", "dana", "robot") as git, running_world(folder / "world") as world:
        for name in ("apps", "config"):
            await git.repository("robot", name, dana="write")
        config = git.clone_url("robot", "config")
        async with running_rig(world.access, world.host, folder / "runtime", name="demo", config_repo=config) as rig:
            own = RepositorySecret(git.url, template=True, credential=Credential("robot", git.tokens["robot"]))
            rig.runtime.credentials.put_repository("host", own)
            person = PersonSecret("dana", git.url, Credential("dana", git.tokens["dana"]))
            rig.runtime.credentials.put_person("dana", person)
            yield OnGitea(git, rig, config)


async def two_releases(on: OnGitea, name: str) -> int:
    await on.deployed(name, "1")
    source = {"repoURL": on.git.clone_url("robot", "apps"), "path": name, "targetRevision": "main"}
    await on.rig.create_application(name, source=source, syncPolicy={"automated": {}})
    first = await on.rig.until(name, synced_and_healthy, seconds=30)
    await on.deployed(name, "2")
    await on.until_version(name, "2")
    await on.rig.until(name, lambda body: len(body["status"]["history"]) == 2 and synced_and_healthy(body))
    return int(first["status"]["history"][0]["id"])


async def roll_back(on: OnGitea, name: str, release: int, *, pull_request: bool) -> OperationAnswer:
    body = RollbackApplication(
        ApplicationKey(NAMESPACE, name), "dana", f"back-{name}", release, pull_request=pull_request
    )
    answer = await on.rig.runtime.requests.answer(body)
    assert isinstance(answer, OperationAnswer)
    return answer


def held(body: JsonObject) -> bool:
    return HOLD_ANNOTATION in (body["metadata"].get("annotations") or {})


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
async def test_a_rollback_is_offered_where_the_branch_is_protected_and_lands_when_merged(on: OnGitea, how: str) -> None:
    name = f"guarded-{how}"
    release = await two_releases(on, name)
    rules = "/repos/robot/apps/branch_protections"
    await on.git.api("robot", "POST", rules, {"rule_name": "main", "enable_push": False})
    try:
        with pytest.raises(Refused) as refused:
            await roll_back(on, name, release, pull_request=False)
        assert (refused.value.code, refused.value.field) == ("FORBIDDEN_ERROR", "pullRequest")
        answer = await roll_back(on, name, release, pull_request=True)
        again = await roll_back(on, name, release, pull_request=True)
        assert again.ledger_commit == answer.ledger_commit
        (page,) = answer.pull_request_urls
        waiting = await on.rig.until(name, lambda body: bool(conditions_of(body)))
        assert page in conditions_of(waiting)[0][1]
        assert await on.version(name) == "2"
        number = page.rpartition("/")[2]
        offered = await on.git.api("robot", "GET", f"/repos/robot/apps/pulls/{number}")
        assert offered["title"] == f"Roll {name} back to release {release}"
        await on.git.api("robot", "POST", f"/repos/robot/apps/pulls/{number}/merge", {"Do": how})
    finally:
        await on.git.api("robot", "DELETE", f"{rules}/main")
    on.rig.runtime.repositories.hint([on.git.clone_url("robot", "apps")])
    await on.until_version(name, "1")
    await on.rig.until(name, lambda body: not held(body))


async def test_a_git_source_makes_its_repository_and_the_whole_runtime_is_rebuilt(on: OnGitea, tmp_path: Path) -> None:
    url = on.git.clone_url("dana", "made-here")
    source = PutGitSource("made", url, DANA, "made-1", True, revision="main", path="apps", create_repository=True)
    made = await on.rig.runtime.requests.answer(source)
    assert isinstance(made, ChangeAnswer)
    assert "may not read it" in made.problems[0].message
    assert "account robot" in made.problems[0].suggestion
    await on.git.grant("dana", "made-here", "robot", "read")
    made = await on.rig.runtime.requests.answer(source)
    assert isinstance(made, ChangeAnswer)
    assert not made.problems
    await on.rig.until("made", synced_and_healthy, seconds=40)
    await on.deployed("inside", "1")
    manifest = f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: inside}}
spec:
  project: default
  source: {{repoURL: {on.git.clone_url("robot", "apps")}, path: inside, targetRevision: main}}
  destination: {{server: https://kubernetes.default.svc, namespace: default}}
  syncPolicy: {{automated: {{}}}}
"""
    created = await on.rig.runtime.requests.answer(CreateApplication("made", manifest, DANA, "inside-1"))
    assert isinstance(created, ChangeAnswer)
    assert not created.problems
    await on.rig.until("inside", synced_and_healthy, seconds=40)
    sandbox = Sandbox(SandboxSettings(tmp_path / "second", "admin-token"), wall=lambda: datetime.now(UTC))
    await sandbox.start()
    access = access_from_kubeconfig(sandbox.kubeconfig)
    told: list[str] = []
    wanted = Rebuild(
        SharedConfiguration(on.config, "demo", NAMESPACE),
        tmp_path / "rebuild",
        credential=GitCredential("robot", on.git.tokens["robot"]),
        credential_url=on.git.url,
        patience_seconds=60,
    )
    try:
        async with running_rig(access, on.rig.host, tmp_path / "runtime", name="demo", config_repo=on.config) as second:
            cluster = await Cluster.connect(access)
            try:
                progress = await rebuild(wanted, cluster, tell=told.append, now=lambda: datetime.now(UTC))
            finally:
                await cluster.close()
            assert not progress.missing, told
            names = {body["metadata"]["name"] for body in await second.cluster.list(APPLICATION, namespace=NAMESPACE)}
            assert names == {"shared-configuration", "in-cluster", "made", "inside"}
            assert await second.get("v1", "ConfigMap", "default", "inside") is not None
    finally:
        await sandbox.stop()
