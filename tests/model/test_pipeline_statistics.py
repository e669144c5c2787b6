"""Executions count once, on the viewer's days, for whoever may see them; where nothing ran there is no figure."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from model.database import Database
from model.link import ExecutionFinished, Report, SnapshotBegin, SnapshotEnd
from model.listing import Visibility
from model.statistics import Granularity, window_of
from model.store import execution as execution_store
from model.store import pipeline_statistics as store
from model.store import report as report_store
from model.store.pipeline_statistics import ExecutionSelection
from model.workflow import (
    KEPT,
    ExecutionCounts,
    ExecutionFilter,
    ExecutionPhase,
    Ranking,
    TriggerEvent,
    WorkflowExecution,
)
from tests.support.workflows import END, execution

PLATFORM, WEB = "https://git.example/platform.git", "https://git.example/web.git"
WEEK = window_of(END - timedelta(days=6), END + timedelta(days=1), "UTC", Granularity.DAILY)
BOTH = Visibility(frozenset({("demo", PLATFORM), ("demo", WEB)}))
ADMIN = Visibility(frozenset({("demo", PLATFORM), ("demo", WEB)}), orphans=True)


def ran(uid: str, pipeline: str = "build", **fields: Any) -> WorkflowExecution:
    return execution(uid, pipeline, **({"access_repo_urls": (PLATFORM,)} | fields))


async def keep(database: Database, *executions: WorkflowExecution, runtime: str = "demo") -> None:
    async with database.write() as session:
        await execution_store.put(session, runtime, executions)


async def counts(
    database: Database, visibility: Visibility = BOTH, window: Any = WEEK, **filters: Any
) -> ExecutionCounts:
    async with database.read() as session:
        return await store.counts_of(session, ExecutionSelection(visibility, ExecutionFilter(**filters)), window)


def test_nothing_is_no_rate_and_no_time() -> None:
    assert ExecutionCounts().success_rate is None
    assert ExecutionCounts().average_seconds is None


async def test_rate_duration_executions_and_committers_are_counted(database: Database) -> None:
    await keep(
        database,
        ran("1", seconds=60, initiator="Mira"),
        ran("2", seconds=120, initiator="Mira", phase=ExecutionPhase.FAILED),
        ran("3", seconds=30, initiator="Jonas", phase=ExecutionPhase.ERROR),
        ran("4", seconds=30, initiator="Nobody", event=TriggerEvent.CALENDAR),
    )
    found = await counts(database)
    assert (found.executions, found.success_rate, found.average_seconds) == (4, 0.5, 60)
    assert found.committers == 2, "several commits of one person count once, and the calendar makes none"


async def test_an_execution_counts_once_however_often_it_is_reported(database: Database) -> None:
    async def report(session_name: str, seq: int, *items: Any) -> None:
        async with database.write() as session:
            await report_store.apply(session, "demo", session_name, Report(seq, items))

    told = ExecutionFinished(ran("1", phase=ExecutionPhase.FAILED))
    await report("first", 1, SnapshotBegin(), told, told, SnapshotEnd())
    await report("first", 2, told)
    await report("second", 1, SnapshotBegin(), SnapshotEnd())
    assert (await counts(database)).executions == 1, "a snapshot that does not mention it leaves it"
    await report("second", 2, ExecutionFinished(ran("1")))
    found = await counts(database)
    assert (found.executions, found.succeeded) == (1, 1), "how it ended last is what counts"


async def test_executions_count_on_the_viewers_day_of_their_end(database: Database) -> None:
    late = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)  # past midnight in Berlin, before the clocks change
    summer = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)  # past midnight after they did
    await keep(database, ran("1", finished=late, seconds=7200), ran("2", finished=summer))
    window = window_of(
        *(datetime(2026, 3, 25, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)), "Europe/Berlin", Granularity.DAILY
    )
    async with database.read() as session:
        found = await store.counts_by_day(session, ExecutionSelection(BOTH), window)
    assert {day: one.executions for day, one in found.items()} == {date(2026, 3, 29): 1, date(2026, 3, 30): 1}


@pytest.mark.parametrize(
    ("visibility", "seen"),
    [
        (Visibility(), 0),
        (Visibility(frozenset({("other", PLATFORM)})), 0),
        (Visibility(frozenset({("demo", PLATFORM)})), 1),
        (Visibility(frozenset({("demo", WEB)})), 0),
        (BOTH, 2),
        (ADMIN, 4),
        (Visibility(orphans=True), 2),
    ],
)
async def test_who_may_read_all_that_rules_an_execution_sees_it(
    database: Database, visibility: Visibility, seen: int
) -> None:
    await keep(
        database,
        ran("1"),
        ran("2", access_repo_urls=(PLATFORM, WEB)),
        ran("3", access_repo_urls=("",)),
        ran("4", access_repo_urls=(PLATFORM, "")),
    )
    assert (await counts(database, visibility)).executions == seen


@pytest.mark.parametrize(
    ("filters", "seen"),
    [
        ({"phases": {ExecutionPhase.FAILED, ExecutionPhase.ERROR}}, 1),
        ({"repositories": {WEB}}, 1),
        ({"branches": {"main", "release"}}, 2),
        ({"events": {TriggerEvent.CALENDAR}}, 1),
        ({"initiators": {"Mira"}}, 1),
        ({"initiators": {"Mira"}, "branches": {"release"}}, 0),
        ({"runtimes": {"demo"}}, 2),
        ({"runtimes": {"other"}}, 0),
    ],
)
async def test_filters_narrow_what_is_counted(database: Database, filters: Any, seen: int) -> None:
    await keep(
        database,
        ran("1", repository=WEB, branch="main", initiator="Mira"),
        ran("2", branch="release", event=TriggerEvent.CALENDAR, phase=ExecutionPhase.FAILED),
    )
    found = await counts(database, **{name: frozenset(values) for name, values in filters.items()})
    assert found.executions == seen


async def test_pipelines_are_ranked_by_executions_and_by_duration(database: Database) -> None:
    before = END - timedelta(days=8)
    await keep(
        database,
        *(ran(f"b{number}", "build", seconds=10) for number in range(3)),
        *(ran(f"d{number}", "deploy", seconds=600) for number in range(2)),
        ran("l", "lint", seconds=30),
        *(ran(f"earlier{number}", "deploy", finished=before) for number in range(2)),
        ran("earlier", "build", finished=before),
    )
    selection = ExecutionSelection(BOTH)
    async with database.read() as session:
        active = await store.leading(session, selection, WEEK, Ranking.EXECUTIONS, places=2)
        longest = await store.leading(session, selection, WEEK, Ranking.DURATION, places=10)
        keys = [one.key for one in longest]
        earlier = await store.places_of(session, selection, WEEK.previous, Ranking.EXECUTIONS, keys)
        nothing = await store.places_of(session, selection, WEEK.previous, Ranking.EXECUTIONS, [])
    assert [(one.place, one.key.name, one.counts.executions) for one in active] == [(1, "build", 3), (2, "deploy", 2)]
    assert [(one.place, one.key.name, one.counts.average_seconds) for one in longest] == [
        (1, "deploy", 600),
        (2, "lint", 30),
        (3, "build", 10),
    ]
    assert {key.name: one.place for key, one in earlier.items()} == {"deploy": 1, "build": 2}
    assert nothing == {}


async def test_one_template_in_two_places_is_two_pipelines(database: Database) -> None:
    await keep(database, ran("1"), ran("2", cluster="https://other.example"), ran("3", namespace="ci-two"))
    async with database.read() as session:
        assert len(await store.leading(session, ExecutionSelection(BOTH), WEEK, Ranking.EXECUTIONS, places=10)) == 3


async def test_choices_are_the_values_that_there_are(database: Database) -> None:
    await keep(database, ran("1", branch="main"), ran("2", branch="main"), ran("3", branch="release"), ran("4"))
    async with database.read() as session:
        assert await store.choices(session, ExecutionSelection(BOTH), WEEK, "branch") == [("main", 2), ("release", 1)]
        assert await store.choices(session, ExecutionSelection(Visibility()), WEEK, "branch") == []


async def test_what_nobody_compares_with_is_dropped(database: Database) -> None:
    await keep(database, ran("1"), ran("2", finished=END - KEPT))
    async with database.write() as session:
        await execution_store.drop_old(session, now=END + timedelta(seconds=1))
    everything = window_of(END - timedelta(days=900), END + timedelta(days=1), "UTC", Granularity.DAILY)
    assert (await counts(database, window=everything)).executions == 1
