"""Applications whose chart's version is a range, or whose values are on a server: nobody tells us of new ones, so they
are looked at regularly."""

import asyncio
from collections.abc import Callable

from gitsync.supervisor import Heart
from model.identity import ApplicationKey

_STEP_SECONDS = 15.0


class ChartVersions:
    """`look` queues an application; `interval_seconds` says how often, 0: never."""

    def __init__(self, *, look: Callable[[ApplicationKey], None], interval_seconds: Callable[[], float]) -> None:
        self._look = look
        self._interval_seconds = interval_seconds
        self._floating: set[ApplicationKey] = set()

    def note(self, key: ApplicationKey, *, floating: bool) -> None:
        if floating:
            self._floating.add(key)
        else:
            self._floating.discard(key)

    async def run(self, heart: Heart) -> None:
        waited_seconds = 0.0
        while True:
            await asyncio.sleep(_STEP_SECONDS)
            heart.beat()
            waited_seconds += _STEP_SECONDS
            interval_seconds = self._interval_seconds()
            if interval_seconds and waited_seconds >= interval_seconds:
                waited_seconds = 0.0
                self.look()

    def look(self) -> None:
        """Queues all of them."""
        for key in tuple(self._floating):
            self._look(key)
