"""The revision that an application shows: the newest commit that changed what it reads.

Applications that ask at the same time about the same head share one walk through history. A walk has a budget; whoever
is not answered within it shows the head itself, which is never wrong, only less exact.
"""

import asyncio
from dataclasses import dataclass, field

from gitsync.git.address import normalized
from gitsync.git.closure import Closure
from gitsync.git.repositories import Repositories
from model.identity import ApplicationKey

Reader = tuple[ApplicationKey, int]  # a source of an application, by its position


@dataclass(slots=True)
class _Batch:
    """Questions that wait for the walk to begin."""

    closures: dict[Reader, Closure] = field(default_factory=dict)
    walk: asyncio.Task[dict[Reader, str]] | None = None


class NewestChanges:
    """Collects questions while a walk of the same repository is under way."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories
        self._batches: dict[tuple[str, str], _Batch] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def find(self, url: str, head: str, key: Reader, closure: Closure) -> str:
        """Raises RepositoryError."""
        place = (normalized(url), head)
        batch = self._batches.setdefault(place, _Batch())
        batch.closures[key] = closure
        if batch.walk is None:
            batch.walk = asyncio.create_task(self._walk(url, place), name=f"history of {place[0]}")
        found = await asyncio.shield(batch.walk)
        return found.get(key, head)

    async def _walk(self, url: str, place: tuple[str, str]) -> dict[Reader, str]:
        async with self._locks.setdefault(place[0], asyncio.Lock()):
            batch = self._batches.pop(place)
            return await self._repositories.newest_changes(url, place[1], batch.closures)
