"""How many requests a cluster gets at once: adaptive, with a budget of its own for each kind of work.

Additive increase, multiplicative decrease. The limit grows by one for each full round of answers while latency stays
near the best that was seen, and shrinks when the cluster says 429, runs into a time limit, or gets much slower. So no
rate has to be configured, a small cluster is not run over, and a large one is used. Budgets are apart from each
other: a person who reads a log never waits behind a thousand applies.
"""

import asyncio
import enum
from collections import deque
from collections.abc import Callable
from types import TracebackType

_DECREASE = 0.5  # after a 429 or a time limit
_EASE = 0.9  # after answers that have become slow
_SLOW_FACTOR = 8.0  # that many times the best latency counts as slow; queueing of our own requests stays below it
_STEADY_FACTOR = 4.0
_SMOOTHING = 0.1
_BASELINE_DRIFT = 1.001  # the best latency is forgotten by this factor per answer: clusters and networks change
_MIN_BASELINE_SECONDS = 0.02  # usual for a busy API server; below it, a machine that others use looks like a slow one


class Budget(enum.StrEnum):
    """What a request is for."""

    WATCH = "watch"
    SYNC = "sync"
    DIFF = "diff"
    PEOPLE = "people"


class AdaptiveLimit:
    """A first-come-first-served gate whose width adapts. `clock` is monotonic seconds."""

    def __init__(self, *, start: int, floor: int, ceiling: int, clock: Callable[[], float]) -> None:
        self._width = float(start)
        self._floor = floor
        self._ceiling = ceiling
        self._clock = clock
        self._busy = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._latency = 0.0
        self._baseline = 0.0
        self._shrunk_at = float("-inf")

    @property
    def width(self) -> int:
        """How many may go at once now."""
        return int(self._width)

    @property
    def busy(self) -> int:
        return self._busy

    async def acquire(self) -> None:
        if self._busy < int(self._width) and not self._waiting:
            self._busy += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # Cancelled after the slot was handed over: pass it on, or it is lost for ever.
            if turn.done() and not turn.cancelled():
                self._free()
            elif turn in self._waiting:  # not there when a wake-up has already passed over it
                self._waiting.remove(turn)
            raise

    def release(self) -> None:
        self._free()

    def answered(self, latency_seconds: float) -> None:
        """An answer came, whatever it said, after so long."""
        first = self._latency == 0.0
        self._latency = latency_seconds if first else self._latency + _SMOOTHING * (latency_seconds - self._latency)
        best = latency_seconds if first else min(self._baseline * _BASELINE_DRIFT, latency_seconds)
        self._baseline = max(best, _MIN_BASELINE_SECONDS)
        if self._latency > self._baseline * _SLOW_FACTOR:
            self._shrink(_EASE)
        elif self._latency <= self._baseline * _STEADY_FACTOR and self._busy >= int(self._width):
            self._width = min(self._width + 1.0 / self._width, self._ceiling)
            self._wake()

    def overloaded(self) -> None:
        """The cluster said 429, or did not answer in time."""
        self._shrink(_DECREASE)

    def _shrink(self, factor: float) -> None:
        """At most once per round trip: the requests of one round all see the same overload."""
        now = self._clock()
        if now - self._shrunk_at >= max(self._latency, 0.1):
            self._shrunk_at = now
            self._width = max(self._width * factor, self._floor)

    def _free(self) -> None:
        self._busy -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting and self._busy < int(self._width):
            turn = self._waiting.popleft()
            if not turn.done():
                self._busy += 1
                turn.set_result(None)


class Slot:
    """`async with limits.slot(budget)`: holds one place of the budget."""

    __slots__ = ("_limit",)

    def __init__(self, limit: AdaptiveLimit) -> None:
        self._limit = limit

    async def __aenter__(self) -> AdaptiveLimit:
        await self._limit.acquire()
        return self._limit

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limit.release()


class Limits:
    """The budgets of one cluster, and until when it wants to be left in peace."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._patient_until = float("-inf")
        self._limits = {
            Budget.WATCH: AdaptiveLimit(start=4, floor=1, ceiling=16, clock=clock),
            Budget.SYNC: AdaptiveLimit(start=16, floor=2, ceiling=64, clock=clock),
            Budget.DIFF: AdaptiveLimit(start=8, floor=1, ceiling=32, clock=clock),
            Budget.PEOPLE: AdaptiveLimit(start=16, floor=4, ceiling=32, clock=clock),
        }

    def slot(self, budget: Budget) -> Slot:
        return Slot(self._limits[budget])

    def asked_for_patience(self, seconds: float) -> None:
        """The cluster refused a request and said when to come again."""
        self._patient_until = max(self._patient_until, self._clock() + seconds)

    @property
    def patience_seconds(self) -> float:
        """How long whoever can wait should still wait."""
        return max(self._patient_until - self._clock(), 0.0)

    def of(self, budget: Budget) -> AdaptiveLimit:
        return self._limits[budget]
