"""A waiter that gives up never breaks the gate for the others."""

import asyncio

import pytest

from gitsync.kube.limits import AdaptiveLimit


async def test_a_waiter_cancelled_in_the_moment_of_a_release_leaves_the_gate_whole() -> None:
    limit = AdaptiveLimit(start=1, floor=1, ceiling=1, clock=lambda: 0.0)
    await limit.acquire()
    waiter = asyncio.create_task(limit.acquire())
    await asyncio.sleep(0)
    waiter.cancel()
    limit.release()  # passes over the waiter before its task has seen the cancellation
    with pytest.raises(asyncio.CancelledError):
        await waiter
    await limit.acquire()
    assert limit.busy == 1
