"""Time of the sandbox: it may run faster than the wall clock, so that a Job of ten minutes takes seconds."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta


class SandboxClock:
    """`now()` runs `speed` times as fast as the wall clock from the moment of construction on.

    Timestamps of objects and every delay of controllers and nodes come from here; nothing in the sandbox sleeps.
    """

    def __init__(self, speed: float, *, wall: Callable[[], datetime]) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.speed = speed
        self._wall = wall
        self._start = wall()

    def now(self) -> datetime:
        """The sandbox's time, with time zone UTC."""
        return self._start + (self._wall() - self._start) * self.speed

    def timestamp(self) -> str:
        """`now()` the way objects carry it: whole seconds."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def after(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back on the running event loop after `seconds` of sandbox time. Returns a function that cancels it."""
        return asyncio.get_running_loop().call_later(max(0.0, seconds) / self.speed, callback).cancel
