"""Concurrency adapts: wider while the cluster keeps up, narrower when it does not; nobody is lost in the queue."""

import asyncio
import random

import pytest

from gitsync.kube.backoff import Backoff, Pace
from gitsync.kube.limits import AdaptiveLimit, Budget, Limits


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def limit(clock: Clock, *, start: int = 4) -> AdaptiveLimit:
    return AdaptiveLimit(start=start, floor=2, ceiling=16, clock=clock)


async def saturated(one: AdaptiveLimit) -> None:
    while one.busy < one.width:
        await one.acquire()


async def test_it_widens_while_latency_is_steady_and_all_places_are_taken() -> None:
    one = limit(Clock())
    for _ in range(400):
        await saturated(one)
        one.answered(0.010)
    assert one.width == 16


async def test_it_does_not_widen_while_places_are_free() -> None:
    one = limit(Clock())
    for _ in range(400):
        one.answered(0.010)
    assert one.width == 4


async def test_429_halves_it_once_per_round_trip_and_never_below_the_floor() -> None:
    clock = Clock()
    one = limit(clock, start=16)
    for _ in range(10):
        one.overloaded()
    assert one.width == 8
    for _ in range(10):
        clock.now += 1.0
        one.overloaded()
    assert one.width == 2


async def test_it_narrows_when_answers_become_slow_and_recovers() -> None:
    clock = Clock()
    one = limit(clock, start=16)
    for _ in range(20):
        one.answered(0.010)
    for _ in range(200):
        clock.now += 0.2
        one.answered(0.200)
    assert one.width < 8
    narrow = one.width
    for _ in range(2000):
        clock.now += 0.01
        await saturated(one)
        one.answered(0.010)
    assert one.width > narrow


async def test_waiting_is_first_come_first_served() -> None:
    one = limit(Clock())
    await saturated(one)
    order: list[int] = []

    async def take(number: int) -> None:
        await one.acquire()
        order.append(number)

    tasks = [asyncio.create_task(take(number)) for number in range(5)]
    for _ in range(5):
        await asyncio.sleep(0)
        one.release()
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(20))
async def test_no_place_is_lost_whoever_gives_up_and_when(seed: int) -> None:
    seeded = random.Random(seed)
    limits = Limits(Clock())

    async def use() -> None:
        async with limits.slot(Budget.WATCH):
            for _ in range(seeded.randrange(3)):
                await asyncio.sleep(0)

    tasks = [asyncio.create_task(use()) for _ in range(50)]
    for _ in range(60):
        seeded.choice(tasks).cancel()
        for _ in range(seeded.randrange(3)):
            await asyncio.sleep(0)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert limits.of(Budget.WATCH).busy == 0
    await asyncio.gather(*(use() for _ in range(20)))


async def test_budgets_do_not_wait_for_each_other() -> None:
    limits = Limits(Clock())
    await saturated(limits.of(Budget.SYNC))
    async with limits.slot(Budget.PEOPLE):
        assert limits.of(Budget.PEOPLE).busy == 1


def test_back_off_doubles_up_to_its_bound_is_spread_and_forgets() -> None:
    backoff = Backoff(Pace(first_seconds=1.0, most_seconds=8.0), random.Random(3))
    waits = [backoff.failed() for _ in range(6)]
    for wait, middle in zip(waits, (1, 2, 4, 8, 8, 8), strict=True):
        assert middle * 0.5 <= wait <= middle * 1.5
    backoff.succeeded()
    assert backoff.failed() <= 1.5
