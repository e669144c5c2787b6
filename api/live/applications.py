"""Live lists of applications: the page now, then what changes, each reader at its own pace."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Hashable
from dataclasses import dataclass, field
from enum import StrEnum

from api.access.authorize import Authority
from api.access.favorites import Favorites
from api.access.viewer import Viewer
from api.live.changes import Changes
from model.database import Database
from model.identity import ApplicationId
from model.listing import ApplicationFilter, ListedApplication, Visibility
from model.paging import PageRequest
from model.store import application as application_store
from model.store.application import ApplicationSelection
from model.store.report import ApplicationChange

PAUSE_SECONDS = 0.1  # between two events of one stream: what changes meanwhile is told once
LOOK_AGAIN_SECONDS = 5.0
REMEMBERED_NEWS = 64


class LiveKind(StrEnum):
    SNAPSHOT = "SNAPSHOT"
    CHANGED = "CHANGED"
    RESYNC = "RESYNC"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ApplicationNews:
    """After RESYNC comes a SNAPSHOT: what was told before it no longer holds.

    Readers who are told the same get the same object, so that whoever encodes it can do so once. They see the same.
    """

    kind: LiveKind
    cursor: str
    visibility: Visibility
    changed: tuple[ListedApplication, ...] = ()
    removed: tuple[ApplicationId, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveApplications:
    database: Database
    changes: Changes
    authority: Authority
    favorites: Favorites
    pause_seconds: float = PAUSE_SECONDS
    _recent: OrderedDict[Hashable, ApplicationNews | None] = field(default_factory=OrderedDict)

    def cursor(self) -> str:
        """Where the stream stands now: `after` it comes whatever a page that is read from now on may lack."""
        return self.changes.cursor(self.changes.number)

    async def follow(
        self, viewer: Viewer, wanted: ApplicationFilter, *, first: int, after: str | None
    ) -> AsyncGenerator[ApplicationNews, None]:
        number = self.changes.position(after) if after else None
        if after and number is not None:
            visibility = await self.authority.visibility(viewer)
            async for news in self._changes_after(number, viewer, visibility, wanted):
                yield news
        elif after:
            yield ApplicationNews(LiveKind.RESYNC, self.changes.cursor(self.changes.number), Visibility())
        while True:
            visibility = await self.authority.visibility(viewer)
            number = self.changes.number
            yield await self._snapshot(number, viewer, visibility, wanted, first=first)
            async for news in self._changes_after(number, viewer, visibility, wanted):
                yield news
            await asyncio.sleep(self.pause_seconds)

    async def _snapshot(
        self, number: int, viewer: Viewer, visibility: Visibility, wanted: ApplicationFilter, *, first: int
    ) -> ApplicationNews:
        selection = ApplicationSelection(visibility, viewer.name, wanted)
        async with self.database.read() as session:
            page = await application_store.page(session, selection, PageRequest(first))
        found = tuple(application for _, application in page.rows)
        return ApplicationNews(LiveKind.SNAPSHOT, self.changes.cursor(number), visibility, found)

    async def _changes_after(
        self, number: int, viewer: Viewer, visibility: Visibility, wanted: ApplicationFilter
    ) -> AsyncGenerator[ApplicationNews, None]:
        """Ends with RESYNC."""
        while True:
            await self._wait(number)
            before, merged = number, self.changes.since(number)
            number = self.changes.number
            cursor = self.changes.cursor(number)
            if merged is None or await self.authority.visibility(viewer) != visibility:
                yield ApplicationNews(LiveKind.RESYNC, cursor, visibility)
                return
            if not merged:
                continue
            starred = await self.favorites.applications(viewer.name)
            told = starred if wanted.favorite is not None else frozenset()
            key = (before, number, visibility, wanted, told)
            if key not in self._recent:
                self._remember(key, _news(cursor, merged, visibility, wanted, starred))
            if (news := self._recent[key]) is not None:
                yield news
                await asyncio.sleep(self.pause_seconds)

    async def _wait(self, number: int) -> None:
        """Until something changes, or it is time to look whether the viewer sees more or less than before."""
        try:
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await self.changes.wait(number)
        except TimeoutError:
            pass

    def _remember(self, key: Hashable, news: ApplicationNews | None) -> None:
        self._recent[key] = news
        if len(self._recent) > REMEMBERED_NEWS:
            self._recent.popitem(last=False)


def _news(
    cursor: str,
    merged: dict[ApplicationId, ApplicationChange],
    visibility: Visibility,
    wanted: ApplicationFilter,
    starred: frozenset[str],
) -> ApplicationNews | None:
    """None: nothing of it concerns this reader."""

    def shows(application: ListedApplication | None) -> bool:
        return application is not None and visibility.allows(application) and wanted.matches(application, starred)

    changed = tuple(change.after for change in merged.values() if change.after is not None and shows(change.after))
    removed = tuple(
        change.id
        for change in merged.values()
        if not shows(change.after) and (shows(change.before) or wanted.favorite is not None)
    )
    return ApplicationNews(LiveKind.CHANGED, cursor, visibility, changed, removed) if changed or removed else None
