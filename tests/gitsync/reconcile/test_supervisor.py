"""The supervisor: no task dies in silence."""

import asyncio
import inspect
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from gitsync.errors import Failed
from gitsync.supervisor import Heart, Supervisor


@pytest.fixture(autouse=True)
def _every_level() -> Iterator[None]:
    """A control plane that ran in this process before may have left the level that it was started with."""
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_part_that_fails_is_started_again_and_says_why() -> None:
    supervisor = Supervisor(clock=Clock())
    starts = asyncio.Semaphore(0)

    async def part(heart: Heart) -> None:
        starts.release()
        raise Failed("the disk is full")

    with capture_logs() as logs:
        supervisor.start("writer", part)
        async with asyncio.timeout(1.5):
            await starts.acquire()
            await starts.acquire()
        (state,) = supervisor.states()
    assert not state.healthy
    assert state.error == "the disk is full"
    assert state.restarts >= 1
    assert any(entry["event"] == "part failed" for entry in logs)
    await supervisor.close()


async def test_a_part_that_is_silent_for_too_long_is_not_healthy() -> None:
    clock = Clock()
    supervisor = Supervisor(clock=clock)

    async def part(heart: Heart) -> None:
        await asyncio.Event().wait()

    supervisor.start("listener", part, max_silence_seconds=10)
    clock.now = 9
    assert supervisor.states()[0].healthy
    clock.now = 11
    assert not supervisor.states()[0].healthy
    await supervisor.close()


async def test_the_fault_of_a_small_task_is_logged_and_counted() -> None:
    supervisor = Supervisor(clock=Clock())

    async def broken() -> None:
        raise KeyError("nobody expected this")

    with capture_logs() as logs:
        await supervisor.spawn("small", broken())
    assert supervisor.faults == 1
    assert logs[0]["part"] == "small"
    assert "KeyError" in logs[0]["error"]


async def test_a_small_task_that_never_began_is_let_go_at_the_end() -> None:
    supervisor = Supervisor(clock=Clock())

    async def late() -> None:
        await asyncio.Event().wait()

    work = late()
    supervisor.spawn("late", work)
    await supervisor.close()
    assert inspect.getcoroutinestate(work) == inspect.CORO_CLOSED
