"""The work queue that all controllers share.

The store tells of a change inside the writing call, so a controller only notes there which object to look at. Later
the queue runs `reconcile(key)`: noted ten times, run once. A run that fails on the API's answer is run again, later
and later.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from gitsync.sandbox.errors import ApiError
from model.identity import ResourceKey

Reconcile = Callable[[ResourceKey], None]
Work = tuple[Reconcile, ResourceKey]

# One turn of the event loop must stay short: people's requests wait behind it.
_SLICE = 10
_RETRY_SECONDS = 0.2
_RETRY_LIMIT_SECONDS = 60.0


class Clock(Protocol):
    """Time as controllers see it; `gitsync.sandbox.clock.SandboxClock` outside tests."""

    def now(self) -> datetime: ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]: ...


class WorkQueue:
    """Runs noted work in the order of noting, a slice at a time, on the clock's loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[Work, None] = {}
        self._timers: dict[Work, tuple[datetime, Callable[[], None]]] = {}
        self._failures: dict[Work, int] = {}
        self._cancel_turn: Callable[[], None] | None = None
        self._stopped = False

    def add(self, reconcile: Reconcile, key: ResourceKey) -> None:
        """Notes the work; twice is once."""
        self._waiting[reconcile, key] = None
        self._schedule()

    def add_after(self, seconds: float, reconcile: Reconcile, key: ResourceKey) -> None:
        """Notes the work in `seconds`; of several such wishes the earliest counts."""
        work, now = (reconcile, key), self._clock.now()
        if work in self._timers:
            due, cancel = self._timers[work]
            if (due - now).total_seconds() <= seconds:
                return
            cancel()
        cancel = self._clock.call_later(seconds, lambda: self._due(work))
        self._timers[work] = (now + timedelta(seconds=seconds), cancel)

    def stop(self) -> None:
        self._stopped = True
        self._waiting.clear()
        for _, cancel in self._timers.values():
            cancel()
        self._timers.clear()
        if self._cancel_turn is not None:
            self._cancel_turn()

    def _due(self, work: Work) -> None:
        self._timers.pop(work, None)
        self.add(*work)

    def _schedule(self) -> None:
        if self._cancel_turn is None and self._waiting and not self._stopped:
            self._cancel_turn = self._clock.call_later(0, self._turn)

    def _turn(self) -> None:
        self._cancel_turn = None
        try:
            for _ in range(min(_SLICE, len(self._waiting))):
                work = next(iter(self._waiting))
                del self._waiting[work]
                self._run(work)
        finally:
            # Also after a defect in one controller: the others' work goes on.
            self._schedule()

    def _run(self, work: Work) -> None:
        reconcile, key = work
        try:
            reconcile(key)
        except ApiError:
            failures = self._failures.get(work, 0)
            self._failures[work] = failures + 1
            self.add_after(min(_RETRY_SECONDS * 2 ** min(failures, 20), _RETRY_LIMIT_SECONDS), reconcile, key)
        else:
            if self._failures:
                self._failures.pop(work, None)
