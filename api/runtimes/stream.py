"""One stream of answers from a runtime, bounded: a reader that is too slow loses the stream, not our memory."""

import asyncio
from collections import deque
from collections.abc import Callable

from api.errors import ApiError, FellBehind, Refused
from model.link import AnswerBody, Refusal


class LinkStream:
    """Iterates over what the runtime sends. Ends normally, with Refused, RuntimeUnavailable, or FellBehind."""

    def __init__(self, *, capacity: int, cancel: Callable[[], None]) -> None:
        self._capacity = capacity
        self._cancel = cancel
        self._items: deque[AnswerBody] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None

    def put(self, item: AnswerBody) -> None:
        if self._ended:
            return
        if len(self._items) >= self._capacity:
            self._items.clear()
            self._finish(FellBehind("more was sent than was read; ask again from the start"))
            self._cancel()
            return
        self._items.append(item)
        self._news.set()

    def end(self, refusal: Refusal | None = None) -> None:
        error = (
            Refused(refusal.code, refusal.message, suggestion=refusal.suggestion, field=refusal.field)
            if refusal
            else None
        )
        self._finish(error)

    def fail(self, error: ApiError) -> None:
        self._finish(error)

    def close(self) -> None:
        """The reader is gone."""
        if not self._ended:
            self._finish(None)
            self._cancel()

    def _finish(self, error: Exception | None) -> None:
        if not self._ended:
            self._ended, self._error = True, error
            self._news.set()

    def __aiter__(self) -> "LinkStream":
        return self

    async def __anext__(self) -> AnswerBody:
        while not self._items:
            if self._ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._items.popleft()
