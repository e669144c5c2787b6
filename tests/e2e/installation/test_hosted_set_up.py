"""A runtime inside the control plane, set up in three steps over the API; `argosy serve` starts it again."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gitsync.sandbox.githost import Access
from tests.support.control_plane import PASSWORD, control_plane
from tests.support.ports import free_port
from tests.support.real_git_host import running_git_host
from tests.support.runtime import AUTHOR
from tests.support.sandbox_rig import World, running_world

pytestmark = [pytest.mark.e2e]

PATIENCE_SECONDS = 90
SETUP = "{ hostedSetup { possible reason runtime { available } steps { name done command } } }"
CREATE = "mutation { createHostedRuntime { runtime { metadata { name } installationType } errors { code message } } }"
CONNECT = """mutation ($url: String!, $token: String!) {
  connectGitHost(input: {runtime: "hosted", url: $url, username: "dana", token: $token}) {
    sharedConfigRepo gitSourceRepo made commit { sha } errors { code field message }
} }"""
SOURCES = '{ gitSources(runtime: "hosted") { nodes { metadata { name } syncStatus } } }'
REMOVE = """mutation {
  removeRuntime(name: "hosted", confirmName: "hosted", force: true) { errors { code message } }
}"""


class Plane:
    """A control plane, asked as its administrator."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, document: str, **variables: str) -> Any:
        answer = (await self._client.post("/graphql", json={"query": document, "variables": variables})).json()
        assert "errors" not in answer, answer["errors"]
        return next(iter(answer["data"].values()))

    async def done(self) -> list[bool]:
        return [step["done"] for step in (await self.ask(SETUP))["steps"]]


@asynccontextmanager
async def beginning(folder: Path, world: World) -> AsyncIterator[Plane]:
    """In this process: only that of the runtime is another one."""
    home = str(world.sandbox.kubeconfig)
    async with control_plane(folder, port=free_port(), hosted_home=home) as running:
        headers = {"Authorization": f"Bearer {await running.token('admin')}"}
        async with httpx.AsyncClient(
            base_url=running.address, headers=headers, trust_env=False, timeout=PATIENCE_SECONDS
        ) as client:
            yield Plane(client)


@asynccontextmanager
async def serving(folder: Path, world: World) -> AsyncIterator[Plane]:
    """`argosy serve` in another process."""
    port = str(free_port())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from api.cli.main import main; main()", "serve", "--port", port),
        *("--data-dir", str(folder), "--hosted-kubeconfig", str(world.sandbox.kubeconfig)),
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "ARGOSY_ADMIN_PASSWORD": PASSWORD},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE_SECONDS
        ) as client:
            yield await _signed_in(client)
    finally:
        process.terminate()
        await process.wait()


async def _signed_in(client: httpx.AsyncClient) -> Plane:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                answer = await client.post("/auth/login", json={"username": "admin", "password": PASSWORD})
                break
            except httpx.TransportError:
                await asyncio.sleep(0.5)
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return Plane(client)


async def until(plane: Plane, steps: list[bool]) -> None:
    async with asyncio.timeout(60):
        while await plane.done() != steps:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.5)


async def _synced(plane: Plane) -> bool:
    return [one["syncStatus"] for one in (await plane.ask(SOURCES))["nodes"]] == ["SYNCED"]


async def _repositories(world: World) -> str:
    host = world.host
    for name in ("argosy-config", "hosted-git-source"):
        await host.create_repository(name)
        host.set_access(name, "dana", Access.WRITE)
    await host.commit_files("argosy-config", "main", {"README.md": b"-\n"}, message="First", author=AUTHOR)
    return host.clone_url("argosy-config").rpartition("/")[0]


async def test_three_steps_lead_to_a_runtime_that_works_and_comes_again(tmp_path: Path) -> None:
    async with running_world(tmp_path / "world") as world:
        url = await _repositories(world)
        async with beginning(tmp_path / "plane", world) as plane:
            assert await plane.done() == [False, False, False]
            made = await plane.ask(CREATE)
            assert (made["errors"], made["runtime"]["installationType"]) == ([], "HELM_HOSTED")
            again = await plane.ask(CREATE)
            assert again["errors"][0]["code"] == "VALIDATION_ERROR"
            await until(plane, [True, False, False])
            refused = await plane.ask(CONNECT, url=url, token="another")
            assert refused["errors"][0]["field"] == "repositories"
            assert await plane.done() == [True, False, False]
            connected = await plane.ask(CONNECT, url=url, token="dana-password")
            assert connected["errors"] == []
            assert connected["commit"] is not None
            assert connected["sharedConfigRepo"] == f"{url}/argosy-config.git"
            await until(plane, [True, True, False])
            async with asyncio.timeout(60):
                while not await _synced(plane):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.5)
        async with serving(tmp_path / "plane", world) as plane:
            async with asyncio.timeout(60):
                while not (await plane.ask(SETUP))["runtime"]["available"]:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.5)
            await until(plane, [True, True, False])  # it is linked a moment before it has reported
            assert (await plane.ask(SETUP))["steps"][2]["command"] == "argosy cluster add CONTEXT --runtime hosted"
            assert (await plane.ask(REMOVE))["errors"] == []
            assert await plane.done() == [False, False, False]


async def test_three_steps_make_the_repositories_on_a_real_gitea(tmp_path: Path) -> None:
    async with (
        running_git_host(tmp_path / "gitea", "dana") as git,
        running_world(tmp_path / "world") as world,
        beginning(tmp_path / "plane", world) as plane,
    ):
        assert (await plane.ask(CREATE))["errors"] == []
        await until(plane, [True, False, False])
        connected = await plane.ask(CONNECT, url=f"{git.url}/dana", token=git.tokens["dana"])
        assert connected["errors"] == []
        assert connected["sharedConfigRepo"] == f"{git.url}/dana/argosy-config.git"
        await until(plane, [True, True, False])
        async with asyncio.timeout(60):
            while not await _synced(plane):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.5)
        names = {one["name"] for one in await git.api("dana", "GET", "/user/repos")}
        assert names == {"argosy-config", "hosted-git-source"}
        assert (await plane.ask(REMOVE))["errors"] == []
