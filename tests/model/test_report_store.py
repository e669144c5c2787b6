"""Taking in reports: once each, in order, all or nothing."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from model.database import Database
from model.errors import Conflict
from model.identity import ApplicationId, ApplicationKey
from model.link import (
    ApplicationChanged,
    ApplicationRemoved,
    ClusterChanged,
    Report,
    ReportItem,
    RuntimeChanged,
    SnapshotBegin,
    SnapshotEnd,
)
from model.listing import ApplicationFilter, Visibility
from model.paging import PageRequest
from model.report import ClusterSummary, RuntimeSummary
from model.store import application as application_store
from model.store import replica as replica_store
from model.store import report as report_store
from model.store import runtime as runtime_store
from model.store.application import ApplicationSelection
from tests.support.fake_fleet import APPS, PLATFORM, summary

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SEES_ALL = ApplicationSelection(Visibility(frozenset({("demo", PLATFORM), ("demo", APPS)}), orphans=True), "admin")


async def apply(database: Database, seq: int, *items: ReportItem, session: str = "s1") -> report_store.Applied:
    async with database.write() as writing:
        return await report_store.apply(writing, "demo", session, Report(seq, items))


async def names(database: Database) -> list[str]:
    async with database.read() as reading:
        page = await application_store.page(reading, SEES_ALL, PageRequest(100))
    return [application.summary.key.name for _, application in page.rows]


def changed(index: int) -> ApplicationChanged:
    return ApplicationChanged(summary(index))


async def test_a_session_begins_with_a_snapshot(database: Database) -> None:
    with pytest.raises(Conflict):
        await apply(database, 1, changed(0))
    await apply(database, 1, SnapshotBegin(), changed(0), SnapshotEnd())
    assert await names(database) == ["checkout"]


async def test_a_report_seen_before_changes_nothing(database: Database) -> None:
    await apply(database, 1, SnapshotBegin(), changed(0), SnapshotEnd())
    await apply(database, 2, ApplicationRemoved(summary(0).key))
    again = await apply(database, 1, SnapshotBegin(), changed(0), SnapshotEnd())
    assert again.seq == 2
    assert again.changes == ()
    assert await names(database) == []


async def test_a_gap_is_refused_and_leaves_everything_as_it_was(database: Database) -> None:
    await apply(database, 1, SnapshotBegin(), changed(0), SnapshotEnd())
    with pytest.raises(Conflict):
        await apply(database, 3, changed(1))
    assert await names(database) == ["checkout"]


async def test_a_snapshot_may_jump_ahead_and_drops_what_it_does_not_mention(database: Database) -> None:
    await apply(database, 1, SnapshotBegin(), changed(0), changed(1), SnapshotEnd())
    applied = await apply(database, 9, SnapshotBegin(), changed(1), changed(2), SnapshotEnd())
    assert await names(database) == ["cart", "catalog"]
    assert {change.id.name: change.after is not None for change in applied.changes} == {
        "checkout": False,
        "catalog": True,
    }


async def test_a_snapshot_over_several_reports_drops_only_at_its_end(database: Database) -> None:
    await apply(database, 1, SnapshotBegin(), changed(0), SnapshotEnd())
    await apply(database, 2, SnapshotBegin(), changed(1))
    assert await names(database) == ["cart", "checkout"]
    await apply(database, 3, changed(2))
    finished = await apply(database, 4, SnapshotEnd())
    assert finished.snapshot_finished
    assert await names(database) == ["cart", "catalog"]


async def test_what_did_not_change_is_not_told(database: Database) -> None:
    await apply(database, 1, SnapshotBegin(), changed(0), SnapshotEnd())
    applied = await apply(database, 1, SnapshotBegin(), changed(0), SnapshotEnd(), session="s2")
    assert applied.changes == ()


async def test_several_states_in_one_report_are_told_as_one_change(database: Database) -> None:
    await apply(database, 1, SnapshotBegin(), SnapshotEnd())
    applied = await apply(database, 2, changed(0), ApplicationRemoved(summary(0).key), changed(0))
    assert [(change.before, change.after is not None) for change in applied.changes] == [(None, True)]


async def test_a_failing_report_leaves_neither_items_nor_position(database: Database) -> None:
    await apply(database, 1, SnapshotBegin(), SnapshotEnd())

    async def fail_midway() -> None:
        async with database.write() as writing:
            await report_store.apply(writing, "demo", "s1", Report(2, (changed(0),)))
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        await fail_midway()
    assert await names(database) == []
    async with database.read() as reading:
        position = await report_store.position(reading, "demo")
    assert position == report_store.Position("s1", 1)


async def test_clusters_and_the_runtime_itself_are_kept(database: Database) -> None:
    async with database.write() as writing:
        await runtime_store.add(writing, "demo", token_hash="h", hosted=True, now=NOW)
    cluster = ClusterSummary("sandbox", "https://one", "Successful")
    runtime = RuntimeSummary("1.0", "argosy", "ARGOSY", "HELM", NOW)
    applied = await apply(database, 1, SnapshotBegin(), ClusterChanged(cluster), RuntimeChanged(runtime), SnapshotEnd())
    assert applied.runtime_changed
    async with database.read() as reading:
        assert [one.summary for one in await runtime_store.clusters(reading, ["demo"])] == [cluster]
        known = await runtime_store.get(reading, "demo")
    assert known is not None
    assert known.summary == runtime


async def test_removing_a_runtime_forgets_what_it_reported(database: Database) -> None:
    async with database.write() as writing:
        await runtime_store.add(writing, "demo", token_hash="h", hosted=True, now=NOW)
    await apply(database, 1, SnapshotBegin(), changed(0), SnapshotEnd())
    async with database.write() as writing:
        assert await runtime_store.remove(writing, "demo")
    assert await names(database) == []


async def test_one_application_is_found_by_its_address(database: Database) -> None:
    await apply(database, 1, SnapshotBegin(), changed(0), changed(1), SnapshotEnd())
    wanted, other = ApplicationId("demo", "argosy", "cart"), ApplicationId("demo", "argosy", "none")
    async with database.read() as reading:
        found = await application_store.get_many(reading, [wanted, other])
    assert list(found) == [wanted]
    assert found[wanted].summary.key == ApplicationKey("argosy", "cart")


async def test_an_invisible_application_is_in_no_list(database: Database) -> None:
    await apply(database, 1, SnapshotBegin(), changed(0), SnapshotEnd())
    for visibility in (Visibility(), Visibility(frozenset({("other", PLATFORM)})), Visibility(orphans=True)):
        selection = ApplicationSelection(visibility, "eve", ApplicationFilter())
        async with database.read() as reading:
            assert (await application_store.page(reading, selection, PageRequest(10))).rows == ()
            assert await application_store.count(reading, selection) == 0


async def hold(database: Database, holder: str) -> replica_store.Hold:
    async with database.write() as writing:
        return await replica_store.take_hold(writing, "demo", holder, NOW)


async def test_reports_of_a_link_that_was_replaced_are_not_taken_in(database: Database) -> None:
    """Whatever the replica that had the link before still has in hand."""
    old = await hold(database, "one")
    async with database.write() as writing:
        first = Report(1, (SnapshotBegin(), changed(0), SnapshotEnd()))
        await report_store.apply(writing, "demo", "s1", first, hold=old.number)
    new = await hold(database, "two")
    assert (new.before, new.number > old.number) == ("one", True)
    async with database.write() as writing:
        with pytest.raises(Conflict, match="linked elsewhere"):
            await report_store.apply(writing, "demo", "s1", Report(2, (changed(1),)), hold=old.number)
    async with database.write() as writing:
        await report_store.apply(writing, "demo", "s1", Report(2, (changed(2),)), hold=new.number)
    assert len(await names(database)) == 2


async def test_numbers_of_links_go_on_growing_when_a_runtime_is_removed_and_comes_back(database: Database) -> None:
    old = await hold(database, "one")
    async with database.write() as writing:
        await runtime_store.remove(writing, "demo")
        later = NOW + timedelta(seconds=1)
        assert (await replica_store.take_hold(writing, "demo", "one", later)).number > old.number


async def test_two_processes_write_one_database_in_turn(database: Database) -> None:
    """Each counts on what it has read: none of them may have read before the other committed."""
    other = await Database.open(database.url)

    async def add(where: Database) -> None:
        async with where.write() as writing:
            await replica_store.take_hold(writing, "demo", "somebody", NOW)

    try:
        first = (await hold(database, "one")).number
        await asyncio.gather(*(add(where) for where in (database, other) for _ in range(10)))
        assert (await hold(database, "one")).number == first + 21
    finally:
        await other.close()
