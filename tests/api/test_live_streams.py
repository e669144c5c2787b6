"""Subscriptions over real sockets: snapshot, changes, resuming, revocation, bounded memory."""

import asyncio
from collections.abc import AsyncIterator

import msgspec

from api.access.secret_token import hash_token
from api.access.viewer import Viewer
from api.live.changes import Changes
from api.live.tidings import Registered
from api.live.trees import Trees
from model.identity import ApplicationId
from model.link import (
    ApplicationChanged,
    ApplicationRemoved,
    EventInfo,
    LogLines,
    ReadLogs,
    RequestBody,
    TreeChange,
    WatchEvents,
    WatchTree,
)
from model.listing import ListedApplication
from model.report import HealthState
from model.store import runtime as runtime_store
from model.store.report import ApplicationChange
from tests.support.api_world import hidden, renamed
from tests.support.control_plane import Running
from tests.support.fake_fleet import summary
from tests.support.fake_runtime import FakeRuntime
from tests.support.fake_tree import tree

LIST = """subscription Live($filters: ApplicationsFilterArgs, $after: String) {
  applications(filters: $filters, after: $after) {
    type cursor removed applications { metadata { name favorite } healthStatus }
  }
}"""
TREE = """subscription Tree($name: String!, $after: String) {
  resourceTree(application: {runtime: "demo", name: $name}, after: $after) { type cursor removed upserted { name } }
}"""
CART = summary(1)


def names(event: dict[str, object]) -> list[str]:
    applications = event["applications"]
    assert isinstance(applications, list)
    return sorted(node["metadata"]["name"] for node in applications)


async def test_first_the_page_then_changes_and_removals(running: Running, runtime: FakeRuntime) -> None:
    async with running.subscribe("writer", LIST, filters={"search": "ca"}) as events:
        first = await events.next()
        assert (first["type"], names(first)) == ("SNAPSHOT", ["cart", "catalog"])
        await runtime.report(ApplicationChanged(msgspec.structs.replace(CART, health=HealthState.DEGRADED)))
        changed = await events.next()
        assert changed["type"] == "CHANGED"
        assert [node["healthStatus"] for node in changed["applications"]] == ["DEGRADED"]
        await runtime.report(ApplicationRemoved(CART.key))
        assert len((await events.next())["removed"]) == 1


async def test_what_no_longer_matches_the_filter_is_removed(running: Running, runtime: FakeRuntime) -> None:
    async with running.subscribe("writer", LIST, filters={"healthStatuses": ["HEALTHY"]}) as events:
        assert "cart" in names(await events.next())
        await runtime.report(ApplicationChanged(msgspec.structs.replace(CART, health=HealthState.DEGRADED)))
        event = await events.next()
        assert (names(event), len(event["removed"])) == ([], 1)


async def test_nobody_hears_of_what_they_may_not_see(running: Running, runtime: FakeRuntime) -> None:
    async with running.subscribe("writer", LIST, filters={}) as events:
        assert "hidden" not in names(await events.next())
        await runtime.report(ApplicationChanged(msgspec.structs.replace(hidden(), health=HealthState.DEGRADED)))
        await runtime.report(ApplicationChanged(msgspec.structs.replace(CART, health=HealthState.MISSING)))
        assert names(await events.next()) == ["cart"]


async def test_a_stream_resumes_after_its_cursor(running: Running, runtime: FakeRuntime) -> None:
    async with running.subscribe("writer", LIST) as events:
        cursor = (await events.next())["cursor"]
    await runtime.report(ApplicationChanged(msgspec.structs.replace(CART, health=HealthState.DEGRADED)))
    async with running.subscribe("writer", LIST, after=cursor) as events:
        event = await events.next()
        assert (event["type"], names(event)) == ("CHANGED", ["cart"])


async def test_a_cursor_of_another_process_leads_to_resync_and_a_snapshot(
    running: Running, runtime: FakeRuntime
) -> None:
    async with running.subscribe("writer", LIST, after="deadbeef.3") as events:
        assert (await events.next())["type"] == "RESYNC"
        assert (await events.next())["type"] == "SNAPSHOT"


def test_the_ring_of_changes_is_bounded_and_tells_who_fell_off() -> None:
    changes = Changes(kept=4)
    listed = ListedApplication("demo", CART)
    for _ in range(6):
        changes.publish([ApplicationChange(listed.id, listed, listed)])
    assert changes.since(1) is None
    assert changes.position(changes.cursor(1)) is None
    merged = changes.since(2)
    assert merged is not None
    assert list(merged) == [listed.id]


async def test_a_new_repository_that_the_viewer_may_read_leads_to_resync_and_a_snapshot(
    running: Running, runtime: FakeRuntime
) -> None:
    async with running.subscribe("reader", LIST) as events:
        await events.next()
        fresh = renamed("fresh", access_repo_url="https://git.example.test/fresh.git")
        await runtime.report(ApplicationChanged(fresh))
        assert (await events.next())["type"] == "RESYNC"
        again = await events.next()
        assert again["type"] == "SNAPSHOT"
        assert "fresh" in names(again)


async def test_a_star_shows_in_the_persons_other_window(running: Running, runtime: FakeRuntime) -> None:
    async with running.subscribe("writer", LIST, filters={"search": "cart"}) as events:
        await events.next()
        found = await running.query("writer", '{ application(runtime: "demo", name: "cart") { id } }')
        star = "mutation Star($id: ID!) { setFavorite(id: $id, favorite: true) }"
        await running.query("writer", star, id=found["application"]["id"])
        assert (await events.next())["applications"][0]["metadata"]["favorite"] is True


async def test_signing_out_ends_open_streams(running: Running, runtime: FakeRuntime) -> None:
    async with running.subscribe("writer", LIST) as events:
        await events.next()
        await running.plane.sign_in.sign_out(await running.token("writer"))
        assert await events.error() == "UNAUTHORIZED_ERROR"


async def test_losing_git_access_ends_the_stream_of_one_application(running: Running, runtime: FakeRuntime) -> None:
    async with running.subscribe("reader", TREE, name="cart") as events:
        await events.next()
        runtime.rights["reader"] = {}
        running.plane.authority.verdicts.forget("reader")
        running.plane.sign_in.revoked.tell(hash_token("anything"))  # makes every stream look again now
        assert await events.error() == "NOT_FOUND_ERROR"


async def test_all_viewers_of_a_tree_share_one_stream_of_the_runtime(running: Running, runtime: FakeRuntime) -> None:
    steps: asyncio.Queue[TreeChange] = asyncio.Queue()

    async def scripted(_: RequestBody) -> AsyncIterator[TreeChange]:
        yield TreeChange(0, tree("cart"), snapshot=True)
        while True:
            yield await steps.get()

    runtime.streams[WatchTree] = scripted
    async with (
        running.subscribe("writer", TREE, name="cart") as one,
        running.subscribe("reader", TREE, name="cart") as two,
    ):
        first = await one.next()
        assert (first["type"], len(first["upserted"])) == ("SNAPSHOT", len(tree("cart")))
        await two.next()
        await steps.put(TreeChange(1, (), ("gone",)))
        for events in (one, two):
            event = await events.next()
            assert (event["type"], event["removed"]) == ("CHANGED", ["gone"])
    assert sum(isinstance(body, WatchTree) for body in runtime.requests) == 1


async def test_a_tree_goes_on_with_a_snapshot_when_its_runtime_is_back(running: Running, runtime: FakeRuntime) -> None:
    async with running.subscribe("writer", TREE, name="cart") as events:
        await events.next()
        again = FakeRuntime("demo", runtime.token, running.address, rights=runtime.rights)
        again.streams, again.answers = runtime.streams, {**runtime.answers, **again.answers}
        async with again.connected():
            assert (await events.next())["type"] == "SNAPSHOT"


async def test_an_unwatched_tree_is_let_go(running: Running, runtime: FakeRuntime) -> None:
    trees = Trees(running.plane.connected, linger_seconds=0)
    stream = trees.follow(ApplicationId("demo", "argosy", "cart"), None)
    await anext(stream)
    await stream.aclose()
    await runtime.until(lambda: bool(runtime.cancelled))
    assert trees.open_feeds == 0
    await trees.close()


async def test_logs_come_line_by_line_and_end(running: Running, runtime: FakeRuntime) -> None:
    async def two_lines(body: RequestBody) -> AsyncIterator[LogLines]:
        assert isinstance(body, ReadLogs)
        assert (body.tail_lines, body.follow) == (10_000, False)
        yield LogLines("p", "app", ((None, "one"), (None, "two")), last=True)

    runtime.streams[ReadLogs] = two_lines
    logs = """subscription { podLogs(application: {runtime: "demo", name: "cart"}, pod: {kind: "Pod", name: "p"},
      tailLines: 1000000, follow: false) { content last } }"""
    async with running.subscribe("reader", logs) as events:
        assert [await events.next(), await events.next()] == [
            {"content": "one", "last": False},
            {"content": "two", "last": True},
        ]
        assert (await events.message())["type"] == "complete"


async def test_completing_a_stream_cancels_it_at_the_runtime(running: Running, runtime: FakeRuntime) -> None:
    ended = asyncio.Event()

    async def watched(_: RequestBody) -> AsyncIterator[EventInfo]:
        try:
            await asyncio.Event().wait()
            yield
        finally:
            ended.set()

    runtime.streams[WatchEvents] = watched  # type: ignore[assignment]
    question = 'subscription { resourceEvents(application: {runtime: "demo", name: "cart"}) { message } }'
    async with running.subscribe("reader", question) as events:
        await runtime.until(lambda: any(isinstance(body, WatchEvents) for body in runtime.requests))
        await events.socket.send('{"id":"1","type":"complete"}')
        await ended.wait()


async def test_runtimes_are_told_when_they_go(running: Running, runtime: FakeRuntime) -> None:
    async with running.subscribe("reader", "subscription { runtimes { metadata { name } available } }") as events:
        assert await events.next() == {"metadata": {"name": "demo"}, "available": True}
        assert runtime._socket is not None
        await runtime._socket.close()
        assert (await events.next())["available"] is False


async def test_the_stream_of_runtimes_ends_when_one_is_gone(running: Running, runtime: FakeRuntime) -> None:
    async with running.subscribe("reader", "subscription { runtimes { metadata { name } } }") as events:
        await events.next()
        async with running.plane.database.write() as session:
            await runtime_store.remove(session, "demo")
        running.plane.tidings.tell(Registered("demo", removed=True))
        assert (await events.message())["type"] == "complete"


async def test_what_changed_of_a_runtime_is_read_once_for_all(running: Running, runtime: FakeRuntime) -> None:
    readers = [running.plane.live_runtimes.follow(Viewer(name, "", False, "", None)) for name in ("reader", "writer")]
    for reader in readers:
        await anext(reader)
    told = [asyncio.ensure_future(anext(reader)) for reader in readers]
    running.plane.connected.news.tell("demo")
    one, two = await asyncio.gather(*told)
    assert one is two
    assert one.available


async def test_closing_sockets_leaves_no_stream_open(running: Running, runtime: FakeRuntime) -> None:
    async with running.subscribe("reader", LIST) as events:
        await events.next()
        assert running.plane.streams.count == 1
    async with asyncio.timeout(1):
        while running.plane.streams.count:  # noqa: ASYNC110 - a counter tells nobody when it changes
            await asyncio.sleep(0)


async def test_shared_events_never_share_what_is_personal(running: Running, runtime: FakeRuntime) -> None:
    question = """subscription { applications(filters: {search: "cart"}) {
      applications { metadata { name } permissions { sync { allowed } } } } }"""
    async with running.subscribe("writer", question) as one, running.subscribe("reader", question) as two:
        await one.next()
        await two.next()
        await runtime.report(ApplicationChanged(msgspec.structs.replace(CART, health=HealthState.DEGRADED)))
        told = [(await events.next())["applications"][0]["permissions"]["sync"]["allowed"] for events in (one, two)]
    assert told == [True, False]


async def test_stars_are_not_shared_with_the_event(running: Running, runtime: FakeRuntime) -> None:
    await running.plane.favorites.put("reader", "Application", "demo/argosy/cart", starred=True)
    async with running.subscribe("writer", LIST) as one, running.subscribe("reader", LIST) as two:
        await one.next()
        await two.next()
        await runtime.report(ApplicationChanged(msgspec.structs.replace(CART, health=HealthState.DEGRADED)))
        told = [(await events.next())["applications"][0]["metadata"]["favorite"] for events in (one, two)]
    assert told == [False, True]


async def test_children_of_a_shared_event_are_counted_as_those_see_who_are_told(
    running: Running, runtime: FakeRuntime
) -> None:
    public, private = (
        renamed(name, parent=CART.key, access_repo_url=repository)
        for name, repository in (("seen", CART.access_repo_url), ("unseen", hidden().access_repo_url))
    )
    await runtime.report(ApplicationChanged(public), ApplicationChanged(private))
    question = """subscription { applications(filters: {search: "cart"}) { applications { childrenNum } } }"""
    async with running.subscribe("admin", question) as one, running.subscribe("reader", question) as two:
        await one.next()
        await two.next()
        await runtime.report(ApplicationChanged(msgspec.structs.replace(CART, health=HealthState.DEGRADED)))
        counted = [(await events.next())["applications"] for events in (one, two)]
    assert counted == [[{"childrenNum": 2}], [{"childrenNum": 1}]]


async def test_two_windows_of_a_session_are_told_of_one_notification(running: Running, runtime: FakeRuntime) -> None:
    question = "subscription { notifications { title } }"
    async with running.subscribe("writer", question) as one, running.subscribe("writer", question) as two:
        async with asyncio.timeout(10):
            while running.plane.streams.count < 2:  # noqa: ASYNC110 - a counter tells nobody when it changes
                await asyncio.sleep(0)
        await runtime.report(ApplicationChanged(msgspec.structs.replace(CART, health=HealthState.DEGRADED)))
        assert await one.next() == await two.next()
