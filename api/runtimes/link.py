"""The socket of a runtime, from Hello to the end.

Reports are taken in by a task of their own, one transaction each, and acknowledged after the commit: a slow disk does
not hold up answers, and a kill at any moment loses nothing. The queue before it is bounded: when it is full, the socket
is not read, and the runtime keeps its reports.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.access.secret_token import hash_token
from api.live.tidings import Reported, Tidings
from api.runtimes.audit import follow_audit_log
from api.runtimes.connected import ConnectedRuntimes
from api.runtimes.connection import RuntimeConnection
from model.database import Database
from model.errors import Conflict
from model.link import (
    CHECKED,
    PROTOCOL,
    Acknowledge,
    Heartbeat,
    Hello,
    Report,
    Response,
    StreamEnd,
    StreamItem,
    ToRuntime,
    Welcome,
    decode_from_runtime,
    encode,
)
from model.store import notification as notification_store
from model.store import release as release_store
from model.store import replica as replica_store
from model.store import report as report_store
from model.store import runtime as runtime_store

HELLO_SECONDS = 10.0
HEARTBEAT_SECONDS = 15.0
MISSED_HEARTBEATS = 3
QUEUED_REPORTS = 256
SEEN_EVERY = timedelta(seconds=10)

BAD_MESSAGE = 4400
UNKNOWN_TOKEN = 4401
REPLACED = 4409
OUT_OF_ORDER = 4412
TOKEN_CHECK_SECONDS = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LinkServer:
    """What a connection needs of the control plane."""

    database: Database
    connected: ConnectedRuntimes
    tidings: Tidings
    clock: Callable[[], datetime]
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    token_check_seconds: float = TOKEN_CHECK_SECONDS

    async def serve(self, websocket: WebSocket) -> None:
        """One runtime's socket; returns when it is over."""
        token_hash = _token_hash(websocket)
        runtime = await self.runtime_of(token_hash)
        await websocket.accept()
        if runtime is None:
            await websocket.close(UNKNOWN_TOKEN, "this token belongs to no runtime")
            return
        with suppress(WebSocketDisconnect):
            hello = await self._hello(websocket, runtime)
            if hello is not None:
                connection = RuntimeConnection(runtime, hello.session)
                await _Link(self, websocket, connection, token_hash).run()

    async def runtime_of(self, token_hash: str) -> str | None:
        """Whose token it is now; None: nobody's, or not any more."""
        async with self.database.read() as session:
            return await runtime_store.name_for_token(session, token_hash)

    async def newest_hold(self, runtime: str) -> int:
        async with self.database.read() as session:
            return await replica_store.newest_hold(session, runtime)

    async def _hello(self, websocket: WebSocket, runtime: str) -> Hello | None:
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                message = decode_from_runtime(await websocket.receive_bytes())
        except (TimeoutError, msgspec.DecodeError, KeyError):
            await websocket.close(BAD_MESSAGE, "a link begins with Hello")
            return None
        if not isinstance(message, Hello) or message.runtime != runtime or message.protocol != PROTOCOL:
            await websocket.close(BAD_MESSAGE, f"expected a Hello of runtime {runtime}, protocol {PROTOCOL}")
            return None
        if message.check:
            known = f"a runtime {runtime} is connected already" if self.connected.available(runtime) else ""
            await websocket.close(CHECKED, known)
            return None
        return message


def _token_hash(websocket: WebSocket) -> str:
    return hash_token(websocket.headers.get("authorization", "").removeprefix("Bearer ").strip())


class _Link:
    """One connection at work: a reader, a writer, and a task that takes in reports."""

    def __init__(
        self, server: LinkServer, websocket: WebSocket, connection: RuntimeConnection, token_hash: str
    ) -> None:
        self._server = server
        self._token_hash = token_hash
        self._websocket = websocket
        self._connection = connection
        self._reports: asyncio.Queue[Report] = asyncio.Queue(QUEUED_REPORTS)
        self._seen: datetime | None = None
        self._close_code = 1000
        self._close_reason = ""

    async def run(self) -> None:
        connection = self._connection
        await self._server.connected.attach(connection)
        log.info("runtime connected", runtime=connection.runtime)
        try:
            await self._welcome()
            await self._work()
        finally:
            self._server.connected.detach(connection)
            log.info("runtime disconnected", runtime=connection.runtime, reason=self._close_reason)
        with suppress(RuntimeError, WebSocketDisconnect):  # it may be closed already
            await self._websocket.close(self._close_code, self._close_reason)

    async def _work(self) -> None:
        """Until the first of the parts ends: each ends for a reason, and the link with it."""
        parts = (
            self._read,
            self._write,
            self._take_in,
            self._follow_audit,
            self._beat,
            self._yield_to_newer,
            self._end_with_token,
        )
        tasks = [asyncio.create_task(part(), name=f"link-{self._connection.runtime}-{part.__name__}") for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if (error := task.exception()) and not isinstance(error, WebSocketDisconnect):
                raise error

    async def _welcome(self) -> None:
        server, connection = self._server, self._connection
        async with server.database.write() as session:
            replica = server.connected.replica
            hold = await replica_store.take_hold(session, connection.runtime, replica, server.clock())
            position = await report_store.position(session, connection.runtime)
        connection.hold = hold.number
        server.connected.learn(connection.runtime, hold.number, replica, before=hold.before)
        server.connected.news.tell(connection.runtime)
        known = position is not None and position.session == self._connection.session
        resume_after = position.seq if position is not None and known else None
        await self._send(Welcome(resume_after, self._server.heartbeat_seconds))

    async def _read(self) -> None:
        limit = self._server.heartbeat_seconds * MISSED_HEARTBEATS
        while True:
            try:
                async with asyncio.timeout(limit):
                    message = decode_from_runtime(await self._websocket.receive_bytes())
            except TimeoutError:
                return self._because(BAD_MESSAGE, f"nothing was heard for {limit:g} s")
            except (msgspec.DecodeError, KeyError):
                return self._because(BAD_MESSAGE, "a message of this protocol version was expected")
            match message:
                case Report():
                    await self._reports.put(message)
                case Response() | StreamItem() | StreamEnd():
                    self._connection.take(message)
                case Hello():
                    return self._because(BAD_MESSAGE, "Hello is said once")
            await self._note_seen()

    async def _write(self) -> None:
        while True:
            await self._send(await self._connection.outbox.get())

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._server.heartbeat_seconds)
            await self._connection.outbox.put(Heartbeat())

    async def _yield_to_newer(self) -> None:
        await self._connection.replaced.wait()
        self._because(REPLACED, "a newer connection of this runtime took over")

    async def _end_with_token(self) -> None:
        """A token that was renewed or whose runtime was removed, here or by another process, ends its connection; so
        does a newer link of the runtime to another replica."""
        while await self._server.runtime_of(self._token_hash) == self._connection.runtime:
            if await self._server.newest_hold(self._connection.runtime) != self._connection.hold:
                return self._connection.replaced.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._server.token_check_seconds):
                    await self._connection.doubted.wait()
            self._connection.doubted.clear()
        self._because(UNKNOWN_TOKEN, "the token of this runtime is void")

    async def _take_in(self) -> None:
        runtime, link_session = self._connection.runtime, self._connection.session
        while True:
            report = await self._reports.get()
            try:
                async with self._server.database.write() as session:
                    hold = self._connection.hold
                    applied = await report_store.apply(session, runtime, link_session, report, hold=hold)
                    now = self._server.clock()
                    await release_store.take(session, applied.changes, now=now)
                    told = await notification_store.take(session, applied.changes, now=now)
            except Conflict as error:
                return self._because(OUT_OF_ORDER, str(error))
            self._server.tidings.tell(Reported(runtime, hold, applied.changes, tuple(told), applied.runtime_changed))
            await self._connection.outbox.put(Acknowledge(applied.seq))
            if applied.snapshot_finished:
                await self._server.database.analyze()

    async def _follow_audit(self) -> None:
        server = self._server
        await follow_audit_log(server.database, self._connection, server.tidings.tell, server.clock)

    async def _note_seen(self) -> None:
        now = self._server.clock()
        if self._seen is None or now - self._seen >= SEEN_EVERY:
            self._seen = now
            async with self._server.database.write() as session:
                await runtime_store.note_seen(session, self._connection.runtime, now)

    async def _send(self, message: ToRuntime) -> None:
        await self._websocket.send_bytes(encode(message))

    def _because(self, code: int, reason: str) -> None:
        self._close_code, self._close_reason = code, reason[:120]
