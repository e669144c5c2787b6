"""Two replicas of the control plane on one database, one of which has the runtime's link."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.access.secret_token import REPLICA, new_token
from api.errors import RuntimeUnavailable
from api.live.tidings import Hinted
from api.settings import Settings
from model.link import (
    ApplicationChanged,
    EventInfo,
    GetTree,
    ObjectRef,
    Refusal,
    RequestBody,
    TreeAnswer,
    WatchEvents,
)
from tests.support.api_world import RIGHTS, SECRET_REPO
from tests.support.control_plane import Running
from tests.support.fake_fleet import summary
from tests.support.fake_runtime import FakeRuntime
from tests.support.replicas import joined, replica, shared_database, two_replicas, until

pytestmark = pytest.mark.cpu_seconds(60)  # two control planes each, over real sockets

KEY = summary(0).key
NAMES = "{ applications { nodes { metadata { name } } } }"
RUNTIMES = "{ runtimes { nodes { metadata { name } available } } }"
LIVE = "subscription { applications { type cursor applications { metadata { name } revision } } }"
STAR = "mutation($id: ID!) { setFavorite(id: $id, favorite: true) }"


@asynccontextmanager
async def linked(one: Running, two: Running) -> AsyncIterator[FakeRuntime]:
    """Runtime `demo` is linked to the first, and the second knows."""
    runtime = await one.runtime("demo", rights=dict(RIGHTS))
    async with runtime.connected():
        await runtime.snapshot(ApplicationChanged(summary(0)), ApplicationChanged(summary(1)))
        await elsewhere(two)
        yield runtime


async def elsewhere(running: Running, name: str = "demo") -> None:
    await until(running.plane.connected.news, lambda: running.plane.connected.available(name))


async def names(running: Running, person: str = "reader") -> list[str]:
    nodes = (await running.query(person, NAMES))["applications"]["nodes"]
    return [node["metadata"]["name"] for node in nodes]


async def test_a_replica_without_the_link_shows_and_asks_as_the_one_with_it(tmp_path: Path) -> None:
    async with two_replicas(tmp_path) as (one, two), linked(one, two) as runtime:
        assert await names(two) == await names(one) == ["cart", "checkout"]
        assert await names(two, "stranger") == []
        for running in (one, two):
            nodes = (await running.query("reader", RUNTIMES))["runtimes"]["nodes"]
            assert nodes == [{"metadata": {"name": "demo"}, "available": True}]
        runtime.answers[GetTree] = lambda _: TreeAnswer(())
        assert await two.plane.connected.ask("demo", GetTree(KEY), TreeAnswer) == TreeAnswer(())


async def test_a_runtimes_refusal_is_the_same_through_another_replica(tmp_path: Path) -> None:
    async with two_replicas(tmp_path) as (one, two), linked(one, two) as runtime:
        runtime.answers[GetTree] = lambda _: Refusal("NOT_IN_GIT", "no file", "commit it", "name")
        told = []
        for running in (one, two):
            with pytest.raises(Exception, match="no file") as refused:
                await running.plane.connected.ask("demo", GetTree(KEY), TreeAnswer)
            told.append((type(refused.value), vars(refused.value)))
        assert told[0] == told[1]


async def test_streams_go_through_and_end_at_the_runtime_when_nobody_reads_them_any_more(tmp_path: Path) -> None:
    async def events(_: RequestBody) -> AsyncIterator[EventInfo]:
        number = 0
        while True:
            number += 1
            yield EventInfo("Normal", str(number), "", 1, ObjectRef("", "v1", "Pod", "default", "p"))
            if number == 3:
                await asyncio.Event().wait()

    async with two_replicas(tmp_path) as (one, two), linked(one, two) as runtime:
        runtime.streams[WatchEvents] = events
        async with two.plane.connected.stream("demo", WatchEvents(KEY)) as stream:
            seen = [await anext(stream) for _ in range(3)]
        assert [event.reason for event in seen if isinstance(event, EventInfo)] == ["1", "2", "3"]
        await runtime.until(lambda: len(runtime.cancelled) == 1)


async def test_a_subscriber_of_either_replica_sees_what_the_runtime_reports(tmp_path: Path) -> None:
    async with two_replicas(tmp_path) as (one, two), linked(one, two) as runtime:
        for number, running in enumerate((one, two), start=2):
            async with running.subscribe("reader", LIVE) as events:
                assert (await events.next())["type"] == "SNAPSHOT"
                await runtime.report(ApplicationChanged(summary(number)))
                event = await events.next()
                assert event["type"] == "CHANGED"
                assert [one["metadata"]["name"] for one in event["applications"]] == [summary(number).key.name]


async def test_a_repository_that_is_new_is_known_at_once_in_both(tmp_path: Path) -> None:
    async with two_replicas(tmp_path) as (one, two), linked(one, two) as runtime:
        assert await names(two) == ["cart", "checkout"]
        runtime.rights["reader"] = {"*": (True, True), SECRET_REPO: (True, True)}
        async with two.subscribe("reader", LIVE) as events:
            await events.next()
            new = summary(2)
            await runtime.report(ApplicationChanged(msgspec.structs.replace(new, access_repo_url=SECRET_REPO)))
            while (event := await events.next())["type"] == "RESYNC":
                pass
            assert new.key.name in str(event)


async def test_what_changes_in_one_replica_is_not_remembered_otherwise_by_the_other(tmp_path: Path) -> None:
    async with two_replicas(tmp_path) as (one, two), linked(one, two) as runtime:
        query = "{ applications { nodes { id metadata { name favorite } } } }"
        node = (await two.query("reader", query))["applications"]["nodes"][0]
        async with two.subscribe("reader", LIVE) as events:
            await events.next()
            assert (await one.query("reader", STAR, id=node["id"])) == {"setFavorite": True}
            assert node["metadata"]["name"] in str(await events.next())
        again = (await two.query("reader", query))["applications"]["nodes"][0]
        assert (node["metadata"]["favorite"], again["metadata"]["favorite"]) == (False, True)
        assert runtime.close_code is None


async def test_a_session_that_ends_at_one_replica_ends_streams_at_the_other(tmp_path: Path) -> None:
    async with two_replicas(tmp_path) as (one, two), linked(one, two), two.subscribe("reader", LIVE) as events:
        await events.next()
        headers = {"Authorization": f"Bearer {await two.token('reader')}"}
        async with one.http() as client:
            assert (await client.post("/auth/logout", headers=headers)).status_code == 204
        assert await events.error() == "UNAUTHORIZED_ERROR"


async def test_a_webhook_at_either_replica_reaches_the_runtime(tmp_path: Path) -> None:
    async with two_replicas(tmp_path) as (one, two), linked(one, two) as runtime:
        two.plane.tidings.tell(Hinted(("https://git.example.test/a.git",)))
        await runtime.until(lambda: any("https://git.example.test/a.git" in hint.repo_urls for hint in runtime.hints))


async def test_a_runtime_that_dials_the_other_replica_is_followed_by_everybody(tmp_path: Path) -> None:
    async with (
        two_replicas(tmp_path) as (one, two),
        linked(one, two) as runtime,
        one.subscribe("reader", LIVE) as here,
        two.subscribe("reader", LIVE) as there,
    ):
        await here.next()
        await there.next()
        moved = FakeRuntime("demo", runtime.token, two.address, rights=runtime.rights)
        moved.session, moved.seq, moved.acknowledged = runtime.session, runtime.seq, runtime.acknowledged
        async with moved.connected():
            assert moved.resume_after == 1
            await runtime.until(lambda: runtime.close_code == 4409)
            await moved.report(ApplicationChanged(summary(2)))
            for events in (here, there):
                while summary(2).key.name not in str(await events.next()):
                    pass
            moved.answers[GetTree] = lambda _: TreeAnswer(())
            await elsewhere(one)
            assert await one.plane.connected.ask("demo", GetTree(KEY), TreeAnswer) == TreeAnswer(())


async def test_a_replica_that_is_gone_takes_only_its_runtimes_along(tmp_path: Path) -> None:
    url = await shared_database()
    async with replica(tmp_path, url) as two:
        async with replica(tmp_path, url) as one:
            await joined(two)
            async with linked(one, two) as runtime, two.subscribe("reader", LIVE) as events:
                await events.next()
                token = runtime.token
        news = two.plane.connected.news
        await until(news, lambda: not two.plane.connected.available("demo"))
        with pytest.raises(RuntimeUnavailable):
            await two.plane.connected.ask("demo", GetTree(KEY), TreeAnswer)
        back = FakeRuntime("demo", token, two.address, rights=dict(RIGHTS), session="new")
        async with back.connected():
            await back.snapshot(ApplicationChanged(summary(2)))
            assert await names(two) == [summary(2).key.name]


async def test_a_gap_in_the_line_leads_readers_to_resync(tmp_path: Path) -> None:
    """The other replica is told to read anew what it may have missed."""
    async with two_replicas(tmp_path) as (one, two), linked(one, two) as runtime:
        async with two.subscribe("reader", LIVE) as events:
            await events.next()
            await two.plane.supervisor.end("replicas")
            assert (await events.next())["type"] == "RESYNC"
            assert (await events.next())["type"] == "SNAPSHOT"
        assert runtime.close_code is None
        await until(two.plane.connected.news, lambda: not two.plane.connected.available("demo"))


async def test_only_the_first_replica_is_in_charge_of_hosted_runtimes(tmp_path: Path) -> None:
    url = await shared_database()
    async with replica(tmp_path, url) as one, replica(tmp_path, url) as two:
        assert (one.plane.roster.is_first, two.plane.roster.is_first) == (True, False)


async def test_whoever_is_no_replica_gets_no_line(tmp_path: Path) -> None:
    async with two_replicas(tmp_path) as (one, two):
        runtime = await one.runtime("demo")
        person = await one.token("admin")
        for token in ("", new_token(REPLICA), runtime.token, person):
            address = two.address.replace("http", "ws", 1) + "/replica"
            async with connect(address, additional_headers={"Authorization": f"Bearer {token}"}, proxy=None) as socket:
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401


async def test_an_address_at_which_somebody_else_answers_is_told(tmp_path: Path) -> None:
    url = await shared_database()
    async with (
        replica(tmp_path, url) as one,
        replica(tmp_path, url, replica_url=one.address.replace("127.0.0.1", "localhost")) as two,
    ):
        roster = one.plane.roster
        await until(roster.news, lambda: "somebody else" in " ".join(roster.problems.values()))
        async with one.http() as client:
            parts = (await client.get("/readyz")).json()["parts"]
        assert parts["lines"]["status"] == "degraded"
        assert two.plane.roster.others == [one.address], "the other way it works"


def test_a_control_plane_with_a_file_of_its_own_is_alone() -> None:
    assert Settings().replica_address is None
    shared = Settings(database_url="postgresql://u:p@db/argosy")
    assert shared.replica_address == "http://127.0.0.1:8000"
    address = Settings(database_url="postgresql://u:p@db/argosy", host="0.0.0.0").replica_address
    assert address is not None
    assert "0.0.0.0" not in address
    assert Settings(replica_url="http://10.0.0.7:8000").replica_address == "http://10.0.0.7:8000"
