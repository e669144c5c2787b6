"""Live runtimes: what changed of them is read once for all who follow."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from api.access.authorize import Authority
from api.access.viewer import Viewer
from api.runtimes.connected import ConnectedRuntimes
from model.database import Database
from model.listing import RegisteredRuntime
from model.store import runtime as runtime_store


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class RuntimeNews:
    """The same object for all who are told of it, so that whoever encodes it can do so once."""

    runtime: RegisteredRuntime
    available: bool


@dataclass(frozen=True, slots=True)
class _Read:
    """What became of these runtimes between two numbers of the news."""

    before: int
    after: int
    names: frozenset[str]
    found: dict[str, RuntimeNews]


class LiveRuntimes:
    def __init__(self, database: Database, connected: ConnectedRuntimes, authority: Authority) -> None:
        self._database = database
        self._connected = connected
        self._authority = authority
        self._newest = _Read(0, 0, frozenset(), {})
        self._reading = asyncio.Lock()

    async def follow(self, viewer: Viewer) -> AsyncGenerator[RuntimeNews, None]:
        """All that the viewer may see, then each that changes. Ends when one that was told of is there no more, or not
        for this viewer: whoever goes on reads all anew."""
        news, told = self._connected.news, set[str]()
        number = news.number
        async with self._database.read() as session:
            found = [self._news(one) for one in await runtime_store.all_runtimes(session)]
        while True:
            for one in found:
                if await self._authority.may_see_runtime(viewer, one.runtime.name):
                    told.add(one.runtime.name)
                    yield one
                elif one.runtime.name in told:
                    return
            await news.wait(number)
            read = await self._since(number)
            if (read.names - read.found.keys()) & told:
                return
            number, found = read.after, list(read.found.values())

    async def _since(self, number: int) -> _Read:
        async with self._reading:
            after = self._connected.news.number
            if (self._newest.before, self._newest.after) != (number, after):
                names = frozenset(self._connected.news.since(number))
                async with self._database.read() as session:
                    found = await runtime_store.get_many(session, names)
                self._newest = _Read(number, after, names, {one.name: self._news(one) for one in found})
            return self._newest

    def _news(self, runtime: RegisteredRuntime) -> RuntimeNews:
        return RuntimeNews(runtime, self._connected.available(runtime.name))
