"""Background work that must not die in silence: each task is restarted with growing pauses, and beats while well.

The only place that catches every exception.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Part:
    """One supervised task. `beaten`: monotonic time of its last sign of life; `error`: why it was restarted last."""

    name: str
    beat_seconds: float
    beaten: float
    restarts: int = 0
    error: str = ""


class Supervisor:
    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.parts: dict[str, Part] = {}

    def start(self, name: str, work: Callable[[Callable[[], None]], Awaitable[None]], *, beat_seconds: float) -> None:
        """`work` gets a function to call at least every `beat_seconds`; it runs until `stop`."""
        part = self.parts[name] = Part(name, beat_seconds, self._monotonic())
        self._tasks[name] = asyncio.create_task(self._keep(part, work), name=name)

    async def end(self, name: str) -> None:
        """Ends that part for good; what it holds is given back when this returns."""
        task = self._tasks.pop(name, None)
        self.parts.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def healthy(self, part: Part) -> bool:
        return self._monotonic() - part.beaten <= 3 * part.beat_seconds

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    async def _keep(self, part: Part, work: Callable[[Callable[[], None]], Awaitable[None]]) -> None:
        def beat() -> None:
            part.beaten = self._monotonic()

        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            started = self._monotonic()
            try:
                await work(beat)
                part.error = "it ended by itself"
            except Exception as error:
                part.error = f"{type(error).__name__}: {error}"
                log.exception("part failed, starts again", part=part.name)
            part.restarts += 1
            if self._monotonic() - started > LONGEST_PAUSE_SECONDS:
                pause_seconds = FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)
