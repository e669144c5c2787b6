"""One thread that owns one handle of libgit2: handles must not be shared between threads.

Pieces of work run one after the other in their order. Cancelling who waits takes a piece out of the queue if it has not
begun; otherwise it runs to its end and its result is dropped, so no handle is left half-used.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

_T = TypeVar("_T")


class OwnerThread:
    """Runs work in order, in one thread at a time. To be used from the event loop only."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._executor: ThreadPoolExecutor | None = None
        self._last: Future[Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether work is running or queued. In order, so the last piece tells for all."""
        return self._last is not None and not self._last.done()

    async def run(self, work: Callable[[], _T]) -> _T:
        """Result of the work, done in the owner thread."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=self._name)
        future = self._executor.submit(work)
        self._last = future
        return await asyncio.wrap_future(future)

    def rest(self) -> None:
        """Ends the thread if it has nothing to do, so that idle repositories hold none; work starts another."""
        if self._executor is not None and not self.busy:
            self.close()

    def close(self, last: Callable[[], object] | None = None) -> None:
        """Ends the thread after the work that is queued and `last`; nobody waits for it."""
        if self._executor is not None:
            if last is not None:
                self._executor.submit(last)
            self._executor.shutdown(wait=False)
            self._executor = None
