"""A line that another replica dialled: its questions go on to runtimes that are linked here, what happens here is told.

One task a question, and one queue of what is sent: when the other one does not read, streams fall behind and end, and
the line is given up once it missed a tiding. Then it dials again and reads everything anew.
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
from api.errors import FellBehind, Refused, RuntimeUnavailable, TookTooLong
from api.live.tidings import Listener, Reported, Tiding, Tidings
from api.replicas.messages import (
    NOBODY,
    Answered,
    Asked,
    Failed,
    FromDialled,
    Holding,
    Introduced,
    Told,
    TooMuch,
    decode_asked,
    encode,
)
from api.runtimes.connected import STREAM_ITEMS, ConnectedRuntimes
from model.database import Database
from model.link import Cancel, Refusal, Request, Response, StreamedRequest, StreamEnd, StreamItem
from model.store import replica as replica_store

BEHIND = 4408
BAD_MESSAGE = 4400
QUEUED_MESSAGES = 1024
CHANGES_TOLD = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LineServer:
    """What such lines need of the control plane. `met`: a replica dialled that may be new."""

    id: str
    database: Database
    connected: ConnectedRuntimes
    tidings: Tidings
    clock: Callable[[], datetime]
    alive_within: timedelta
    met: Callable[[], None]

    async def serve(self, websocket: WebSocket) -> None:
        """Until the line is over."""
        token = websocket.headers.get("authorization", "").removeprefix("Bearer ").strip()
        async with self.database.read() as session:
            since = self.clock() - self.alive_within
            other = await replica_store.has_token(session, hash_token(token), since)
        await websocket.accept()
        if other is None:
            await websocket.close(NOBODY, "this token belongs to no replica")
            return
        self.met()
        with suppress(WebSocketDisconnect):
            await _Line(self, websocket).run()


class _Line:
    def __init__(self, server: LineServer, websocket: WebSocket) -> None:
        self._server = server
        self._websocket = websocket
        self._outbox: asyncio.Queue[FromDialled] = asyncio.Queue(QUEUED_MESSAGES)
        self._work: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def run(self) -> None:
        listener = self._server.tidings.listen()
        parts = (self._read(), self._write(), self._tell(listener), self._hold(), _missed(listener))
        tasks = [asyncio.create_task(part, name="replica-line") for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            listener.close()
            running = [*tasks, *self._work.values()]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        for task in done:
            if (error := task.exception()) and not isinstance(error, WebSocketDisconnect):
                raise error
        with suppress(RuntimeError, WebSocketDisconnect):
            await self._websocket.close(BEHIND if listener.lost.is_set() else BAD_MESSAGE)

    async def _write(self) -> None:
        await self._websocket.send_bytes(encode(Introduced(self._server.id)))
        while True:
            await self._websocket.send_bytes(encode(await self._outbox.get()))

    async def _tell(self, listener: Listener) -> None:
        while True:
            await self._outbox.put(_message(await listener.next()))

    async def _hold(self) -> None:
        news, told = self._server.connected.news, None
        while True:
            number = news.number
            holds = self._server.connected.linked_here()
            if holds != told:
                told = holds
                await self._outbox.put(Holding(holds))
            await news.wait(number)

    async def _read(self) -> None:
        while True:
            try:
                asked = decode_asked(await self._websocket.receive_bytes())
            except (msgspec.DecodeError, KeyError):
                log.warning("another replica speaks another version", replica=self._server.id)
                return
            key = (asked.runtime, asked.message.id)
            match asked.message:
                case Cancel():
                    if task := self._work.get(key):
                        task.cancel()
                case Request():
                    self._work[key] = asyncio.create_task(self._carry_out(asked, asked.message), name="replica-asked")

    async def _carry_out(self, asked: Asked, request: Request) -> None:
        runtime, number = asked.runtime, request.id
        try:
            if isinstance(request.body, StreamedRequest):
                await self._stream(runtime, request)
            else:
                connection = self._server.connected.here(runtime)
                body = await connection.request(request.body, deadline_seconds=request.deadline_seconds)
                await self._outbox.put(Answered(runtime, Response(number, body)))
        except Refused as error:
            refusal = Refusal(error.code, error.message, error.suggestion, error.field)
            await self._outbox.put(Answered(runtime, Response(number, refusal)))
        except TookTooLong:
            return  # whoever asked waits no longer than we did
        except (RuntimeUnavailable, FellBehind) as error:
            await self._outbox.put(Failed(runtime, number, behind=isinstance(error, FellBehind)))
        finally:
            self._work.pop((runtime, number), None)

    async def _stream(self, runtime: str, request: Request) -> None:
        async with self._server.connected.here(runtime).stream(request.body, capacity=STREAM_ITEMS) as stream:
            async for item in stream:
                await self._outbox.put(Answered(runtime, StreamItem(request.id, item)))
        await self._outbox.put(Answered(runtime, StreamEnd(request.id)))


def _message(tiding: Tiding) -> FromDialled:
    many = isinstance(tiding, Reported) and len(tiding.changes) > CHANGES_TOLD
    return TooMuch() if many else Told(tiding)


async def _missed(listener: Listener) -> None:
    await listener.lost.wait()
