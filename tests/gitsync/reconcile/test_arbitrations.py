"""The API server is asked once about the same, however many comparisons want to know at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from gitsync.configuration.rules import EngineRules
from gitsync.reconcile.arbitrations import Arbitrations
from model.health import Sync
from model.identity import ResourceKey

RULES = EngineRules(now=lambda: datetime(2026, 1, 2, tzinfo=UTC))
KEY = ResourceKey("", "ConfigMap", "shop", "settings")


class Server:
    """Answers when it is told to, and counts who asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.first = asyncio.Event()
        self.may_answer = asyncio.Event()

    def says(self, sync: Sync) -> Callable[[], Awaitable[Sync]]:
        async def ask() -> Sync:
            self.asked += 1
            self.first.set()
            await self.may_answer.wait()
            return sync

        return ask


async def test_who_asks_the_same_meanwhile_gets_the_same_answer() -> None:
    arbitrations, server = Arbitrations(RULES), Server()
    first = asyncio.create_task(arbitrations.answer("here", KEY, "one", server.says(Sync.SYNCED)))
    await server.first.wait()
    second = asyncio.create_task(arbitrations.answer("here", KEY, "one", server.says(Sync.OUT_OF_SYNC)))
    server.may_answer.set()
    assert [await first, await second] == [Sync.SYNCED, Sync.SYNCED]
    assert await arbitrations.answer("here", KEY, "two", server.says(Sync.OUT_OF_SYNC)) is Sync.OUT_OF_SYNC
    assert await arbitrations.answer("elsewhere", KEY, "two", server.says(Sync.SYNCED)) is Sync.SYNCED
    assert server.asked == 3


async def test_who_waits_asks_when_the_first_one_gives_up() -> None:
    arbitrations, server = Arbitrations(RULES), Server()
    first = asyncio.create_task(arbitrations.answer("here", KEY, "one", server.says(Sync.SYNCED)))
    await server.first.wait()
    second = asyncio.create_task(arbitrations.answer("here", KEY, "one", server.says(Sync.OUT_OF_SYNC)))
    first.cancel()
    server.may_answer.set()
    assert await second is Sync.OUT_OF_SYNC
    with pytest.raises(asyncio.CancelledError):
        await first
