"""One connected runtime: requests and their answers, numbered; streams; what is sent goes through one bounded queue."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.errors import ApiError, Refused, RuntimeUnavailable, TookTooLong
from api.runtimes.stream import LinkStream
from model.link import (
    AnswerBody,
    Cancel,
    Refusal,
    Request,
    RequestBody,
    Response,
    StreamEnd,
    StreamItem,
    ToRuntime,
)

OUTBOX_MESSAGES = 4096


class RuntimeConnection:
    """Made by `api.runtimes.link` once the runtime has said who it is, or by `api.replicas.line` where it is linked to
    another replica. Usable until `end`. `hold` is the number of the link; 0: not given yet.
    """

    def __init__(self, runtime: str, session: str = "", *, hold: int = 0) -> None:
        self.runtime = runtime
        self.session = session
        self.hold = hold
        self.outbox: asyncio.Queue[ToRuntime] = asyncio.Queue(OUTBOX_MESSAGES)
        self.replaced = asyncio.Event()
        self.doubted = asyncio.Event()  # set: its token may be void, look at once
        self.gone = asyncio.Event()
        self._numbers = itertools.count(1)
        self._pending: dict[int, asyncio.Future[AnswerBody | Refusal]] = {}
        self._streams: dict[int, LinkStream] = {}
        self._ended = False

    def send(self, message: ToRuntime) -> None:
        """Raises RuntimeUnavailable when the runtime does not read what it is sent."""
        if self._ended:
            raise RuntimeUnavailable(self.runtime)
        try:
            self.outbox.put_nowait(message)
        except asyncio.QueueFull as error:
            raise RuntimeUnavailable(self.runtime) from error

    async def request(self, body: RequestBody, *, deadline_seconds: float) -> AnswerBody:
        number = next(self._numbers)
        future: asyncio.Future[AnswerBody | Refusal] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        try:
            self.send(Request(number, body, deadline_seconds))
            async with asyncio.timeout(deadline_seconds):
                answer = await future
        except TimeoutError as error:
            self._cancel(number)
            raise TookTooLong(
                f"runtime {self.runtime!r} did not answer within {deadline_seconds:g} s",
                suggestion="try again; if it stays so, look at the runtime's log",
            ) from error
        except asyncio.CancelledError:
            self._cancel(number)
            raise
        finally:
            self._pending.pop(number, None)
        if isinstance(answer, Refusal):
            raise Refused(answer.code, answer.message, suggestion=answer.suggestion, field=answer.field)
        return answer

    @asynccontextmanager
    async def stream(self, body: RequestBody, *, capacity: int) -> AsyncIterator[LinkStream]:
        number = next(self._numbers)
        stream = LinkStream(capacity=capacity, cancel=lambda: self._cancel(number))
        self._streams[number] = stream
        try:
            self.send(Request(number, body))
            yield stream
        finally:
            self._streams.pop(number, None)
            stream.close()

    def take(self, message: Response | StreamItem | StreamEnd) -> None:
        """Answers whose asker is gone are dropped."""
        match message:
            case Response(id=number, body=body):
                future = self._pending.get(number)
                if future is not None and not future.done():
                    future.set_result(body)
                elif stream := self._streams.get(number):  # it takes the stream for a question: nothing more will come
                    stream.end(body if isinstance(body, Refusal) else None)
            case StreamItem(id=number, body=body):
                if stream := self._streams.get(number):
                    stream.put(body)
            case StreamEnd(id=number, error=error):
                if stream := self._streams.get(number):
                    stream.end(error)

    def fail(self, number: int, error: ApiError) -> None:
        """Nothing more will come of this question."""
        future = self._pending.get(number)
        if future is not None and not future.done():
            future.set_exception(error)
        elif stream := self._streams.get(number):
            stream.fail(error)

    def end(self) -> None:
        """The socket is gone: whoever waits is told."""
        self._ended = True
        for future in self._pending.values():
            if not future.done():
                future.set_exception(RuntimeUnavailable(self.runtime))
        for stream in self._streams.values():
            stream.fail(RuntimeUnavailable(self.runtime))

    def _cancel(self, number: int) -> None:
        if not self._ended and not self.outbox.full():
            self.outbox.put_nowait(Cancel(number))
