"""A runtime with a ledger in the repository `config`, and deployments in `apps`, which people operate by requests."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from gitsync.access.secret import Credential, PersonSecret, RepositorySecret
from gitsync.sandbox.githost import Access
from model.link import AnswerBody, OperationAnswer, RequestBody
from tests.support.runtime import AUTHOR, Rig, running_rig
from tests.support.sandbox_rig import World, running_world
from tests.support.yaml_text import read_yaml

Found = TypeVar("Found")

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  replicas: 1
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      containers: [{name: app, image: "shop/web:VERSION"}]
"""


class Rigged:
    def __init__(self, world: World, rig: Rig) -> None:
        self.world, self.rig = world, rig

    async def ask(self, body: RequestBody) -> OperationAnswer:
        answer: AnswerBody = await self.rig.runtime.requests.answer(body)
        assert isinstance(answer, OperationAnswer)
        return answer

    async def git(self, repository: str, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *("git", "-C", str(self.world.host.repositories.path(repository)), *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        output, _ = await process.communicate()
        return output.decode()

    async def file(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = read_yaml(await self.git("config", "show", f"main:operations/demo/argosy/{name}.yaml"))
        return found

    async def outcome(self, commit: str) -> dict[str, Any]:
        """The note, as soon as it is there."""
        read = partial(self.git, "config", "notes", "--ref=refs/notes/argosy", "show", commit)
        found: dict[str, Any] = json.loads(await until(read, lambda text: bool(text)))
        return found

    async def deployed(self, name: str, version: str, **spec: Any) -> None:
        await self.push(name, version)
        if await self.rig.application(name) is None:
            await self.rig.create_application(name, **spec)

    async def push(self, name: str, version: str) -> str:
        return await self.rig.push({f"{name}/d.yaml": DEPLOYMENT.replace("NAME", name).replace("VERSION", version)})


@asynccontextmanager
async def running_ledger_rig(folder: Path) -> AsyncIterator[Rigged]:
    """Of `apps`, `team` and `config` dana may write all; `robot` is the runtime's own account."""
    async with running_world(folder) as world:
        host = world.host
        host.add_user("robot", "robot-password")
        for repository in ("config", "team"):
            await host.create_repository(repository)
            host.set_access(repository, "dana", Access.WRITE)
        for repository in ("apps", "config", "team"):
            host.set_access(repository, "robot", Access.WRITE)
        await host.commit_files("config", "main", {"README.md": b"config\n"}, message="First", author=AUTHOR)
        config = host.clone_url("config")
        async with running_rig(world.access, host, folder / "runtime", name="demo", config_repo=config) as rig:
            root = config.rpartition("/")[0]
            own = RepositorySecret(root, template=True, credential=Credential("robot", "robot-password"))
            rig.runtime.credentials.put_repository("host", own)
            rig.runtime.credentials.put_person("dana", PersonSecret("dana", root, Credential("dana", "dana-password")))
            yield Rigged(world, rig)


async def until(read: Callable[[], Awaitable[Found]], holds: Callable[[Found], bool]) -> Found:
    """What is read as soon as it is as it should be."""
    async with asyncio.timeout(60):
        while not holds(found := await read()):  # noqa: ASYNC110 - of a repository of the host, without an event
            await asyncio.sleep(0.05)
    return found


async def image(both: Rigged, name: str) -> str:
    found = await both.rig.get("apps/v1", "Deployment", "default", name)
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"]) if found else ""
