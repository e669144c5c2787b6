"""Answers that many open consoles ask for again after the same change, made once for all of them.

An answer is shared among those who ask the same, see the same (what they see is a part of the key, and it is made for
exactly that) and starred the same of what it shows; and only until an application or a runtime changes, or a few
seconds are over. Before it: `api.endpoints`, which says what may be shared; it never knows what an answer means.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field, replace

from api.access.authorize import Authority
from api.access.favorites import Favorites
from api.access.viewer import Viewer
from api.live.changes import Changes
from api.live.news import News

KEPT_ANSWERS = 128
KEPT_SECONDS = 5.0  # when a runtime was seen last is written down without a word to anybody


@dataclass(frozen=True, slots=True)
class Answer:
    """`looked_up`: the applications of which it says whether they are starred. Not `sharable`: for who asked alone."""

    body: bytes
    looked_up: frozenset[str]
    status: int = 200
    sharable: bool = True


@dataclass(slots=True)
class _Kept:
    """Answers to one question, as one sees it, by what is starred of what they show. One is made at a time."""

    since: float
    making: asyncio.Lock = field(default_factory=asyncio.Lock)
    by_stars: dict[frozenset[str], Answer] = field(default_factory=dict)

    def found(self, starred: frozenset[str]) -> Answer | None:
        matching = (one for stars, one in self.by_stars.items() if one.looked_up & starred == stars)
        return next(matching, None)


class SharedAnswers:
    def __init__(
        self,
        changes: Changes,
        runtimes: News,
        authority: Authority,
        favorites: Favorites,
        monotonic: Callable[[], float],
    ) -> None:
        self._changes = changes
        self._runtimes = runtimes
        self._authority = authority
        self._favorites = favorites
        self._monotonic = monotonic
        self._moment = (0, 0)
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    async def answer(self, viewer: Viewer, question: Hashable, make: Callable[[Viewer], Awaitable[Answer]]) -> Answer:
        """`make` is given a viewer who sees what this answer is for, whatever becomes of their rights meanwhile."""
        visibility = await self._authority.visibility(viewer)
        kept = self._of_now((question, visibility, viewer.is_admin))
        async with kept.making:
            starred = await self._favorites.applications(viewer.name)
            if (found := kept.found(starred)) is not None:
                return found
            made = await make(replace(viewer, sees=visibility))
            if made.sharable and starred == await self._favorites.applications(viewer.name):
                kept.by_stars[made.looked_up & starred] = made
            return made

    def _of_now(self, key: Hashable) -> _Kept:
        moment, now = (self._changes.number, self._runtimes.number), self._monotonic()
        if moment != self._moment:
            self._kept.clear()
            self._moment = moment
        kept = self._kept.get(key)
        if kept is None or now - kept.since > KEPT_SECONDS:
            kept = self._kept[key] = _Kept(now)
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT_ANSWERS:
            self._kept.popitem(last=False)
        return kept
