"""The runtime's end of the link, against a real WebSocket server that plays the control plane."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from gitsync.reporting.link import Link, Refused
from gitsync.reporting.outbox import Subject
from gitsync.settings import LinkSettings
from gitsync.supervisor import Supervisor
from model.identity import ApplicationKey
from model.link import (
    Acknowledge,
    AnswerBody,
    Cancel,
    ClusterChanged,
    ClusterRemoved,
    FromRuntime,
    GetTree,
    Hello,
    Hint,
    LogLines,
    ObjectRef,
    ReadLogs,
    Refusal,
    Report,
    ReportItem,
    Request,
    RequestBody,
    Response,
    SnapshotBegin,
    SnapshotEnd,
    StreamEnd,
    StreamItem,
    ToRuntime,
    TreeAnswer,
    WatchEvents,
    WatchRollout,
    WatchTree,
    Welcome,
    decode_from_runtime,
    encode,
)
from model.report import ClusterSummary

APP = ApplicationKey("argosy", "web")
POD = ObjectRef("", "v1", "Pod", "default", "web-1")


class State:
    """What is reported: clusters by server; absent means removed."""

    def __init__(self, *servers: str) -> None:
        self.servers = dict.fromkeys(servers, "Successful")

    def make(self, subject: Subject) -> ReportItem | None:
        server = str(subject[1])
        if server not in self.servers:
            return ClusterRemoved(server)
        return ClusterChanged(ClusterSummary(name=server, server=server, connection=self.servers[server]))

    def all(self) -> list[Subject]:
        return [("cluster", server) for server in self.servers]


class Server:
    """Answers trees at once; streams one line of a log and then waits for ever."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.stuck = asyncio.Event()

    async def answer(self, body: RequestBody) -> AnswerBody:
        if isinstance(body, GetTree):
            if body.application.name == "slow":
                await self.stuck.wait()
            if body.application != APP:
                raise Refused("NOT_FOUND_ERROR", "there is no such application")
            return TreeAnswer(())
        raise KeyError("a fault")

    async def stream(self, body: RequestBody) -> AsyncIterator[AnswerBody]:
        try:
            yield LogLines("web-1", "web", ((datetime(2026, 1, 2, tzinfo=UTC), "hello"),))
            await self.stuck.wait()
        finally:
            self.ended.set()


class ControlPlane:
    """One connection at a time, steered by the test."""

    def __init__(self) -> None:
        self.connections: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.authorizations: list[str] = []

    async def accept(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.authorizations.append(connection.request.headers["Authorization"])
        self.connections.put_nowait(connection)
        await connection.wait_closed()

    async def greet(self, resume_after: int | None) -> tuple[ServerConnection, Hello]:
        connection = await self.connections.get()
        hello = await receive(connection)
        assert isinstance(hello, Hello)
        await send(connection, Welcome(resume_after=resume_after))
        return connection, hello


async def send(connection: ServerConnection, message: ToRuntime) -> None:
    await connection.send(encode(message))


async def receive(connection: ServerConnection) -> FromRuntime:
    async with asyncio.timeout(1.5):
        frame = await connection.recv()
    assert isinstance(frame, bytes)
    return decode_from_runtime(frame)


async def report(connection: ServerConnection) -> Report:
    message = await receive(connection)
    assert isinstance(message, Report)
    return message


@asynccontextmanager
async def linked(
    state: State, server: Server, hints: list[tuple[str, ...]], *, token_file: Path | None = None
) -> AsyncIterator[tuple[Link, ControlPlane]]:
    plane = ControlPlane()
    supervisor = Supervisor(clock=time.monotonic)
    async with serve(plane.accept, "127.0.0.1", 0, compression=None) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        settings = LinkSettings(
            f"ws://127.0.0.1:{port}/link",
            "secret",
            token_file,
            reconnect_seconds=0.02,
            reconnect_max_seconds=0.05,
            flush_seconds=0,
        )
        link = Link(
            settings,
            runtime="demo",
            version="1",
            session="s1",
            make_item=state.make,
            all_subjects=state.all,
            server=server,
            on_hint=hints.append,
            supervisor=supervisor,
        )
        supervisor.start("link", link.run)
        try:
            yield link, plane
        finally:
            await supervisor.close()


async def test_an_unknown_session_gets_a_snapshot_then_changes() -> None:
    state = State("a", "b")
    async with linked(state, Server(), []) as (link, plane):
        connection, hello = await plane.greet(None)
        assert (hello.runtime, hello.session, hello.last_acknowledged) == ("demo", "s1", 0)
        assert plane.authorizations == ["Bearer secret"]
        first = await report(connection)
        assert first.seq == 1
        assert isinstance(first.items[0], SnapshotBegin)
        assert isinstance(first.items[-1], SnapshotEnd)
        assert len(first.items) == 4
        state.servers["a"] = "Failed"
        link.changed(("cluster", "a"))
        second = await report(connection)
        assert second.seq == 2
        assert [item.summary.connection for item in second.items if isinstance(item, ClusterChanged)] == ["Failed"]


async def test_what_was_not_acknowledged_is_sent_again_after_a_reconnect() -> None:
    state = State("a")
    async with linked(state, Server(), []) as (link, plane):
        connection, _ = await plane.greet(None)
        await report(connection)
        await send(connection, Acknowledge(1))
        del state.servers["a"]
        link.changed(("cluster", "a"))
        lost = await report(connection)
        await connection.close()
        state.servers["b"] = "Successful"
        link.changed(("cluster", "b"))
        connection, hello = await plane.greet(1)
        assert hello.last_acknowledged == 1
        assert await report(connection) == lost
        after = await report(connection)
        assert after.seq == 3
        assert isinstance(after.items[0], ClusterChanged)


async def test_a_control_plane_that_forgot_gets_a_snapshot_with_numbers_that_go_on() -> None:
    state = State("a")
    async with linked(state, Server(), []) as (_, plane):
        connection, _ = await plane.greet(None)
        await report(connection)
        await connection.close()
        connection, _ = await plane.greet(None)
        again = await report(connection)
        assert again.seq == 2
        assert isinstance(again.items[0], SnapshotBegin)


async def test_requests_are_answered_refused_or_failed_but_never_left() -> None:
    async with linked(State(), Server(), []) as (_, plane):
        connection, _ = await plane.greet(None)
        await report(connection)
        await send(connection, Request(1, GetTree(APP)))
        assert await receive(connection) == Response(1, TreeAnswer(()))
        await send(connection, Request(2, GetTree(ApplicationKey("argosy", "nobody"))))
        assert await receive(connection) == Response(2, Refusal("NOT_FOUND_ERROR", "there is no such application"))
        await send(connection, Request(3, GetTree(ApplicationKey("argosy", "slow")), deadline_seconds=0.01))
        late = await receive(connection)
        assert isinstance(late, Response)
        assert isinstance(late.body, Refusal)
        assert late.body.code == "RUNTIME_UNAVAILABLE"


async def test_a_fault_answers_without_its_text() -> None:
    from model.link import GetManagedResources

    async with linked(State(), Server(), []) as (_, plane):
        connection, _ = await plane.greet(None)
        await report(connection)
        await send(connection, Request(1, GetManagedResources(APP)))
        answer = await receive(connection)
        assert isinstance(answer, Response)
        assert isinstance(answer.body, Refusal)
        assert answer.body.code == "INTERNAL_SERVER_ERROR"
        assert "a fault" not in answer.body.message


async def test_a_cancelled_stream_ends_in_silence() -> None:
    server = Server()
    async with linked(State(), server, []) as (_, plane):
        connection, _ = await plane.greet(None)
        await report(connection)
        await send(connection, Request(7, ReadLogs(APP, POD)))
        item = await receive(connection)
        assert isinstance(item, StreamItem)
        await send(connection, Cancel(7))
        async with asyncio.timeout(1):
            await server.ended.wait()
        await send(connection, Request(8, GetTree(APP)))
        assert await receive(connection) == Response(8, TreeAnswer(()))


@pytest.mark.parametrize("body", [ReadLogs(APP, POD), WatchTree(APP), WatchEvents(APP), WatchRollout(APP, POD)])
async def test_a_stream_that_ends_says_so(body: RequestBody) -> None:
    server = Server()
    async with linked(State(), server, []) as (_, plane):
        connection, _ = await plane.greet(None)
        await report(connection)
        await send(connection, Request(7, body))
        await receive(connection)
        server.stuck.set()
        assert await receive(connection) == StreamEnd(7)


async def test_streams_end_with_their_connection() -> None:
    server = Server()
    async with linked(State(), server, []) as (_, plane):
        connection, _ = await plane.greet(None)
        await report(connection)
        await send(connection, Request(7, ReadLogs(APP, POD)))
        await receive(connection)
        await connection.close()
        async with asyncio.timeout(1):
            await server.ended.wait()


async def test_hints_are_passed_on() -> None:
    hints: list[tuple[str, ...]] = []
    async with linked(State(), Server(), hints) as (_, plane):
        connection, _ = await plane.greet(None)
        await report(connection)
        await send(connection, Hint(("https://git.example.com/apps.git",)))
        await send(connection, Request(1, GetTree(APP)))
        await receive(connection)
    assert hints == [("https://git.example.com/apps.git",)]


async def test_garbage_ends_the_connection_and_it_is_dialled_again() -> None:
    async with linked(State(), Server(), []) as (_, plane):
        connection, _ = await plane.greet(None)
        await report(connection)
        await connection.send(b"\xc1garbage")
        with suppress(ConnectionClosed):
            await connection.recv()
        await plane.greet(1)


async def test_a_token_that_was_renewed_in_its_file_is_used_from_the_next_dial_on(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old\n")
    async with linked(State(), Server(), [], token_file=file) as (_, plane):
        connection, _hello = await plane.greet(None)
        file.write_text("new\n")
        await connection.close()
        await plane.greet(0)
        assert plane.authorizations == ["Bearer old", "Bearer new"]


async def test_a_token_file_that_is_missing_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "token"
    async with linked(State(), Server(), [], token_file=file) as (link, plane):
        await asyncio.sleep(0)
        assert not link.connected.is_set()
        file.write_text("there")
        await plane.greet(None)
        assert plane.authorizations == ["Bearer there"]
