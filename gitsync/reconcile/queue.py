"""A bounded work queue of keys, fair among lanes.

A key stands in the queue at most once and is worked on by at most one worker, so the queue can never hold more than
there are applications. Every key belongs to a lane (the repository and cluster that its work waits for). Lanes take
turns, and each has its own limit: a repository or cluster that hangs fills its own lane and nobody else's.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class FairQueue(Generic[K]):
    """Hands keys to `work`, which must not raise; see `Supervisor.guard`."""

    def __init__(
        self,
        work: Callable[[K], Awaitable[None]],
        *,
        lane_of: Callable[[K], str],
        lane_concurrency: int,
        total_concurrency: int,
    ) -> None:
        self._work = work
        self._lane_of = lane_of
        self._lane_concurrency = lane_concurrency
        self._total_concurrency = total_concurrency
        self._waiting: dict[str, deque[K]] = {}
        self._turns: deque[str] = deque()
        self._queued: set[K] = set()
        self._working: dict[K, asyncio.Task[None]] = {}
        self._again: set[K] = set()
        self._lane_working: dict[str, int] = {}
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._closed = False

    def add(self, key: K) -> None:
        """Have `key` worked on soon; once more if it is being worked on right now."""
        if self._closed:
            return
        if key in self._working:
            self._again.add(key)
            return
        if key in self._queued:
            return
        self._queued.add(key)
        lane = self._lane_of(key)
        if lane not in self._waiting:
            self._waiting[lane] = deque()
            self._turns.append(lane)
        self._waiting[lane].append(key)
        self._hand_out()

    def add_after(self, key: K, delay_seconds: float) -> None:
        """As `add`, later. The earlier of two timers of a key wins."""
        if delay_seconds <= 0:
            self.add(key)  # some loops make no timer of it
            return
        loop = asyncio.get_running_loop()
        known = self._timers.get(key)
        if self._closed or (known is not None and known.when() <= loop.time() + delay_seconds):
            return
        if known is not None:
            known.cancel()
        self._timers[key] = loop.call_later(delay_seconds, self._due, key)

    def forget(self, key: K) -> None:
        """Drop timers and pending repeats of a key that is gone; running work ends by itself."""
        self._again.discard(key)
        if timer := self._timers.pop(key, None):
            timer.cancel()

    def has(self, key: K) -> bool:
        """Whether the key waits or is being worked on."""
        return key in self._queued or key in self._working

    @property
    def depth(self) -> int:
        return len(self._queued)

    @property
    def working(self) -> int:
        return len(self._working)

    async def close(self) -> None:
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        tasks = list(self._working.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _due(self, key: K) -> None:
        del self._timers[key]
        self.add(key)

    def _hand_out(self) -> None:
        """Start work while lanes with work and room remain; each lane gets one turn per round."""
        idle_turns = 0
        while self._turns and idle_turns < len(self._turns) and len(self._working) < self._total_concurrency:
            lane = self._turns.popleft()
            waiting = self._waiting[lane]
            if self._lane_working.get(lane, 0) >= self._lane_concurrency:
                self._turns.append(lane)
                idle_turns += 1
                continue
            key = waiting.popleft()
            if waiting:
                self._turns.append(lane)
            else:
                del self._waiting[lane]
            idle_turns = 0
            self._start(key, lane)

    def _start(self, key: K, lane: str) -> None:
        self._queued.discard(key)
        self._lane_working[lane] = self._lane_working.get(lane, 0) + 1
        task = asyncio.ensure_future(self._work(key))
        self._working[key] = task
        task.add_done_callback(lambda _: self._finished(key, lane))

    def _finished(self, key: K, lane: str) -> None:
        del self._working[key]
        remaining = self._lane_working[lane] - 1
        if remaining:
            self._lane_working[lane] = remaining
        else:
            del self._lane_working[lane]
        if key in self._again:
            self._again.discard(key)
            self.add(key)
        self._hand_out()
