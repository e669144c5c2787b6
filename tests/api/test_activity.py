"""The activity feed: live, filtered by what Git lets people see, and readable afterwards."""

from datetime import timedelta

import msgspec

from model.link import ApplicationChanged
from model.operation import Phase
from tests.support.api_world import hidden
from tests.support.control_plane import Running
from tests.support.fake_fleet import operation, summary
from tests.support.fake_runtime import FakeRuntime

LIVE = "subscription { notifications { id kind state title application { name } level } }"
LIST = '{ notifications(filters: {kinds: ["Sync"]}) { totalCount nodes { id title state } } }'


async def test_a_sync_is_told_as_it_goes_and_can_be_read_later(running: Running, runtime: FakeRuntime) -> None:
    cart, now = summary(1), running.plane.clock()
    secret = msgspec.structs.replace(hidden(), operation=operation("a" * 40, Phase.RUNNING, now))
    async with running.subscribe("reader", LIVE) as events:
        await runtime.report(ApplicationChanged(secret))
        for phase in (Phase.RUNNING, Phase.FAILED):
            state = operation("a" * 40, phase, now + timedelta(seconds=4))
            await runtime.report(ApplicationChanged(msgspec.structs.replace(cart, operation=state)))
        first, second = await events.next(), await events.next()
    assert [(one["state"], one["level"], one["application"]["name"]) for one in (first, second)] == [
        ("IN_PROGRESS", None, "cart"),
        ("FAILED", "ERROR", "cart"),
    ]
    assert first["id"] == second["id"]
    found = (await running.query("reader", LIST))["notifications"]
    assert [(one["title"], one["state"]) for one in found["nodes"]][:1] == [("Sync of cart failed", "FAILED")]
    assert all("hidden" not in one["title"] for one in found["nodes"])
    node = await running.query("reader", "query N($id: ID!) { node(id: $id) { id } }", id=first["id"])
    assert node["node"]["id"] == first["id"]
