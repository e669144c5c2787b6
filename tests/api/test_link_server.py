"""The control plane's end of RuntimeLink, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.errors import FellBehind, Refused, RuntimeUnavailable, TookTooLong
from model.link import (
    ApplicationChanged,
    ApplicationRemoved,
    EventInfo,
    GetTree,
    Hello,
    Hint,
    ObjectRef,
    Report,
    RequestBody,
    SnapshotBegin,
    SnapshotEnd,
    TreeAnswer,
    WatchEvents,
    encode,
)
from tests.support.control_plane import Running, control_plane
from tests.support.fake_fleet import summary
from tests.support.fake_runtime import FakeRuntime

KEY = summary(0).key
NAMES = "{ applications { nodes { metadata { name } } } }"
RIGHTS = {"admin": {"*": (True, True)}}


async def names(running: Running) -> list[str]:
    data = await running.query("admin", NAMES)
    return [node["metadata"]["name"] for node in data["applications"]["nodes"]]


async def test_a_runtime_without_a_valid_token_is_turned_away(running: Running) -> None:
    address = running.address.replace("http", "ws", 1) + "/link"
    async with connect(address, additional_headers={"Authorization": "Bearer nope"}, proxy=None) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


@pytest.mark.parametrize("frame", [b"\x00nonsense", encode(Hello("other", "1", "s", 0)), encode(Report(1, ()))])
async def test_a_link_that_does_not_begin_with_its_own_hello_is_ended(frame: bytes, running: Running) -> None:
    runtime = await running.runtime("demo")
    address = running.address.replace("http", "ws", 1) + "/link"
    async with connect(address, additional_headers={"Authorization": f"Bearer {runtime.token}"}, proxy=None) as socket:
        await socket.send(frame)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400


async def test_an_acknowledged_report_is_in_the_database(running: Running) -> None:
    runtime = await running.runtime(rights=RIGHTS)
    async with runtime.connected():
        assert runtime.resume_after is None
        await runtime.snapshot(ApplicationChanged(summary(0)))
        await runtime.report(ApplicationChanged(summary(1)), ApplicationRemoved(KEY))
        assert await names(running) == ["cart"]


async def test_a_runtime_resumes_where_it_was(running: Running) -> None:
    runtime = await running.runtime(rights=RIGHTS)
    async with runtime.connected():
        await runtime.snapshot(ApplicationChanged(summary(0)))
        await runtime.report(ApplicationChanged(summary(1)))
    async with runtime.connected():
        assert runtime.resume_after == 2
        await runtime.report(ApplicationChanged(summary(2)))
        assert await names(running) == ["cart", "catalog", "checkout"]


async def test_a_restarted_runtime_is_asked_for_a_snapshot(running: Running) -> None:
    runtime = await running.runtime(rights=RIGHTS)
    async with runtime.connected():
        await runtime.snapshot(ApplicationChanged(summary(0)))
    runtime.session, runtime.seq, runtime.acknowledged = "another", 0, 0
    async with runtime.connected():
        assert runtime.resume_after is None
        await runtime.snapshot(ApplicationChanged(summary(1)))
        assert await names(running) == ["cart"]


async def test_reports_sent_again_are_acknowledged_and_change_nothing(running: Running) -> None:
    runtime = await running.runtime(rights=RIGHTS)
    async with runtime.connected():
        await runtime.snapshot(ApplicationChanged(summary(0)))
        await runtime.report(ApplicationRemoved(KEY))
        runtime.acknowledged = 0
        await runtime.send(Report(1, (SnapshotBegin(), ApplicationChanged(summary(0)), SnapshotEnd())))
        await runtime.until(lambda: runtime.acknowledged == 2)
        assert await names(running) == []


async def test_a_gap_ends_the_link_and_nothing_of_it_is_kept(running: Running) -> None:
    runtime = await running.runtime(rights=RIGHTS)
    async with runtime.connected():
        await runtime.snapshot(ApplicationChanged(summary(0)))
        await runtime.send(Report(7, (ApplicationRemoved(KEY),)))
        await runtime.until(lambda: runtime.close_code == 4412)
    async with runtime.connected():
        assert runtime.resume_after == 1
        assert await names(running) == ["checkout"]


async def test_a_second_connection_of_a_runtime_replaces_the_first(running: Running) -> None:
    first = await running.runtime(rights=RIGHTS)
    second = FakeRuntime("demo", first.token, first.address, rights=RIGHTS)
    async with first.connected():
        await first.snapshot(ApplicationChanged(summary(0)))
        async with second.connected():
            await first.until(lambda: first.close_code == 4409)
            await second.snapshot(ApplicationChanged(summary(1)))
            assert running.plane.connected.names == ["demo"]
            assert await names(running) == ["cart"]


async def test_applications_of_a_lost_runtime_stay_and_say_so(running: Running, runtime: FakeRuntime) -> None:
    question = '{ application(runtime: "demo", name: "cart") { healthStatus errors { ... on HealthError { code } } } }'
    before = (await running.query("writer", question))["application"]
    socket = runtime._socket
    assert socket is not None
    known = running.plane.connected.news.number
    await socket.close()
    await running.plane.connected.news.wait(known)
    after = (await running.query("writer", question))["application"]
    assert after["healthStatus"] == before["healthStatus"]
    assert after["errors"][-1] == {"code": "INACTIVE_RUNTIME"}
    found = await running.query("writer", '{ runtime(name: "demo") { available healthStatus } }')
    assert found["runtime"] == {"available": False, "healthStatus": "UNKNOWN"}


async def test_a_request_has_a_time_limit_and_is_cancelled(running: Running, runtime: FakeRuntime) -> None:
    async def never(_: RequestBody) -> TreeAnswer:
        await asyncio.Event().wait()
        raise AssertionError

    runtime.answers[GetTree] = never
    with pytest.raises(TookTooLong, match="did not answer"):
        await running.plane.connected.ask("demo", GetTree(KEY), TreeAnswer, deadline_seconds=0.05)
    await runtime.until(lambda: bool(runtime.cancelled))


async def test_a_refusal_reaches_the_asker(running: Running, runtime: FakeRuntime) -> None:
    del runtime.answers[GetTree]
    with pytest.raises(Refused, match="did not script"):
        await running.plane.connected.ask("demo", GetTree(KEY), TreeAnswer)


async def test_losing_the_runtime_ends_requests_and_streams(running: Running, runtime: FakeRuntime) -> None:
    async def silent(_: RequestBody) -> AsyncIterator[EventInfo]:
        await asyncio.Event().wait()
        yield EventInfo("", "", "", 0, ObjectRef("", "", "", "", ""))

    runtime.streams[WatchEvents] = silent
    async with running.plane.connected.stream("demo", WatchEvents(KEY)) as stream:
        assert runtime._socket is not None
        await runtime._socket.close()
        with pytest.raises(RuntimeUnavailable):
            await anext(stream)
    with pytest.raises(RuntimeUnavailable):
        await running.plane.connected.ask("demo", GetTree(KEY), TreeAnswer)


async def test_a_slow_reader_loses_its_stream_and_costs_no_memory(running: Running, runtime: FakeRuntime) -> None:
    async def flood(_: RequestBody) -> AsyncIterator[EventInfo]:
        while True:
            yield EventInfo("Normal", "r", "m", 1, ObjectRef("", "v1", "Pod", "n", "p"))
            await asyncio.sleep(0)

    runtime.streams[WatchEvents] = flood
    async with running.plane.connected.stream("demo", WatchEvents(KEY), capacity=8) as stream:
        await runtime.until(lambda: bool(runtime.cancelled))
        with pytest.raises(FellBehind):
            await anext(stream)


async def test_a_webhook_becomes_a_hint(running: Running, runtime: FakeRuntime) -> None:
    running.plane.connected.hint(("https://git/one.git",))
    await runtime.until(lambda: runtime.hints == [Hint(("https://git/one.git",))])


async def test_a_restarted_control_plane_goes_on_where_it_was(tmp_path: Path) -> None:
    async with control_plane(tmp_path) as running:
        runtime = await running.runtime(rights=RIGHTS)
        async with runtime.connected():
            await runtime.snapshot(ApplicationChanged(summary(0)))
    async with control_plane(tmp_path) as running:
        runtime.address = running.address
        async with runtime.connected():
            assert runtime.resume_after == 1
            await runtime.report(ApplicationChanged(summary(1)))
            assert await names(running) == ["cart", "checkout"]
