"""The work queue: each key once, lanes fair and limited."""

import asyncio
from collections.abc import Awaitable, Callable

from gitsync.reconcile.queue import FairQueue


class Works:
    """Work that ends when the test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.any = asyncio.Event()
        self._gates: dict[str, asyncio.Event] = {}

    async def work(self, key: str) -> None:
        self.begun.append(key)
        self.any.set()
        await self._gates.setdefault(key, asyncio.Event()).wait()

    def finish(self, key: str) -> None:
        self._gates.setdefault(key, asyncio.Event()).set()


def queue_of(work: Callable[[str], Awaitable[None]], *, lane: int = 2, total: int = 10) -> FairQueue[str]:
    return FairQueue(work, lane_of=lambda key: key[0], lane_concurrency=lane, total_concurrency=total)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_key_is_in_the_queue_once() -> None:
    works = Works()
    queue = queue_of(works.work, lane=1)
    for key in ("a1", "a2", "a2", "a2"):
        queue.add(key)
    await settle()
    assert works.begun == ["a1"]
    assert queue.depth == 1
    await queue.close()


async def test_a_key_added_while_it_is_worked_on_comes_once_more() -> None:
    works = Works()
    queue = queue_of(works.work)
    queue.add("a1")
    await settle()
    queue.add("a1")
    queue.add("a1")
    await settle()
    assert works.begun == ["a1"]
    works.finish("a1")
    await settle()
    assert works.begun == ["a1", "a1"]
    await queue.close()


async def test_a_lane_that_hangs_holds_up_nobody_else() -> None:
    works = Works()
    queue = queue_of(works.work, lane=2, total=4)
    for number in range(50):
        queue.add(f"a{number}")
    queue.add("b1")
    await settle()
    assert works.begun == ["a0", "a1", "b1"]
    await queue.close()


async def test_lanes_take_turns() -> None:
    works = Works()
    queue = queue_of(works.work, lane=9, total=1)
    for key in ("a1", "a2", "a3", "b1", "b2"):
        queue.add(key)
    for key in ("a1", "b1", "a2", "b2", "a3"):
        await settle()
        works.finish(key)
    await settle()
    assert works.begun[0] == "a1"
    assert set(works.begun[1:3]) == {"a2", "b1"}
    await queue.close()


async def test_the_earlier_of_two_timers_wins() -> None:
    works = Works()
    queue = queue_of(works.work)
    queue.add_after("a1", 0.01)
    queue.add_after("a1", 60)
    async with asyncio.timeout(1):
        await works.any.wait()
    await queue.close()


async def test_nothing_is_handed_out_after_closing() -> None:
    works = Works()
    queue = queue_of(works.work)
    queue.add_after("a1", 0)
    await queue.close()
    queue.add("a2")
    await settle()
    assert works.begun == []
