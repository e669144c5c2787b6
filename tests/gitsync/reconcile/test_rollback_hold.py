"""A hold ends whenever what it waits for lands, whatever is going on at that moment."""

import asyncio
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

from gitsync.application.record import Record
from gitsync.git.refs import RefsMoved
from gitsync.git.repositories import Repositories
from gitsync.kube.client import Cluster
from gitsync.reconcile.rollback_hold import Awaited, Hold, RollbackHolds
from model.identity import ApplicationKey

URL = "https://git.example/apps.git"
KEY = ApplicationKey("argocd", "shop")
HOLD = Hold(3, "dana", (Awaited(URL, "refs/heads/rollback", "refs/heads/main", "c" * 40),))


class SlowHost:
    """Branches that answer when they are let, and have not come together."""

    def __init__(self) -> None:
        self.answer = asyncio.Event()
        self.listeners: list[Callable[[RefsMoved], None]] = []

    def subscribe(self, url: str, listener: Callable[[RefsMoved], None]) -> None:
        self.listeners.append(listener)

    def unsubscribe(self, url: str, listener: Callable[[RefsMoved], None]) -> None:
        self.listeners.remove(listener)

    async def refs(self, url: str, *, fresh: bool) -> Any:
        await self.answer.wait()
        return SimpleNamespace(refs={"refs/heads/rollback": "c" * 40, "refs/heads/main": "a" * 40})

    async def tree(self, url: str, commit: str) -> None: ...

    async def look(self, url: str, commit: str, read: object) -> bool:
        return False


async def test_what_lands_while_its_branches_are_read_is_looked_at_again() -> None:
    host, tasks, again = SlowHost(), set[asyncio.Task[None]](), list[ApplicationKey]()
    record = cast(Record, SimpleNamespace(key=KEY))

    def spawn(name: str, work: Coroutine[Any, Any, None]) -> None:
        tasks.add(asyncio.create_task(work, name=name))

    holds = RollbackHolds(cast(Repositories, host), cast(Cluster, None), spawn)
    holds.again = again.append
    holds.look(record, HOLD)
    (moved,) = host.listeners
    moved(RefsMoved(URL, ()))
    assert again == [KEY]
    holds.look(record, HOLD)  # as the application is looked at: the first look still reads
    assert len(tasks) == 1
    host.answer.set()
    await asyncio.gather(*tasks)
    assert again == [KEY, KEY]
