"""A clock that stands still until a test moves it."""

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SteppedClock:
    """`advance` runs what has fallen due, in order, each at its own time."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._cancelled: set[int] = set()
        self._serial = itertools.count()

    def now(self) -> datetime:
        return self._now

    def timestamp(self) -> str:
        return self._now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def after(self, seconds: float) -> datetime:
        return self._now + timedelta(seconds=seconds)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        serial = next(self._serial)
        heapq.heappush(self._due, (self.after(max(0.0, seconds)), serial, callback))
        return lambda: self._cancelled.add(serial)

    def advance(self, seconds: float = 0.0) -> None:
        end = self.after(seconds)
        while self._due and self._due[0][0] <= end:
            at, serial, callback = heapq.heappop(self._due)
            self._now = max(self._now, at)
            if serial in self._cancelled:
                self._cancelled.discard(serial)
            else:
                callback()
        self._now = end
