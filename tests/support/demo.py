"""The demo as a newcomer starts it: one process group, and what it printed."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.ports import free_port

START_SECONDS = 180
PASSWORD = "a-password-for-tests"


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo. `data_dir` holds the kubeconfig; `log` is what its processes wrote to standard error."""

    url: str
    data_dir: Path
    pid: int
    printed: str

    @property
    def kubeconfig(self) -> Path:
        return self.data_dir / "kubeconfig"

    @property
    def log(self) -> Path:
        return self.data_dir.parent / "demo.log"

    def clone_url(self, repository: str, *, user: str = "dana") -> str:
        return f"{self.url.replace('://', f'://{user}:{PASSWORD}@')}/git/{repository}.git"

    @asynccontextmanager
    async def signed_in(self, user: str) -> AsyncIterator["Person"]:
        async with aiohttp.ClientSession(base_url=self.url) as session:
            credentials = {"username": user, "password": PASSWORD}
            async with session.post("/auth/login", json=credentials, headers={"Origin": self.url}) as response:
                response.raise_for_status()
                token = (await response.json())["token"]
            yield Person(session, token)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in."""

    session: aiohttp.ClientSession
    token: str

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """`data` of a query or mutation; raises on errors."""
        headers = {"Authorization": f"Bearer {self.token}"}
        body = {"query": query, "variables": variables}
        async with self.session.post("/graphql", json=body, headers=headers) as response:
            answer = await response.json(content_type=None)
        assert not answer.get("errors"), answer["errors"]
        return dict(answer["data"])

    async def subscribe(self, query: str, **variables: Any) -> AsyncIterator[dict[str, Any]]:
        """`data` of each event, over graphql-transport-ws."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.session.ws_connect("/graphql", protocols=("graphql-transport-ws",), headers=headers) as socket:
            await socket.send_json({"type": "connection_init", "payload": {"Authorization": f"Bearer {self.token}"}})
            await socket.send_json(
                {"type": "subscribe", "id": "1", "payload": {"query": query, "variables": variables}}
            )
            async for message in socket:
                body = json.loads(message.data)
                if body["type"] == "next":
                    assert not body["payload"].get("errors"), body["payload"]["errors"]
                    yield body["payload"]["data"]
                elif body["type"] in ("error", "complete"):
                    assert body["type"] == "complete", body
                    return

    async def until_healthy(self, *names: str, seconds: float = 60) -> None:
        """Waits by the live stream of the API until the named applications are Synced and Healthy."""
        waiting = set(names)
        query = "subscription { applications { applications { metadata { name } syncStatus healthStatus } } }"
        async with asyncio.timeout(seconds):
            async for event in self.subscribe(query):
                for application in event["applications"]["applications"]:
                    if (application["syncStatus"], application["healthStatus"]) == ("SYNCED", "HEALTHY"):
                        waiting.discard(application["metadata"]["name"])
                if not waiting:
                    return


@asynccontextmanager
async def running_demo(
    data_dir: Path, *arguments: str, port: int | None = None, history: bool = False
) -> AsyncIterator[Demo]:
    """`argosy demo` in a process group of its own; ends as Ctrl-C ends it. Its log is `demo.log` beside the data."""
    port = port or free_port()
    with (data_dir.parent / "demo.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("argosy")),
            *("demo", "--port", str(port), "--data-dir", str(data_dir), "--history" if history else "--no-history"),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "ARGOSY_ADMIN_PASSWORD": PASSWORD},
        )
    try:
        printed = await asyncio.wait_for(_read_banner(process), START_SECONDS)
        url = re.search(r"http://[\d.]+:\d+", printed)
        assert url is not None, printed
        yield Demo(url[0], data_dir, process.pid, printed)
    finally:
        await _interrupt(process)


async def _read_banner(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    lines: list[str] = []
    async for raw in process.stdout:
        lines.append(raw.decode())
        if "Ctrl-C" in lines[-1]:
            return "".join(lines)
    raise RuntimeError("the demo ended before it was ready:\n" + "".join(lines))


async def _interrupt(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
