"""Guarding open streams: how many a person has, and whether they still may.

A permission is asked for again every `RECHECK_SECONDS` and whenever a token is revoked; a stream whose viewer lost it
ends with the error that a new request would get. A token's end closes its streams on the second.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from datetime import datetime
from typing import TypeVar

from api.access.sign_in import SignIn
from api.access.viewer import Viewer
from api.errors import TooMany, Unauthorized

RECHECK_SECONDS = 20.0
STREAMS_PER_PERSON = 300

Item = TypeVar("Item")


class OpenStreams:
    """`recheck_seconds` is at most 60: what Git takes away must take effect within that."""

    def __init__(
        self, sign_in: SignIn, clock: Callable[[], datetime], *, recheck_seconds: float = RECHECK_SECONDS
    ) -> None:
        self._sign_in = sign_in
        self._clock = clock
        self._recheck_seconds = recheck_seconds
        self._open: Counter[str] = Counter()

    @property
    def count(self) -> int:
        return self._open.total()

    async def guard(
        self, viewer: Viewer, source: AsyncGenerator[Item, None], still_allowed: Callable[[], Awaitable[None]]
    ) -> AsyncGenerator[Item, None]:
        """What `source` yields, for as long as the viewer may. `still_allowed` raises when not."""
        with self._counted(viewer):
            async with aclosing(source):
                pull: asyncio.Task[Item] | None = None
                check = asyncio.create_task(self._until_refused(viewer, still_allowed), name="stream-guard")
                try:
                    while True:
                        pull = asyncio.create_task(_next(source), name="stream-pull")
                        await asyncio.wait({pull, check}, return_when=asyncio.FIRST_COMPLETED)
                        if check.done():
                            check.result()
                        try:
                            item = pull.result()
                        except StopAsyncIteration:
                            return
                        yield item
                finally:
                    await _cancelled(pull, check)

    async def _until_refused(self, viewer: Viewer, still_allowed: Callable[[], Awaitable[None]]) -> None:
        """Returns never; raises what the viewer is to be told."""
        known = self._sign_in.revoked.number
        while True:
            limit = self._recheck_seconds
            if viewer.expires is not None:
                limit = min(limit, max(0.0, (viewer.expires - self._clock()).total_seconds()))
            try:
                async with asyncio.timeout(limit):
                    await self._sign_in.revoked.wait(known)
                    known = self._sign_in.revoked.number
            except TimeoutError:
                pass
            if not await self._sign_in.still_valid(viewer):
                raise Unauthorized("your sign-in has ended")
            await still_allowed()

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


async def _next(source: AsyncIterator[Item]) -> Item:
    return await anext(source)


async def _cancelled(*tasks: "asyncio.Task[Item] | asyncio.Task[None] | None") -> None:
    """Ends tasks and waits for them; what they raise is of no interest any more."""
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
