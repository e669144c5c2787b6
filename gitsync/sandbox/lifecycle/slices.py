"""Deferred work in slices that leave the event loop free."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

SLICE_SECONDS = 0.004


class Slices:
    """Runs noted work soon, a few milliseconds at a time. Without an event loop it waits for `run_all`."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._work: deque[Callable[[], None]] = deque()
        self._scheduled = False
        self._monotonic = monotonic

    def add(self, work: Callable[[], None]) -> None:
        self._work.append(work)
        if not self._scheduled:
            self._schedule()

    def _schedule(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._scheduled = True
        loop.call_soon(self._run_slice)

    def _run_slice(self) -> None:
        self._scheduled = False
        end = self._monotonic() + SLICE_SECONDS
        while self._work and self._monotonic() < end:
            self._work.popleft()()
        if self._work and not self._scheduled:
            self._schedule()

    def run_all(self) -> None:
        """Works off everything now: for start-up, and for tests without an event loop."""
        while self._work:
            self._work.popleft()()
