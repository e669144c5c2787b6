"""A real runtime linked to a real control plane over a line that can be cut: what a hybrid runtime has.

The runtime deploys from a Git host of the sandbox, where `writer` may write everything that the tests use.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.access.secret_token import RUNTIME, hash_token, new_token
from gitsync.access.secret import Credential, PersonSecret, RepositorySecret
from gitsync.sandbox.githost import Access
from gitsync.settings import LinkSettings
from model.store import runtime as runtime_store
from tests.support.control_plane import Running
from tests.support.cut_line import CutLine
from tests.support.runtime import AUTHOR, NAMESPACE, Rig, running_rig, synced_and_healthy
from tests.support.sandbox_rig import World

_COMMITTED = "{ operationId commit { sha } errors { code message } }"
CREATE = f"mutation($input: CreateApplicationInput!) {{ outcome: createApplication(input: $input) {_COMMITTED} }}"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {version: 'VERSION'}\n"


@dataclass(frozen=True, slots=True)
class Linked:
    world: World
    rig: Rig
    line: CutLine

    def manifest(self, name: str) -> str:
        return f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}}}
spec:
  project: default
  source: {{repoURL: {self.world.host.clone_url("apps")}, path: web, targetRevision: main}}
  destination: {{server: https://kubernetes.default.svc, namespace: default}}
"""

    async def create(self, running: Running, name: str, operation_id: str) -> dict[str, Any]:
        """The outcome of creating an application in the Git Source `team`."""
        value = {
            "runtime": "demo",
            "gitSource": "team",
            "manifest": self.manifest(name),
            "commit": {"message": f"Add {name}"},
            "operationId": operation_id,
        }
        outcome: dict[str, Any] = (await running.query("writer", CREATE, input=value))["outcome"]
        return outcome

    async def deploy(self, version: str) -> str:
        text = CONFIG_MAP.replace("NAME", "web").replace("VERSION", version)
        return await self.rig.push({"web/c.yaml": text})


async def register(running: Running) -> str:
    """The token of the runtime `demo`."""
    token = new_token(RUNTIME)
    async with running.plane.database.write() as session:
        await runtime_store.add(session, "demo", token_hash=hash_token(token), hosted=False, now=running.plane.clock())
    return token


@asynccontextmanager
async def linked_runtime(world: World, running: Running, folder: Path) -> AsyncIterator[Linked]:
    """Application `web` is deployed from `apps`; the Git Source `team` takes more."""
    host = world.host
    host.add_user("robot", "robot-password")
    host.add_user("writer", "writer-password")
    for name in ("config", "team"):
        await host.create_repository(name)
    for name in ("config", "team", "apps"):
        for user in ("robot", "writer"):
            host.set_access(name, user, Access.WRITE)
    for name in ("config", "team"):
        await host.commit_files(name, "main", {"sources/README.md": b"-\n"}, message="First", author=AUTHOR)
    config = host.clone_url("config")
    root = config.rpartition("/")[0]
    token = await register(running)
    line = CutLine(int(running.address.rpartition(":")[2]))
    settings = LinkSettings(
        f"ws://127.0.0.1:{line.port}/link", token, reconnect_seconds=0.05, reconnect_max_seconds=0.2
    )
    with line.running():
        async with running_rig(world.access, host, folder, name="demo", config_repo=config, link=settings) as rig:
            credentials = rig.runtime.credentials
            credentials.put_repository("host", RepositorySecret(root, True, Credential("robot", "robot-password")))
            credentials.put_person("writer", PersonSecret("writer", root, Credential("writer", "writer-password")))
            linked = Linked(world, rig, line)
            await linked.deploy("1")
            await rig.create_application("web", syncPolicy={"automated": {}})
            await rig.cluster.create(_git_source(host.clone_url("team")))
            await rig.until("team", synced_and_healthy)
            await rig.until("web", synced_and_healthy)
            yield linked


def _git_source(url: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "team", "namespace": NAMESPACE, "labels": {"codefresh.io/entity": "git-source"}},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": "sources", "targetRevision": "main", "directory": {"recurse": True}},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NAMESPACE},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True, "allowEmpty": True}},
        },
    }
