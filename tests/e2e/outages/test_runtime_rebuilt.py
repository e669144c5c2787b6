"""A runtime is rebuilt on another cluster by one command, from the shared configuration repository alone."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitsync.access.secret import Credential, PersonSecret, RepositorySecret
from gitsync.kube.access import access_from_kubeconfig
from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers import start_controllers
from gitsync.sandbox.githost import Access
from gitsync.sandbox.sandbox import Sandbox, SandboxSettings
from model.link_change import Author, ChangeAnswer, CreateApplication, PutGitSource
from tests.support.runtime import APPLICATION, AUTHOR, NAMESPACE, Rig, running_rig, synced_and_healthy
from tests.support.sandbox_rig import SPEED, World, running_world

pytestmark = [pytest.mark.e2e]

DANA = Author("dana", "dana@example.com")
WORKLOAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-web}\ndata: {here: 'yes'}\n"
EVERYWHERE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: everywhere, namespace: default}\n"
OTHERS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-another-runtime, namespace: default}\n"


@asynccontextmanager
async def second_cluster(folder: Path) -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(SandboxSettings(folder, "admin-token", speed=SPEED), wall=lambda: datetime.now(UTC))
    await sandbox.start()
    controllers = start_controllers(sandbox.objects, sandbox.clock, nodes=1)
    try:
        yield sandbox
    finally:
        controllers.stop()
        await sandbox.stop()


async def prepare(world: World) -> str:
    host = world.host
    host.add_user("robot", "robot-password")
    for name in ("config", "team"):
        await host.create_repository(name)
        for user in ("robot", "dana"):
            host.set_access(name, user, Access.WRITE)
    host.set_access("apps", "robot", Access.WRITE)
    await host.commit_files("apps", "main", {"web/c.yaml": WORKLOAD.encode()}, message="Web", author=AUTHOR)
    await host.commit_files("team", "main", {"README.md": b"-\n"}, message="First", author=AUTHOR)
    seeded = {
        "resources/all-runtimes-all-clusters/everywhere.yaml": EVERYWHERE.encode(),
        "resources/runtimes/another/others.yaml": OTHERS.encode(),
    }
    await host.commit_files("config", "main", seeded, message="Shared", author=AUTHOR)
    return host.clone_url("config")


def give_credentials(rig: Rig, root: str) -> None:
    rig.runtime.credentials.put_repository(
        "host", RepositorySecret(root, template=True, credential=Credential("robot", "robot-password"))
    )
    rig.runtime.credentials.put_person("dana", PersonSecret("dana", root, Credential("dana", "dana-password")))


async def build_first(rig: Rig, world: World) -> None:
    """A Git Source and an application in it, made as people make them."""
    team = PutGitSource("team", world.host.clone_url("team"), DANA, "source-1", True, revision="main", path="sources")
    made = await rig.runtime.requests.answer(team)
    assert isinstance(made, ChangeAnswer)
    assert not made.problems
    assert "runtimes/demo/in-cluster.yaml" in made.diff
    await rig.until("team", synced_and_healthy)
    manifest = f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: web}}
spec:
  project: default
  source: {{repoURL: {world.host.clone_url("apps")}, path: web, targetRevision: main}}
  destination: {{server: https://kubernetes.default.svc, namespace: default}}
  syncPolicy: {{automated: {{}}}}
"""
    made = await rig.runtime.requests.answer(CreateApplication("team", manifest, DANA, "app-1"))
    assert isinstance(made, ChangeAnswer)
    assert not made.problems
    await rig.until("web", synced_and_healthy)
    await rig.until("in-cluster", synced_and_healthy)


async def rebuild(config: str, kubeconfig: Path, name: str = "demo") -> tuple[int, list[str]]:
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("argosy")),
        *("runtime", "rebuild", name, "--config-repo", config, "--kubeconfig", str(kubeconfig), "--no-engine"),
        *("--git-user", "robot", "--git-token", "robot-password", "--wait-seconds", "60"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode().splitlines()


async def applications(rig: Rig) -> dict[str, JsonObject]:
    found = await rig.cluster.list(APPLICATION, namespace=NAMESPACE)
    return {body["metadata"]["name"]: body["spec"] for body in found}


async def test_one_command_brings_everything_back_on_another_cluster(tmp_path: Path) -> None:
    async with running_world(tmp_path) as world:
        config = await prepare(world)
        root = config.rpartition("/")[0]
        async with running_rig(world.access, world.host, tmp_path / "first", name="demo", config_repo=config) as rig:
            give_credentials(rig, root)
            await build_first(rig, world)
            before = await applications(rig)
        assert before.keys() == {"shared-configuration", "in-cluster", "team", "web"}
        async with second_cluster(tmp_path / "second-cluster") as second:
            code, said = await rebuild(config, second.kubeconfig, "nobody")
            assert (code, "Choose one of its runtimes: demo" in said[-1]) == (1, True), said
            access = access_from_kubeconfig(second.kubeconfig)
            async with running_rig(access, world.host, tmp_path / "other", name="demo", config_repo=config) as rig:
                code, said = await rebuild(config, second.kubeconfig)
                assert code == 0, said
                assert (said[0].endswith("clusters in-cluster; Git Sources team"), said[-1]) == (
                    True,
                    "runtime demo is whole",
                )
                assert any("applications have arrived; waiting for" in line for line in said)
                assert await applications(rig) == before
                for name, namespace in (("of-web", "default"), ("everywhere", "default")):
                    assert await rig.get("v1", "ConfigMap", namespace, name) is not None
                assert await rig.get("v1", "ConfigMap", "default", "of-another-runtime") is None
                code, said = await rebuild(config, second.kubeconfig)
                assert (code, "Application shared-configuration is there already" in said) == (0, True), said
