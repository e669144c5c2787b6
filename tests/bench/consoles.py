"""Many open consoles on one control plane, by clients that say on the wire what a tab on Applications says.

A tab asks its questions once, holds Reflex's socket, and one GraphQL socket with three subscriptions. What a tab costs
in memory is the slope between half of them and all. All look at the same 50 rows, as three people; a change of one row
comes every half second, and its time is taken until each tab has it. Meanwhile each asks for its rows, counts and
warnings again, as often and as soon after a change as the page does (web/views/applications.jsx), to put them in
order: that is in the CPU time of an update, and its answers have times of their own. `again_cpu_ms` is what one tab
costs that asks again alone, after a change of its own.
"""

import asyncio
import json
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec

from model.link import ApplicationChanged
from model.report import ApplicationSummary
from tests.bench.control_plane import PASSWORD, Plane, control_plane, fill
from tests.bench.process import cost_of
from tests.bench.result import Row, Spread
from tests.support.fake_fleet import summary
from web.graph.document import document

EVENTS = 20
PAUSE_SECONDS = 0.5  # longer than events are collected for, or the collecting would be measured
SETTLE_SECONDS = 5
AT_ONCE = 8  # that many are opened side by side
ALONE = 20  # that many times a tab asks again alone
SOON_SECONDS, REST_SECONDS = 0.4, 3.0  # as the page does
SORT = {"field": "lastUpdated", "order": "desc"}
ROWS: dict[str, object] = {"filters": {}, "sort": SORT, "pagination": {"first": 50}}
COUNTS: dict[str, object] = {"filters": {}, "strip": {}, "always": {}, "warned": {}}
QUESTIONS: tuple[tuple[str, dict[str, object]], ...] = (
    ("applications", ROWS),
    ("application_counts", COUNTS),
    ("activity", {"filters": None}),
    ("banners", {}),
)
AGAIN: tuple[str, dict[str, object]] = ("applications_again", {**ROWS, **COUNTS})
PEOPLE = ("admin", "dana", "victor")  # of whom each may have 300 streams
NAMESPACE = "/ui-api/_event"
HYDRATE = {
    "name": "reflex___state____state.hydrate_and_load",
    "payload": {"hashes": []},
    "router_data": {"pathname": "/applications", "asPath": "/applications"},
}


@dataclass(slots=True)
class Console:
    """One tab's two sockets, which are read for as long as it is open, and when it asked and was answered again."""

    session: aiohttp.ClientSession
    stream: aiohttp.ClientWebSocketResponse
    state: aiohttp.ClientWebSocketResponse
    waiting: dict[str, asyncio.Future[float]] = field(default_factory=dict)
    asking: asyncio.Task[None] | None = None
    rested: float = 0.0
    answered: list[float] = field(default_factory=list)

    async def until(self, text: str) -> float:
        """When (loop time) the stream brought this."""
        self.waiting[text] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(60):
            return await self.waiting[text]

    async def read(self) -> None:
        """Resolves what is waited for."""
        async for message in self.stream:
            for text in [text for text in self.waiting if text in message.data]:
                self.waiting.pop(text).set_result(asyncio.get_running_loop().time())
                if self.asking is None or self.asking.done():
                    self.asking = asyncio.create_task(self.ask_again())

    async def ask_again(self) -> None:
        loop = asyncio.get_running_loop()
        due = max(loop.time() + _about(SOON_SECONDS), self.rested)
        await asyncio.sleep(due - loop.time())
        self.rested = loop.time() + _about(REST_SECONDS)
        started = loop.time()
        await _ask(self.session, *AGAIN)
        self.answered.append(loop.time() - started)

    async def answer_pings(self) -> None:
        """Engine.IO closes a socket whose pings stay unanswered."""
        async for message in self.state:
            if message.data == "2":
                await self.state.send_str("3")


async def bench_consoles(folder: Path, *, applications: int, consoles: int) -> list[Row]:
    async with control_plane(folder) as plane, AsyncExitStack() as signed_in:
        await fill(plane.runtime, applications, now=datetime.now(UTC))
        admin = await signed_in.enter_async_context(_signed_in(plane, PEOPLE[0]))
        for name in PEOPLE[1:]:
            await _ask(admin, "add_person", {"input": {"name": name, "password": PASSWORD}})
        sessions = [admin, *[await signed_in.enter_async_context(_signed_in(plane, name)) for name in PEOPLE[1:]]]
        async with AsyncExitStack() as stack:
            await _open(stack, sessions, plane, AT_ONCE)  # what the first ones leave in caches is nobody's
            half = await _open(stack, sessions, plane, consoles // 2)
            before = await _resident(plane)
            other = await _open(stack, sessions, plane, consoles - consoles // 2)
            after = await _resident(plane)
            started = cost_of(plane.pid)
            spread = await _updates(plane, [*half, *other], applications)
            asking = [console.asking for console in (*half, *other) if console.asking is not None]
            await asyncio.gather(*asking)
            cpu_ms = cost_of(plane.pid).since(started).cpu_seconds * 1000 / spread.count
            answered = Spread.of([seconds for console in (*half, *other) for seconds in console.answered])
            again_ms = await _asked_again(plane, sessions, applications)
    each_kib = (after - before) * 1024 / len(other)
    delivered = (
        f"update p50 {spread.p50 * 1000:.0f} ms, p95 {spread.p95 * 1000:.0f} ms; asked again p95 "
        f"{answered.p95 * 1000:.0f} ms; {cpu_ms:.2f} CPU-ms an update and {each_kib:.0f} KiB each"
    )
    figures = {
        **spread.milliseconds("update"),
        **answered.milliseconds("asked_again"),
        "cpu_ms_each": round(cpu_ms, 3),
        "again_cpu_ms": round(again_ms, 1),
        "kib_each": round(each_kib),
        "resident_mib": round(after),
    }
    return [
        Row(
            f"{consoles} open consoles, {applications} applications",
            delivered,
            "p95 <= 300 ms, <= 300 KB each",
            figures,
        )
    ]


async def _asked_again(plane: Plane, sessions: list[aiohttp.ClientSession], applications: int) -> float:
    """CPU milliseconds of the control plane for a tab that asks for rows, counts and warnings once more."""
    spent = 0.0
    for number in range(ALONE):
        changed = _changed(_newest(applications), EVENTS + number, f"asked again {number}")
        await plane.runtime.report(ApplicationChanged(changed))
        started = cost_of(plane.pid)
        await _ask(sessions[number % len(sessions)], *AGAIN)
        spent += cost_of(plane.pid).since(started).cpu_seconds
    return spent * 1000 / ALONE


def _about(seconds: float) -> float:
    return seconds * (0.5 + random.random())


async def _resident(plane: Plane) -> float:
    await asyncio.sleep(SETTLE_SECONDS)
    return cost_of(plane.pid).resident_mib


@asynccontextmanager
async def _signed_in(plane: Plane, name: str) -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=2)  # the server lets go of them after five
    async with aiohttp.ClientSession(plane.url, cookie_jar=jar, connector=connector) as session:
        async with session.post("/auth/login", json={"username": name, "password": PASSWORD}) as answer:
            answer.raise_for_status()
        yield session


async def _open(
    stack: AsyncExitStack, sessions: list[aiohttp.ClientSession], plane: Plane, count: int
) -> list[Console]:
    found: list[Console] = []
    for start in range(0, count, AT_ONCE):
        few = range(start, min(start + AT_ONCE, count))
        opened = await asyncio.gather(*(_console(sessions[number % len(sessions)], plane) for number in few))
        for console in opened:
            stack.push_async_callback(console.stream.close)
            stack.push_async_callback(console.state.close)
            for work in (console.read(), console.answer_pings()):  # at once, or the server takes them for dead
                stack.callback(asyncio.create_task(work).cancel)
        found += opened
    return found


async def _console(session: aiohttp.ClientSession, plane: Plane) -> Console:
    cursor = ""
    for name, variables in QUESTIONS:
        data = await _ask(session, name, variables)
        cursor = data.get("cursor", cursor)
    state = await _hydrated(session, plane)
    stream = await session.ws_connect(
        "/graphql", protocols=("graphql-transport-ws",), headers={"Origin": plane.url}, max_msg_size=0, compress=15
    )
    await stream.send_json({"type": "connection_init"})
    since: dict[str, object] = {"filters": {}, "after": cursor}
    for name, variables in (("application_changes", since), ("activity_changes", {}), ("banner_changes", {})):
        payload = {"query": document(name), "variables": variables}
        await stream.send_json({"id": name, "type": "subscribe", "payload": payload})
    while '"next"' not in (text := await stream.receive_str()):
        assert '"error"' not in text, text
    return Console(session, stream, state)


async def _ask(session: aiohttp.ClientSession, name: str, variables: dict[str, object]) -> dict[str, str]:
    async with session.post("/graphql", json={"query": document(name), "variables": variables}) as answer:
        text = await answer.text()
    assert text.startswith('{"data":{'), text[:500]
    found: dict[str, str] = {}
    if name == QUESTIONS[0][0]:
        found["cursor"] = json.loads(text)["data"]["cursor"]
    return found


async def _hydrated(session: aiohttp.ClientSession, plane: Plane) -> aiohttp.ClientWebSocketResponse:
    address = f"{NAMESPACE}/?token={uuid.uuid4()}&EIO=4&transport=websocket"
    state = await session.ws_connect(address, headers={"Origin": plane.url}, compress=15)
    await state.send_str(f"40{NAMESPACE},{json.dumps({'event': HYDRATE})}")
    async with asyncio.timeout(60):
        while '"is_hydrated_rx_state_":true' not in (text := await state.receive_str()).replace(" ", ""):
            if text == "2":
                await state.send_str("3")
    return state


async def _updates(plane: Plane, consoles: list[Console], applications: int) -> Spread:
    """A report until each console has it. The newest 100 applications are what their streams began with."""
    shown = _newest(applications)
    seconds: list[float] = []
    for number in range(EVENTS):
        text = f"update {number} of many"
        changed = _changed(shown, number, text)
        waiting = [asyncio.create_task(console.until(text)) for console in consoles]
        await asyncio.sleep(0)
        start = asyncio.get_running_loop().time()
        await plane.runtime.report_unacknowledged(ApplicationChanged(changed))
        seconds += [at - start for at in await asyncio.gather(*waiting)]
        await asyncio.sleep(PAUSE_SECONDS)
    return Spread.of(seconds)


def _newest(applications: int) -> list[ApplicationSummary]:
    return [summary(index, now=datetime.now(UTC)) for index in range(min(applications, 50))]


def _changed(shown: list[ApplicationSummary], number: int, text: str) -> ApplicationSummary:
    version = str(10_000_000 + number)
    return msgspec.structs.replace(shown[number % len(shown)], health_message=text, resource_version=version)
