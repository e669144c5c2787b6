"""Guarding open streams: how many a person has, and whether they still may.

A permission is asked for again every `RECHECK_SECONDS` and whenever a token is revoked; a stream whose viewer lost it
ends with the error that a new request would get. A token's end closes its streams on the second.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from api.access.sign_in import SignIn
from api.access.viewer import Viewer
from api.errors import TooMany, Unauthorized

RECHECK_SECONDS = 20.0
STREAMS_PER_PERSON = 300

Item = TypeVar("Item")


@dataclass(slots=True, eq=False)
class _Stream:
    """One open stream. A refusal interrupts its reader where it waits, and no task waits beside it."""

    refusal: BaseException | None = None
    reader: asyncio.Task[Any] | None = None

    def refuse(self, why: BaseException) -> None:
        if self.refusal is None:
            self.refusal = why
            if self.reader is not None:
                self.reader.cancel()

    async def next(self, source: AsyncIterator[Item]) -> Item:
        """Raises the refusal; StopAsyncIteration at the end."""
        if self.refusal is not None:
            raise self.refusal
        self.reader = reader = asyncio.current_task()
        assert reader is not None
        others = reader.cancelling()
        try:
            return await anext(source)
        except asyncio.CancelledError:
            # As asyncio.timeout tells its own cancellation from one that came from elsewhere.
            if self.refusal is None or reader.uncancel() > others:
                raise
            raise self.refusal from None
        finally:
            self.reader = None


@dataclass(slots=True, eq=False)
class _Watch:
    """What looks whether streams may stay: one for all streams of a sign-in, and one for what only one stream shows."""

    task: asyncio.Task[None]
    streams: set[_Stream] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.task.add_done_callback(self._refuse)

    def _refuse(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (why := task.exception()) is not None:
            for stream in self.streams:
                stream.refuse(why)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


class OpenStreams:
    """`recheck_seconds` is at most 60: what Git takes away must take effect within that."""

    def __init__(
        self, sign_in: SignIn, clock: Callable[[], datetime], *, recheck_seconds: float = RECHECK_SECONDS
    ) -> None:
        self._sign_in = sign_in
        self._clock = clock
        self._recheck_seconds = recheck_seconds
        self._open: Counter[str] = Counter()
        self._sign_ins: dict[Viewer, _Watch] = {}

    @property
    def count(self) -> int:
        return self._open.total()

    async def guard(
        self,
        viewer: Viewer,
        source: AsyncGenerator[Item, None],
        still_allowed: Callable[[], Awaitable[None]] | None = None,
    ) -> AsyncGenerator[Item, None]:
        """What `source` yields, for as long as the viewer may. `still_allowed` raises when not; None: the source looks
        with every event at what the viewer may see."""
        stream = _Stream()
        with self._counted(viewer):
            async with aclosing(source), self._signed_in(viewer, stream), self._allowed(viewer, stream, still_allowed):
                while True:
                    try:
                        item = await stream.next(source)
                    except StopAsyncIteration:
                        return
                    yield item

    @asynccontextmanager
    async def _signed_in(self, viewer: Viewer, stream: _Stream) -> AsyncIterator[None]:
        watch = self._sign_ins.get(viewer)
        if watch is None or watch.task.done():
            task = asyncio.create_task(self._until_signed_out(viewer), name="stream-sign-in")
            watch = self._sign_ins[viewer] = _Watch(task)
        watch.streams.add(stream)
        try:
            yield
        finally:
            watch.streams.discard(stream)
            if not watch.streams:
                if self._sign_ins.get(viewer) is watch:
                    del self._sign_ins[viewer]
                await watch.end()

    @asynccontextmanager
    async def _allowed(
        self, viewer: Viewer, stream: _Stream, still_allowed: Callable[[], Awaitable[None]] | None
    ) -> AsyncIterator[None]:
        if still_allowed is None:
            yield
            return
        watch = _Watch(asyncio.create_task(self._until_forbidden(viewer, still_allowed), name="stream-guard"), {stream})
        try:
            yield
        finally:
            await watch.end()

    async def _until_signed_out(self, viewer: Viewer) -> None:
        """Returns never."""
        known = self._sign_in.revoked.number
        while True:
            known = await self._time_to_look(viewer, known)
            if not await self._sign_in.still_valid(viewer):
                raise Unauthorized("your sign-in has ended")

    async def _until_forbidden(self, viewer: Viewer, still_allowed: Callable[[], Awaitable[None]]) -> None:
        """Returns never; raises what the viewer is to be told."""
        known = self._sign_in.revoked.number
        while True:
            known = await self._time_to_look(viewer, known)
            await still_allowed()

    async def _time_to_look(self, viewer: Viewer, known: int) -> int:
        """Waits until it is; the number of what was revoked by then."""
        limit = self._recheck_seconds
        if viewer.expires is not None:
            limit = min(limit, max(0.0, (viewer.expires - self._clock()).total_seconds()))
        try:
            async with asyncio.timeout(limit):
                await self._sign_in.revoked.wait(known)
        except TimeoutError:
            return known
        return self._sign_in.revoked.number

    @contextmanager
    def _counted(self, viewer: Viewer) -> Iterator[None]:
        if self._open[viewer.name] >= STREAMS_PER_PERSON:
            raise TooMany(f"at most {STREAMS_PER_PERSON} streams can be open for one person")
        self._open[viewer.name] += 1
        try:
            yield
        finally:
            self._open[viewer.name] -= 1
            if not self._open[viewer.name]:
                del self._open[viewer.name]
