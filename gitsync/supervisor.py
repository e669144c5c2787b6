"""Keeps the long tasks of the process alive and knows how each does.

A background task that dies in silence is the worst failure of a controller: everything looks fine and nothing happens.
So every long task has a name, is started again with back-off when it ends, and beats; `/readyz` and the runtime's
report read the beats. This is the only module that catches every exception: a fault in one part or one application is
logged with its traceback, counted and shown, and the others go on.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

import structlog

from gitsync.errors import GitsyncError

log = structlog.get_logger("gitsync.supervisor")


@dataclass(slots=True)
class Heart:
    """One part's pulse. The part calls `beat` at every turn of its loop."""

    name: str
    clock: Callable[[], float]
    max_silence_seconds: float
    last_beat: float
    restarts: int = 0
    error: str = ""

    def beat(self) -> None:
        self.last_beat = self.clock()
        self.error = ""


@dataclass(frozen=True, slots=True)
class PartState:
    """`silent_seconds` is the age of the last beat."""

    name: str
    healthy: bool
    silent_seconds: float
    restarts: int
    error: str


class Supervisor:
    """Owner of every task of the process."""

    def __init__(self, *, clock: Callable[[], float], back_off_max_seconds: float = 30.0) -> None:
        self._clock = clock
        self._back_off_max_seconds = back_off_max_seconds
        self._hearts: dict[str, Heart] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._small: set[asyncio.Task[None]] = set()
        self.faults = 0

    def start(
        self,
        name: str,
        run: Callable[[Heart], Awaitable[None]],
        *,
        max_silence_seconds: float = float("inf"),
    ) -> Heart:
        """Run `run(heart)` for ever; whenever it ends, start it again. Replaces a part of the same name."""
        heart = Heart(name, self._clock, max_silence_seconds, self._clock())
        self._hearts[name] = heart
        self._tasks[name] = asyncio.create_task(self._keep(run, heart), name=name)
        return heart

    async def stop(self, name: str) -> None:
        self._hearts.pop(name, None)
        if task := self._tasks.pop(name, None):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def spawn(self, name: str, work: Awaitable[None]) -> asyncio.Task[None]:
        """A task that ends by itself. It has an owner, and its fault is logged."""
        task = asyncio.create_task(self._guarded(name, work), name=name)
        self._small.add(task)
        task.add_done_callback(self._small.discard)
        # One that is stopped before its first step would complain of never being awaited.
        if isinstance(work, Coroutine):
            task.add_done_callback(lambda _: work.close())
        return task

    async def guard(self, name: str, work: Awaitable[None]) -> bool:
        """Run `work`; a fault of it ends here, logged and counted. False: there was one."""
        try:
            await work
        except Exception as fault:  # of whatever kind, it must not end the others; it is counted and shown
            self.faults += 1
            log.error("fault", part=name, error=describe(fault), exc_info=True)
            return False
        return True

    async def _guarded(self, name: str, work: Awaitable[None]) -> None:
        await self.guard(name, work)

    async def close(self) -> None:
        tasks = [*self._tasks.values(), *self._small]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    async def _keep(self, run: Callable[[Heart], Awaitable[None]], heart: Heart) -> None:
        back_off_seconds = 0.2
        while True:
            began = self._clock()
            try:
                await run(heart)
                heart.error = "ended unexpectedly"
            except Exception as fault:  # a part that nobody began again would stand still without a word
                heart.error = describe(fault)
                log.error("part failed", part=heart.name, error=heart.error, exc_info=True)
            self.faults += 1
            heart.restarts += 1
            if self._clock() - began > self._back_off_max_seconds:
                back_off_seconds = 0.2
            await asyncio.sleep(back_off_seconds * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
            back_off_seconds = min(back_off_seconds * 2, self._back_off_max_seconds)

    def states(self) -> tuple[PartState, ...]:
        now = self._clock()
        return tuple(
            PartState(
                heart.name,
                not heart.error and now - heart.last_beat <= heart.max_silence_seconds,
                now - heart.last_beat,
                heart.restarts,
                heart.error,
            )
            for heart in self._hearts.values()
        )


def describe(fault: BaseException) -> str:
    """One line for people: our own errors speak for themselves, foreign ones need their type."""
    if isinstance(fault, GitsyncError):
        return fault.message
    return f"{type(fault).__name__}: {fault}"[:500]
