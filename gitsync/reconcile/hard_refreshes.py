"""Everything rendered anew from time to time, where argocd-cm asks for that (`timeout.hard.reconciliation`)."""

import asyncio
from collections.abc import Callable

from gitsync.application.refresh import Refresh
from gitsync.supervisor import Heart

_STEP_SECONDS = 15.0


class HardRefreshes:
    """`refresh` has all applications refreshed; `interval_seconds` says how often, 0: never. Nothing that was read or
    rendered is ever out of date by itself, so nobody needs this; who asks for it gets it."""

    def __init__(self, refresh: Callable[[Refresh], None], interval_seconds: Callable[[], float]) -> None:
        self._refresh = refresh
        self._interval_seconds = interval_seconds
        self._waited_seconds = 0.0

    async def run(self, heart: Heart) -> None:
        while True:
            await asyncio.sleep(_STEP_SECONDS)
            heart.beat()
            self.waited(_STEP_SECONDS)

    def waited(self, seconds: float) -> None:
        self._waited_seconds += seconds
        interval_seconds = self._interval_seconds()
        if interval_seconds and self._waited_seconds >= interval_seconds:
            self._waited_seconds = 0.0
            self._refresh(Refresh.HARD)
