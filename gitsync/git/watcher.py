"""Asks one Git host, again and again, whether refs of one repository moved, and tells who listens.

Once per interval or at a hint, however many applications follow the repository. Failures make the interval longer,
so does a host that is slow to answer, and a little chance keeps a fleet from asking in step.
"""

import asyncio
import random
from collections.abc import Callable

from gitsync.errors import GitsyncError
from gitsync.git.refs import RefsMoved
from gitsync.git.repository import Refresh, Repository
from gitsync.git.settings import GitSettings


class RefWatcher:
    """Runs from its making until `stop`."""

    def __init__(self, repository: Repository, settings: GitSettings) -> None:
        self.url = repository.url
        self.listeners: dict[Callable[[RefsMoved], None], None] = {}
        self._repository = repository
        self.settings = settings
        self._hinted = asyncio.Event()
        repository.on_refresh = self._tell
        self._stopped = False
        self._task = self._start()

    def hint(self) -> None:
        """Asks at once."""
        self._hinted.set()

    def stop(self) -> None:
        self._stopped = True
        self._repository.on_refresh = None
        self._task.cancel()

    async def ended(self) -> None:
        """Returns when the watch is over after `stop`."""
        await asyncio.wait([self._task])

    def _start(self) -> asyncio.Task[None]:
        task = asyncio.create_task(self._watch(), name=f"watch {self._repository.state.url}")
        task.add_done_callback(self._died)
        return task

    def _died(self, task: asyncio.Task[None]) -> None:
        """Nobody would notice a watch that ended by a fault of ours: tell the loop, and begin another one."""
        if self._stopped or task.cancelled():
            return
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": f"{task.get_name()} ended", "exception": task.exception()})
        loop.call_later(self.settings.poll_seconds, self._restart)

    def _restart(self) -> None:
        if not self._stopped:
            self._task = self._start()

    async def _watch(self) -> None:
        failures, listing_seconds = 0, 0.0
        while True:
            try:
                refresh = await self._repository.refresh()
                failures, listing_seconds = 0, refresh.listing_seconds
            except GitsyncError:
                failures += 1  # the repository's state says what is wrong
            self._repository.rest()
            await self._pause(self._interval(failures, listing_seconds))

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._hinted.wait()
        except TimeoutError:
            pass
        self._hinted.clear()

    def _interval(self, failures: int, listing_seconds: float) -> float:
        settings = self.settings
        seconds = settings.poll_seconds
        if failures:
            seconds = min(seconds * 2.0 ** min(failures - 1, 16), max(settings.backoff_max_seconds, seconds))
        seconds = max(seconds, listing_seconds / settings.busy_share)
        return seconds * random.uniform(1 - settings.jitter, 1 + settings.jitter)  # noqa: S311 # spreading, no secret

    def _tell(self, refresh: Refresh) -> None:
        if not refresh.moves and not refresh.recovered:
            return
        event = RefsMoved(self.url, refresh.moves, refresh.recovered)
        for listener in tuple(self.listeners):
            # Not from here: a listener that fails must not end the watch of the others.
            asyncio.get_running_loop().call_soon(listener, event)
