"""The runtime's end of RuntimeLink: dials, reports, answers. See `model.link` for the story of a connection.

Losing the connection loses nothing: unacknowledged reports are sent again, what changed meanwhile follows, and a
control plane that does not know this session gets a snapshot. Reconnects back off with jitter, so that a restarted
control plane is not run over by its runtimes.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing
from typing import Protocol

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from gitsync.errors import Failed, GitsyncError
from gitsync.reporting.outbox import Outbox, Subject
from gitsync.settings import LinkSettings
from gitsync.supervisor import Heart, Supervisor
from model.link import (
    MAX_FRAME_BYTES,
    Acknowledge,
    AnswerBody,
    Cancel,
    FromRuntime,
    Heartbeat,
    Hello,
    Hint,
    Refusal,
    ReportItem,
    Request,
    RequestBody,
    Response,
    StreamedRequest,
    StreamEnd,
    StreamItem,
    ToRuntime,
    Welcome,
    decode_to_runtime,
    encode,
)

log = structlog.get_logger("gitsync.link")

_MAX_OPEN_REQUESTS = 2_000  # streams included; beyond this a request is refused at once
_MISSED_HEARTBEATS = 3


class Refused(GitsyncError):
    """A request has no answer. `code` is one of the API's error codes."""

    def __init__(self, code: str, message: str, *, suggestion: str = "", field: str = "") -> None:
        super().__init__(message, suggestion=suggestion)
        self.code = code
        self.field = field

    def as_refusal(self) -> Refusal:
        return Refusal(code=self.code, message=self.message, suggestion=self.suggestion, field=self.field)


class LinkFailed(Failed):
    """The connection ended or never came about; it is dialled again."""


class RequestServer(Protocol):
    """What answers requests; see `gitsync.serving.requests`. Both raise Refused."""

    async def answer(self, body: RequestBody) -> AnswerBody: ...

    def stream(self, body: RequestBody) -> AsyncIterator[AnswerBody]: ...


class Link:
    """One link for the life of the process; connections come and go below it."""

    def __init__(
        self,
        settings: LinkSettings,
        *,
        runtime: str,
        version: str,
        session: str,
        make_item: Callable[[Subject], ReportItem | None],
        all_subjects: Callable[[], Iterable[Subject]],
        server: RequestServer,
        on_hint: Callable[[tuple[str, ...]], None],
        supervisor: Supervisor,
    ) -> None:
        self._settings = settings
        self._runtime = runtime
        self._version = version
        self._session = session
        self._all_subjects = all_subjects
        self._server = server
        self._on_hint = on_hint
        self._supervisor = supervisor
        self._outbox = Outbox(make_item, window=settings.queue_reports)
        self._something = asyncio.Event()
        self._open: dict[int, asyncio.Task[None]] = {}
        self.connected = asyncio.Event()

    def changed(self, subject: Subject) -> None:
        """Report `subject` soon."""
        self._outbox.changed(subject)
        self._something.set()

    async def run(self, heart: Heart) -> None:
        """Dial for ever. `heart` beats while connected; between connections it shows why there is none."""
        wait_seconds = self._settings.reconnect_seconds
        while True:
            try:
                await self._one_connection(heart)
            except LinkFailed as failure:
                heart.error = failure.message
                log.info("link is down", reason=failure.message, again_in_seconds=round(wait_seconds, 1))
            if self.connected.is_set():
                wait_seconds = self._settings.reconnect_seconds
            self.connected.clear()
            await asyncio.sleep(wait_seconds * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
            wait_seconds = min(wait_seconds * 2, self._settings.reconnect_max_seconds)

    async def _one_connection(self, heart: Heart) -> None:
        settings = self._settings
        try:
            async with connect(
                settings.url,
                additional_headers={"Authorization": f"Bearer {_token(settings)}"},
                open_timeout=settings.connect_timeout_seconds,
                ping_interval=None,  # the protocol has its own heartbeats
                close_timeout=2,
                max_size=MAX_FRAME_BYTES,
                proxy=None,
                compression=None,
            ) as socket:
                await self._converse(socket, heart)
        except InvalidStatus as refusal:
            hint = "; its token is not known" if refusal.response.status_code in (401, 403) else ""
            raise LinkFailed(
                f"the control plane at {settings.url} answered {refusal.response.status_code}{hint}",
                suggestion="create a token for this runtime and start it with that",
            ) from refusal
        except (OSError, TimeoutError, InvalidHandshake) as failure:
            raise LinkFailed(f"the control plane at {settings.url} cannot be reached: {failure}") from failure
        except ConnectionClosed as closed:
            reason = closed.rcvd.reason if closed.rcvd else "no farewell"
            raise LinkFailed(f"the control plane ended the connection: {reason or 'no reason given'}") from closed
        except (WebSocketException, msgspec.DecodeError) as failure:
            raise LinkFailed(
                f"the control plane at {settings.url} does not speak this protocol: {failure}"
            ) from failure

    async def _converse(self, socket: ClientConnection, heart: Heart) -> None:
        welcome = await self._greet(socket)
        again = self._outbox.resume(welcome.resume_after)
        if again is None:
            self._outbox.start_snapshot(self._all_subjects())
        for frame in again or ():
            await socket.send(frame)
        heart.beat()
        self.connected.set()
        self._something.set()  # the snapshot, or what changed while nobody was there
        log.info("link is up", url=self._settings.url, snapshot=again is None)
        parts = [
            asyncio.create_task(self._listen(socket, welcome.heartbeat_seconds, heart), name="link listen"),
            asyncio.create_task(self._beat(socket, welcome.heartbeat_seconds), name="link heartbeat"),
            asyncio.create_task(self._report(socket), name="link report"),
        ]
        try:
            ended, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            ended.pop().result()
        finally:
            await _cancel([*parts, *self._open.values()])
            self._open.clear()

    async def _greet(self, socket: ClientConnection) -> Welcome:
        hello = Hello(
            runtime=self._runtime,
            version=self._version,
            session=self._session,
            last_acknowledged=self._outbox.acknowledged,
        )
        await socket.send(encode(hello))
        async with asyncio.timeout(self._settings.connect_timeout_seconds):
            first = _decode(await socket.recv())
        if not isinstance(first, Welcome):
            raise LinkFailed(f"the control plane began with {type(first).__name__} instead of a welcome")
        return first

    async def _listen(self, socket: ClientConnection, heartbeat_seconds: float, heart: Heart) -> None:
        patience_seconds = heartbeat_seconds * _MISSED_HEARTBEATS
        while True:
            try:
                async with asyncio.timeout(patience_seconds):
                    message = _decode(await socket.recv())
            except TimeoutError as silence:
                raise LinkFailed(f"the control plane was silent for {patience_seconds:.0f} s") from silence
            heart.beat()
            match message:
                case Acknowledge(seq=seq):
                    self._outbox.acknowledge(seq)
                    self._something.set()
                case Request():
                    self._take(message, socket)
                case Cancel(id=request_id):
                    if task := self._open.get(request_id):
                        task.cancel()
                case Hint(repo_urls=urls):
                    self._on_hint(urls)
                case Heartbeat() | Welcome():
                    pass

    async def _beat(self, socket: ClientConnection, heartbeat_seconds: float) -> None:
        beat = encode(Heartbeat())
        while True:
            await asyncio.sleep(heartbeat_seconds)
            await socket.send(beat)

    async def _report(self, socket: ClientConnection) -> None:
        while True:
            await self._something.wait()
            await asyncio.sleep(self._settings.flush_seconds)
            self._something.clear()
            while (frame := self._outbox.next_frame()) is not None:
                await socket.send(frame)

    def _take(self, request: Request, socket: ClientConnection) -> None:
        streamed = isinstance(request.body, StreamedRequest)
        if len(self._open) >= _MAX_OPEN_REQUESTS:
            refusal = Refusal(code="RATE_LIMIT_ERROR", message="the runtime has too many open requests")
            message = StreamEnd(request.id, refusal) if streamed else Response(request.id, refusal)
            self._supervisor.spawn("link refusal", _send(socket, message))
            return
        work = self._stream(request, socket) if streamed else self._respond(request, socket)
        task = self._supervisor.spawn(f"request {type(request.body).__name__}", work)
        self._open[request.id] = task
        task.add_done_callback(lambda done: self._ended(request.id, done))

    def _ended(self, request_id: int, task: asyncio.Task[None]) -> None:
        if self._open.get(request_id) is task:
            del self._open[request_id]

    async def _respond(self, request: Request, socket: ClientConnection) -> None:
        body: AnswerBody | Refusal = _INTERNAL
        try:
            async with asyncio.timeout(request.deadline_seconds):
                body = await self._server.answer(request.body)
        except TimeoutError:
            body = Refusal(
                code="RUNTIME_UNAVAILABLE",
                message=f"the runtime did not finish within {request.deadline_seconds:.0f} s",
            )
        except GitsyncError as failure:
            body = _refusal(failure)
        finally:
            if not _cancelled():
                await _send(socket, Response(request.id, body))

    async def _stream(self, request: Request, socket: ClientConnection) -> None:
        error: Refusal | None = _INTERNAL
        try:
            async with aclosing(self._server.stream(request.body)) as items:  # type: ignore[type-var]
                async for item in items:
                    await socket.send(encode(StreamItem(request.id, item)))
            error = None
        except GitsyncError as failure:
            error = _refusal(failure)
        finally:
            if not _cancelled():
                await _send(socket, StreamEnd(request.id, error))


def _refusal(failure: GitsyncError) -> Refusal:
    """What whoever asked is told; what nobody refused on purpose is the runtime's trouble."""
    if isinstance(failure, Refused):
        return failure.as_refusal()
    return Refusal(code="RUNTIME_UNAVAILABLE", message=failure.message, suggestion=failure.suggestion)


def _token(settings: LinkSettings) -> str:
    """Raises LinkFailed when its file cannot be read."""
    if settings.token_file is None:
        return settings.token
    try:
        return settings.token_file.read_text().strip()
    except (OSError, UnicodeDecodeError) as failure:
        raise LinkFailed(f"the token in {settings.token_file} cannot be read: {failure}") from failure


_INTERNAL = Refusal(code="INTERNAL_SERVER_ERROR", message="the runtime failed to answer; its log says why")


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _decode(frame: str | bytes) -> ToRuntime:
    return decode_to_runtime(frame if isinstance(frame, bytes) else frame.encode())


async def _send(socket: ClientConnection, message: FromRuntime) -> None:
    """The last word on a request. If the connection is gone, so is the asker."""
    try:
        await socket.send(encode(message))
    except ConnectionClosed:
        return


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
