"""Promise 4: what Git takes away ends every kind of stream, and no later question is answered."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from api.access.authorize import REMEMBERED_SECONDS
from api.access.secret_token import hash_token
from api.access.verdicts import FRESH_SECONDS
from api.live.streams import RECHECK_SECONDS
from model.link import AnswerBody, EventInfo, LogLines, ObjectRef, ReadLogs, RequestBody, WatchEvents
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

pytestmark = pytest.mark.cpu_seconds(20)  # real sockets, and streams that are asked again about Git's word
CART = 'application: {runtime: "demo", name: "cart"}'
STREAMS = {
    "application": 'subscription { application(runtime: "demo", name: "cart") { type } }',
    "resourceTree": f"subscription {{ resourceTree({CART}) {{ type }} }}",
    "podLogs": f'subscription {{ podLogs({CART}, pod: {{kind: "Pod", name: "p"}}) {{ content }} }}',
    "resourceEvents": f"subscription {{ resourceEvents({CART}) {{ message }} }}",
}


async def _endless_log(_: RequestBody) -> AsyncIterator[AnswerBody]:
    yield LogLines("p", "app", ((None, "one"),))
    await asyncio.Event().wait()


async def _endless_events(_: RequestBody) -> AsyncIterator[AnswerBody]:
    yield EventInfo("Normal", "Started", "one", 1, ObjectRef("", "v1", "Pod", "default", "p"))
    await asyncio.Event().wait()


def test_a_loss_is_noticed_within_a_minute() -> None:
    """A verdict is renewed from half of its life on, and asked for anew at its end; streams look again in between."""
    assert FRESH_SECONDS + REMEMBERED_SECONDS <= 60
    assert RECHECK_SECONDS <= 60


@pytest.mark.parametrize("kind", ["resourceTree", "podLogs", "resourceEvents"])
async def test_losing_git_access_ends_every_kind_of_stream(running: Running, runtime: FakeRuntime, kind: str) -> None:
    runtime.streams[ReadLogs], runtime.streams[WatchEvents] = _endless_log, _endless_events
    async with running.subscribe("reader", STREAMS[kind]) as events:
        await events.next()
        _lose(running, runtime)
        assert await events.error() == "NOT_FOUND_ERROR"


async def test_losing_git_access_takes_the_application_out_of_its_stream(
    running: Running, runtime: FakeRuntime
) -> None:
    document = 'subscription { application(runtime: "demo", name: "cart") { type removed applications { id } } }'
    async with running.subscribe("reader", document) as events:
        assert len((await events.next())["applications"]) == 1
        _lose(running, runtime)
        while (event := await events.next())["type"] != "RESYNC" and not event["removed"]:
            assert event["applications"] == []
        assert event["applications"] == []


@pytest.mark.parametrize("kind", [*STREAMS, "applications"])
async def test_a_revoked_session_ends_every_kind_of_stream(running: Running, runtime: FakeRuntime, kind: str) -> None:
    runtime.streams[ReadLogs], runtime.streams[WatchEvents] = _endless_log, _endless_events
    document = STREAMS.get(kind, "subscription { applications { type } }")
    async with running.subscribe("reader", document) as events:
        await events.next()
        await running.plane.sign_in.sign_out(await running.token("reader"))
        assert await events.error() == "UNAUTHORIZED_ERROR"


async def test_after_a_loss_no_query_and_no_action_finds_the_application(
    running: Running, runtime: FakeRuntime
) -> None:
    one = '{ application(runtime: "demo", name: "cart") { id } }'
    assert (await running.query("reader", one))["application"] is not None
    _lose(running, runtime)
    assert (await running.query("reader", one))["application"] is None
    assert (await running.query("reader", "{ applications { totalCount } }"))["applications"]["totalCount"] == 0
    sync = 'mutation { syncApplication(runtime: "demo", name: "cart") { errors { code } } }'
    assert (await running.query("reader", sync))["syncApplication"]["errors"] == [{"code": "NOT_FOUND_ERROR"}]


def _lose(running: Running, runtime: FakeRuntime) -> None:
    """Git takes the right away, and what was remembered has come of age."""
    runtime.rights["reader"] = {}
    running.plane.authority.forget("reader")
    running.plane.sign_in.revoked.tell(hash_token("anything"))  # makes every stream look again now
