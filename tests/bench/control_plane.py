"""The control plane alone, with a scripted runtime on a real link: pages out of many applications, many subscribers."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp
import msgspec

from api.access.secret_token import RUNTIME, new_token
from model.link import ApplicationChanged, SnapshotBegin, SnapshotEnd
from model.report import ApplicationSummary
from tests.bench.process import cost_of
from tests.bench.result import Row, Spread
from tests.bench.rig import free_port, spawned
from tests.support.fake_fleet import RIGHTS, START, register, summary
from tests.support.fake_runtime import FakeRuntime

PASSWORD = "a-password-for-benches"
PAGES = 200
EVENTS = 40
PAUSE_SECONDS = 0.3  # longer than events are collected for, or the collecting would be measured
BATCH = 250
PAGE = """query($after: String) { applications(filters: {healthStatuses: [HEALTHY], search: "a"},
  sort: {field: lastUpdated, order: desc}, pagination: {first: 50, after: $after}) {
  totalCount pageInfo { endCursor hasNextPage } nodes {
    id metadata { name namespace runtime cluster labels { key value } favorite }
    kind project syncStatus healthStatus explanation
    revision commit { sha message date author { name } } destination { name namespace }
    updatedAt autoSync { prune selfHeal }
  } } }"""
CHANGES = "subscription { applications(first: 50) { type cursor applications { metadata { name } healthMessage } } }"


@dataclass(frozen=True, slots=True)
class Plane:
    """A control plane process with its scripted runtime connected."""

    url: str
    pid: int
    runtime: FakeRuntime

    @asynccontextmanager
    async def person(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A session of the administrator."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            async with session.post(
                f"{self.url}/auth/login", json={"username": "admin", "password": PASSWORD}
            ) as answer:
                answer.raise_for_status()
                token = (await answer.json())["token"]
            session.headers["Authorization"] = f"Bearer {token}"
            yield session


@asynccontextmanager
async def control_plane(folder: Path) -> AsyncIterator[Plane]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    argosy = str(Path(sys.executable).with_name("argosy"))
    environment = {"ARGOSY_ADMIN_PASSWORD": PASSWORD, "ARGOSY_DATA_DIR": str(folder / "plane")}
    command = (argosy, "serve", "--port", str(port))
    async with spawned(*command, log=folder / "plane.log", environment=environment) as running:
        await _until_answered(f"{url}/healthz")
        token = new_token(RUNTIME)
        await register(f"sqlite:///{folder / 'plane' / 'argosy.db'}", "demo", token)
        runtime = FakeRuntime("demo", token, url, rights=RIGHTS)
        async with runtime.connected():
            yield Plane(url, running.pid, runtime)


async def _until_answered(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(600):
            try:
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise TimeoutError(url)


async def fill(runtime: FakeRuntime, applications: int, *, now: datetime = START) -> None:
    """One snapshot of the whole fleet, deployed before `now`, in batches."""
    await runtime.report(SnapshotBegin())
    for start in range(0, applications, BATCH):
        batch = range(start, min(start + BATCH, applications))
        await runtime.report(*(ApplicationChanged(summary(index, now=now)) for index in batch))
    await runtime.report(SnapshotEnd())


async def bench_page(folder: Path, *, applications: int) -> list[Row]:
    """Pages of 50, filtered and sorted, one after another through the whole list and again."""
    async with control_plane(folder) as plane, plane.person() as session:
        await fill(plane.runtime, applications)
        seconds, sizes, after = [], [], None
        before = cost_of(plane.pid)
        for _ in range(PAGES):
            start = time.perf_counter()
            async with session.post(f"{plane.url}/graphql", json={"query": PAGE, "variables": {"after": after}}) as got:
                body = await got.read()
            seconds.append(time.perf_counter() - start)
            sizes.append(len(body))
            page = json.loads(body)["data"]["applications"]["pageInfo"]
            after = page["endCursor"] if page["hasNextPage"] else None
        cost = cost_of(plane.pid).since(before)
    spread = Spread.of(seconds)
    headline = f"p50 {spread.p50 * 1000:.0f} ms, p95 {spread.p95 * 1000:.0f} ms, {max(sizes) / 1024:.0f} KiB"
    figures = {
        **spread.milliseconds("page"),
        "largest_kib": round(max(sizes) / 1024),
        "cpu_ms_per_page": round(cost.cpu_seconds / PAGES * 1000, 1),
        "peak_mib": round(cost.peak_mib),
    }
    return [Row(f"page of 50 out of {applications} applications", headline, "p95 <= 30 ms, <= 60 KB", figures)]


async def bench_subscribers(folder: Path, *, applications: int, subscribers: int) -> list[Row]:
    """A change that a runtime reports until each of many subscribers has it."""
    async with control_plane(folder) as plane, plane.person() as session:
        await fill(plane.runtime, applications)
        shown = sorted((summary(index) for index in range(applications)), key=lambda one: one.key.name)[:50]
        sockets = [await _subscribe(session, plane.url) for _ in range(subscribers)]
        seconds: list[float] = []
        before = cost_of(plane.pid)
        for number in range(EVENTS):
            changed = msgspec.structs.replace(shown[number % 50], health_message=f"event {number}")
            waiting = [asyncio.create_task(_until_event(socket, f"event {number}")) for socket in sockets]
            start = time.perf_counter()
            await plane.runtime.report_unacknowledged(ApplicationChanged(_newest(changed, number)))
            seconds += [at - start for at in await asyncio.gather(*waiting)]
            await asyncio.sleep(PAUSE_SECONDS)
        cost = cost_of(plane.pid).since(before)
        for socket in sockets:
            await socket.close()
    spread = Spread.of(seconds)
    headline = f"p50 {spread.p50 * 1000:.0f} ms, p95 {spread.p95 * 1000:.0f} ms"
    figures = {**spread.milliseconds("delivery"), "cpu_ms_per_event": round(cost.cpu_seconds / EVENTS * 1000, 1)}
    name = f"report to {subscribers} subscribers, {applications} applications"
    return [Row(name, headline, "p95 <= 100 ms", figures)]


def _newest(summary: ApplicationSummary, number: int) -> ApplicationSummary:
    """Each report is a newer state of the application."""
    return msgspec.structs.replace(summary, resource_version=str(10_000_000 + number))


async def _subscribe(session: aiohttp.ClientSession, url: str) -> aiohttp.ClientWebSocketResponse:
    socket = await session.ws_connect(f"{url}/graphql", protocols=("graphql-transport-ws",))
    await socket.send_json({"type": "connection_init"})
    await socket.send_json({"type": "subscribe", "id": "1", "payload": {"query": CHANGES}})
    while (await socket.receive_json())["type"] != "next":
        pass
    return socket


async def _until_event(socket: aiohttp.ClientWebSocketResponse, text: str) -> float:
    async with asyncio.timeout(30):
        while True:
            message = await socket.receive()
            if text in message.data:
                return time.perf_counter()
