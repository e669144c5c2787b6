"""The link is cut for an hour, and two replicas share a runtime: nothing is lost, doubled or made up."""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gitsync.fleet.members import WORKFLOW
from gitsync.sandbox.githost import Access
from model.identity import ResourceKey
from tests.support.control_plane import Running, control_plane
from tests.support.linked import Linked, linked_runtime
from tests.support.replicas import joined, replica, shared_database
from tests.support.sandbox_rig import running_world
from tests.support.workflows import DEFINITION, END, parameters, workflow

pytestmark = [pytest.mark.e2e]

STATE = """{ applications { nodes { metadata { name } syncStatus revision } }
  runtimes { nodes { metadata { name } available lastUpdated } } }"""
EXECUTIONS = """query($from: DateTime!, $to: DateTime!) {
  pipelineStatistics(filters: {from: $from, to: $to}) {
    served executions { value } mostActive { name successRate { value } } } }"""
AUDIT = "{ auditLog(pagination: {first: 100}) { nodes { operationId commit { sha message } } } }"
LIVE = "subscription { applications { type removed applications { metadata { name } revision } } }"
TREE = """subscription { resourceTree(application: {runtime: "demo", name: "web"}) { type upserted { name } } }"""


class Clocks:
    """Wall clock and monotonic clock of a control plane, which jump when told."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def wall(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead.total_seconds()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await holds():  # noqa: ASYNC110 - over a socket, without an event
            await asyncio.sleep(0.05)


async def revision(running: Running, name: str = "web") -> str:
    nodes = (await running.query("writer", STATE))["applications"]["nodes"]
    return next((str(node["revision"]) for node in nodes if node["metadata"]["name"] == name), "")


async def messages(running: Running) -> list[str]:
    nodes = (await running.query("writer", AUDIT))["auditLog"]["nodes"]
    shas = [node["commit"]["sha"] for node in nodes]
    assert len(shas) == len(set(shas))
    return [node["commit"]["message"].splitlines()[0] for node in nodes]


async def operations_of(linked: Linked, operation_id: str) -> int:
    path = str(linked.world.host.repositories.path("team"))
    process = await asyncio.create_subprocess_exec(
        *("git", "-C", path, "log", "main", "--format=%(trailers:key=Argosy-Operation-Id,valueonly)"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return output.decode().split().count(operation_id)


async def _run_a_workflow(linked: Linked) -> None:
    """Of a kind that the cluster did not know before; it ends, and goes."""
    (member,) = linked.rig.runtime.fleet
    cluster = member.cluster
    await cluster.create(DEFINITION)
    named = parameters(repo_url=linked.world.host.clone_url("apps"), branch="main")
    body = workflow(metadata={"namespace": "default"}, spec=named)
    key = ResourceKey("argoproj.io", "Workflow", "default", body["metadata"]["name"])
    await until(lambda: _holds(cluster.discovery.resource(WORKFLOW) is not None))
    await cluster.create(body)
    await until(lambda: _holds(member.cache.get(key) is not None))
    await cluster.delete(WORKFLOW, "default", key.name)
    await until(lambda: _holds(member.cache.get(key) is None))


async def _holds(condition: bool) -> bool:
    return condition


async def _ran_once(running: Running) -> bool:
    period = {"from": (END - timedelta(days=1)).isoformat(), "to": (END + timedelta(days=1)).isoformat()}
    found = (await running.query("writer", EXECUTIONS, **period))["pipelineStatistics"]
    expected = {
        "served": True,
        "executions": {"value": 1},
        "mostActive": [{"name": "build-x7k2p", "successRate": {"value": 1}}],
    }
    return bool(found == expected)


async def test_an_hour_without_the_link_stops_nobody_but_who_asks_and_loses_nothing(tmp_path: Path) -> None:
    clocks = Clocks()
    async with (
        running_world(tmp_path / "world") as world,
        control_plane(tmp_path / "plane", clock=clocks.wall, monotonic=clocks.monotonic) as running,
        linked_runtime(world, running, tmp_path / "runtime") as linked,
    ):
        first = await linked.deploy("2")
        await until(functools.partial(_is, running, first))
        async with running.subscribe("writer", LIVE) as events:
            await events.next()
            linked.line.cut()
            await until(lambda: _offline(running))
            second = await linked.deploy("3")
            await linked.rig.until("web", lambda body: body["status"]["sync"].get("revision") == second)
            await _run_a_workflow(linked)
            refused = await linked.create(running, "later", "op-later")
            assert [one["code"] for one in refused["errors"]] == ["RUNTIME_UNAVAILABLE"]
            clocks.ahead = timedelta(minutes=58)
            assert await revision(running) == first, "the last known state, and it says so"
            assert await _offline(running)
            clocks.ahead = timedelta(minutes=62)
            assert await revision(running) == "", "nobody knows any more who may see it"
            linked.line.mend()
            await until(functools.partial(_is, running, second))
            async with asyncio.timeout(20):
                while second not in str(await events.next()):
                    pass
        for _ in range(2):
            made = await linked.create(running, "later", "op-later")
            assert made["errors"] == []
        assert await operations_of(linked, "op-later") == 1
        await until(functools.partial(_contains, running, "Add later"))
        assert (await messages(running)).count("Add later") == 1
        await until(functools.partial(_ran_once, running))


async def test_access_that_git_takes_away_ends_within_a_minute_on_every_path(tmp_path: Path) -> None:
    clocks = Clocks()
    async with (
        running_world(tmp_path / "world", public=False) as world,
        control_plane(tmp_path / "plane", clock=clocks.wall, monotonic=clocks.monotonic) as running,
        linked_runtime(world, running, tmp_path / "runtime") as linked,
    ):
        first = await linked.deploy("2")
        await until(functools.partial(_is, running, first))
        async with running.subscribe("writer", TREE) as tree, running.subscribe("writer", LIVE) as live:
            assert "web" in str(await tree.next())
            await live.next()
            for repository in ("apps", "team", "config"):
                world.host.set_access(repository, "writer", Access.NONE)
            clocks.ahead = timedelta(seconds=60)
            linked.rig.runtime.probe.forget("writer")  # it keeps its answers for one second
            assert await revision(running) == ""
            assert await messages(running) == []
            refused = await linked.create(running, "late", "op-late")
            assert [one["code"] for one in refused["errors"]] == ["NOT_FOUND_ERROR"]
            async with asyncio.timeout(30):  # streams look again every twenty seconds of real time
                assert await tree.error() == "NOT_FOUND_ERROR"
                while (event := await live.next())["type"] != "RESYNC" and not event["removed"]:
                    pass
        assert await operations_of(linked, "op-late") == 0


async def test_two_replicas_answer_alike_and_lose_nothing_when_the_one_with_the_link_dies(tmp_path: Path) -> None:
    """Clicks at the replica without the link while the other one ends under them: one commit each, no live gap."""
    url = await shared_database()
    async with running_world(tmp_path / "world") as world, AsyncExitStack() as dying:
        other = await dying.enter_async_context(replica(tmp_path / "plane", url))
        async with AsyncExitStack() as first_to_die:
            one = await first_to_die.enter_async_context(replica(tmp_path / "plane", url))
            await joined(one)
            await joined(other)
            linked = await dying.enter_async_context(linked_runtime(world, one, tmp_path / "runtime"))
            first = await linked.deploy("2")
            for running in (one, other):
                await until(functools.partial(_is, running, first))
            live = await dying.enter_async_context(other.subscribe("writer", LIVE))
            tree = await dying.enter_async_context(other.subscribe("writer", TREE))
            assert first in str(await live.next())
            assert "web" in str(await tree.next())
            made = await linked.create(other, "cart", "op-cart")
            assert made["errors"] == []
            assert (await linked.create(one, "cart", "op-cart"))["commit"] == made["commit"], "the same click"
            await until(functools.partial(_contains, one, "Add cart"))
            clicks = [asyncio.create_task(linked.create(other, f"c{number}", f"op-{number}")) for number in range(4)]
            linked.line.lead_to(int(other.address.rpartition(":")[2]))
        outcomes = await asyncio.gather(*clicks)
        await until(functools.partial(_online, other))
        for number, outcome in enumerate(outcomes):
            again = await linked.create(other, f"c{number}", f"op-{number}")
            assert again["errors"] == []
            if outcome["commit"]:
                assert again["commit"] == outcome["commit"]
            assert await operations_of(linked, f"op-{number}") == 1
        second = await linked.deploy("3")
        async with asyncio.timeout(60):
            while second not in str(await live.next()):
                pass
        await until(functools.partial(_contains, other, "Add c3"))
        assert sorted(text for text in await messages(other) if text.startswith("Add c")) == [
            *(f"Add c{number}" for number in range(4)),
            "Add cart",
        ]


async def _is(running: Running, wanted: str) -> bool:
    return await revision(running) == wanted


async def _contains(running: Running, wanted: str) -> bool:
    return wanted in await messages(running)


async def _online(running: Running) -> bool:
    nodes = (await running.query("admin", STATE))["runtimes"]["nodes"]
    return any(node["available"] for node in nodes)


async def _offline(running: Running) -> bool:
    return not await _online(running)
