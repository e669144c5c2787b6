"""What ends an open stream: one look for all streams of a sign-in, and the reader is interrupted where it waits."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from api.access.viewer import Viewer
from api.errors import Forbidden, Unauthorized
from api.live.streams import OpenStreams
from tests.support.control_plane import Running


async def endless(ended: list[str]) -> AsyncGenerator[int, None]:
    try:
        yield 1
        await asyncio.Event().wait()
    finally:
        ended.append("ended")


async def viewer_of(running: Running, person: str) -> Viewer:
    viewer = await running.plane.sign_in.recognise(await running.token(person))
    assert viewer is not None
    return viewer


def streams_of(running: Running) -> OpenStreams:
    return OpenStreams(running.plane.sign_in, running.plane.clock)


async def waiting(stream: AsyncGenerator[int, None]) -> "asyncio.Task[int]":
    """Has read what came at once, and waits for more."""
    assert await anext(stream) == 1
    task: asyncio.Task[int] = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    return task


async def test_the_end_of_a_sign_in_interrupts_all_its_streams_and_no_other(running: Running) -> None:
    streams, ended = streams_of(running), list[str]()
    reader, writer = await viewer_of(running, "reader"), await viewer_of(running, "writer")
    readers = [await waiting(streams.guard(reader, endless(ended))) for _ in range(3)]
    writers = await waiting(streams.guard(writer, endless(ended)))
    assert len([task for task in asyncio.all_tasks() if task.get_name() == "stream-sign-in"]) == 2
    await running.plane.sign_in.sign_out(await running.token("reader"))
    for task in readers:
        with pytest.raises(Unauthorized):
            await task
    assert (len(ended), writers.done(), streams.count) == (3, False, 1)
    writers.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writers
    assert (len(ended), streams.count) == (4, 0)


async def test_a_refusal_that_meets_a_cancellation_leaves_it_one(running: Running) -> None:
    ended = list[str]()
    viewer = await viewer_of(running, "reader")

    async def refuse() -> None:
        task.cancel()
        raise Forbidden("no")

    task = await waiting(streams_of(running).guard(viewer, endless(ended), refuse))
    running.plane.sign_in.revoked.tell("anything")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["ended"]


async def test_a_stream_that_is_refused_between_two_events_ends_with_the_next(running: Running) -> None:
    ended = list[str]()
    looked = asyncio.Event()

    async def refuse() -> None:
        looked.set()
        raise Forbidden("no")

    stream = streams_of(running).guard(await viewer_of(running, "reader"), endless(ended), refuse)
    assert await anext(stream) == 1
    await asyncio.sleep(0)
    running.plane.sign_in.revoked.tell("anything")
    await looked.wait()
    await asyncio.sleep(0)
    with pytest.raises(Forbidden):
        await anext(stream)
    assert ended == ["ended"]
