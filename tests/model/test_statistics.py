"""Figures out of releases: buckets in the viewer's time zone, sums, levels, and no value where there is none."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.database import Database
from model.errors import InvalidValue
from model.identity import ApplicationId
from model.link import ApplicationChanged, Report, SnapshotBegin, SnapshotEnd
from model.listing import Visibility
from model.paging import PageRequest
from model.release import Release, ReleaseFilter
from model.report import CommitInfo, HealthState
from model.statistics import (
    Counts,
    Granularity,
    Level,
    buckets,
    change_percent,
    failure_rate_level,
    frequency_level,
    lead_time_level,
    offsets,
    preceding,
    total,
    window_of,
)
from model.store import release as release_store
from model.store import report as report_store
from model.store import statistics as statistics_store
from model.store.release import ReleaseSelection
from tests.support.fake_fleet import summary

NOW = datetime(2026, 12, 1, tzinfo=UTC)
REPO = "https://git.example/platform.git"
SEES = ReleaseSelection(Visibility(frozenset({("demo", REPO)})))


def released(number: int, started: datetime, *, name: str = "cart", **fields: object) -> Release:
    made = {"health": HealthState.HEALTHY, "access_repo_url": REPO, "finished": started + timedelta(minutes=1)} | fields
    return Release(ApplicationId("demo", "argosy", name), "u", number, "a" * 40, started, **made)  # type: ignore[arg-type]


async def keep(database: Database, *releases: Release) -> None:
    async with database.write() as session:
        await release_store.put(session, releases)


def test_days_of_a_zone_are_as_long_as_its_clocks_say() -> None:
    window = window_of(
        datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC), "Europe/Berlin", Granularity.DAILY
    )
    assert offsets(window) == [
        (window.start, timedelta(hours=1)),
        (datetime(2026, 3, 29, 1, tzinfo=UTC), timedelta(hours=2)),
    ]
    lengths = [(one.end - one.start) // timedelta(hours=1) for one in buckets(window, {}, now=NOW)]
    assert lengths == [24, 24, 23, 24, 24]


def test_buckets_cut_by_the_window_or_the_present_are_partial() -> None:
    window = window_of(datetime(2026, 6, 3, tzinfo=UTC), datetime(2026, 6, 22, tzinfo=UTC), "UTC", Granularity.WEEKLY)
    found = buckets(window, {date(2026, 6, 8): Counts(successful=2)}, now=datetime(2026, 6, 20, tzinfo=UTC))
    assert [one.partial for one in found] == [True, False, True]
    assert [one.counts.successful for one in found] == [0, 2, 0]


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1)),
    st.integers(1, 400),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.sampled_from(list(Granularity)),
)
def test_buckets_cover_the_window_without_gaps(start: datetime, days: int, zone: str, by: Granularity) -> None:
    window = window_of(start.replace(tzinfo=UTC), start.replace(tzinfo=UTC) + timedelta(days=days), zone, by)
    found = buckets(window, {}, now=NOW)
    assert found[0].start <= window.start
    assert found[-1].end >= window.end
    assert all(one.end == following.start for one, following in itertools.pairwise(found))
    assert all(one.start.astimezone(ZoneInfo(zone)).time().minute in (0, 30) for one in found)


@pytest.mark.parametrize(
    ("start", "end", "zone"),
    [("2026-01-02", "2026-01-01", "UTC"), ("2020-01-01", "2026-01-01", "UTC"), ("2026-01-01", "2026-01-02", "Mars/X")],
)
def test_windows_without_meaning_are_refused(start: str, end: str, zone: str) -> None:
    with pytest.raises(InvalidValue):
        window_of(datetime.fromisoformat(start), datetime.fromisoformat(end), zone, Granularity.DAILY)


def test_nothing_is_no_rate_and_no_time() -> None:
    assert Counts().failure_rate is None
    assert Counts().lead_time_seconds is None
    assert Counts().restore_time_seconds is None
    assert change_percent(3, 0) is None


def test_levels_are_those_of_dora_2023() -> None:
    assert [frequency_level(one) for one in (2, 0.5, 0.1, 0.01)] == list(Level)
    assert [lead_time_level(days * 86400.0) for days in (0.5, 3, 20, 90)] == list(Level)
    assert [failure_rate_level(rate) for rate in (0.05, 0.08, 0.12, 0.4)] == list(Level)


async def test_releases_are_counted_on_the_viewers_days(database: Database) -> None:
    late = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)  # past midnight in Berlin, before the clocks change
    summer = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)  # past midnight after they did
    await keep(database, released(1, late), released(2, summer, failed=True, health=HealthState.DEGRADED))
    span = (datetime(2026, 3, 25, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC))
    async with database.read() as session:
        berlin = await statistics_store.counts_by_bucket(
            session, SEES, window_of(*span, "Europe/Berlin", Granularity.DAILY)
        )
        utc = await statistics_store.counts_by_bucket(session, SEES, window_of(*span, "UTC", Granularity.DAILY))
    assert {day.day: (one.successful, one.failed) for day, one in berlin.items() if one.releases} == {
        29: (1, 0),
        30: (0, 1),
    }
    assert {day.day: (one.successful, one.failed) for day, one in utc.items() if one.releases} == {
        28: (1, 0),
        29: (0, 1),
    }


async def test_lead_and_restore_times_are_ratios_of_sums_and_medians_of_releases(database: Database) -> None:
    def brought(started: datetime, *hours: int) -> tuple[CommitInfo, ...]:
        end = started + timedelta(minutes=1)
        return tuple(CommitInfo(f"{one:040}", "m (#1)", "M", "m@x", end - timedelta(hours=one), REPO) for one in hours)

    days = [datetime(2026, 5, day, tzinfo=UTC) for day in range(1, 6)]
    await keep(
        database,
        released(1, days[0], commits=brought(days[0], 1, 3)),
        released(2, days[1], commits=brought(days[1], 8)),
        released(3, days[2], failed=True, degraded=days[2], restored=days[2] + timedelta(hours=2)),
        released(4, days[3], rollback=True, commits=brought(days[3], 100)),
    )
    window = window_of(days[0], days[4], "UTC", Granularity.DAILY)
    async with database.read() as session:
        counts = total((await statistics_store.counts_by_bucket(session, SEES, window)).values())
        median = await statistics_store.median(session, SEES, window, "lead", counts)
        restore = await statistics_store.median(session, SEES, window, "restore", counts)
        assert await statistics_store.counts_of(session, SEES, window) == counts
    assert (counts.successful, counts.failed, counts.rollbacks, counts.releases) == (2, 1, 1, 4)
    assert counts.lead_time_seconds == pytest.approx(4 * 3600)
    assert counts.pull_requests == 2
    assert median == pytest.approx(2 * 3600)
    assert restore == counts.restore_time_seconds == 2 * 3600


async def test_what_a_viewer_may_not_see_is_not_counted(database: Database) -> None:
    day = datetime(2026, 5, 1, tzinfo=UTC)
    await keep(database, released(1, day), released(1, day, name="secret", access_repo_url="https://git.example/x.git"))
    window = window_of(day, day + timedelta(days=1), "UTC", Granularity.DAILY)
    async with database.read() as session:
        busiest = await statistics_store.busiest(session, SEES, window, limit=5)
        nobody = await statistics_store.counts_of(session, ReleaseSelection(Visibility()), window)
    assert [name for name, _, _ in busiest] == ["demo/argosy/cart"]
    assert nobody.releases == 0


async def test_the_busiest_of_a_cluster_are_those_that_are_deployed_there(database: Database) -> None:
    day = datetime(2026, 5, 1, tzinfo=UTC)
    await keep(database, released(1, day, cluster="eu"), released(1, day, name="pay", cluster="us"))
    window = window_of(day, day + timedelta(days=1), "UTC", Granularity.DAILY)
    wanted = ReleaseSelection(SEES.visibility, ReleaseFilter(clusters=frozenset({"eu"})))
    async with database.read() as session:
        busiest = await statistics_store.busiest(session, wanted, window, limit=5)
    assert [(name, cluster) for name, cluster, _ in busiest] == [("demo/argosy/cart", "eu")]


async def test_releases_are_found_by_who_and_what_is_in_them(database: Database) -> None:
    day = datetime(2026, 5, 1, tzinfo=UTC)
    mira = CommitInfo("b" * 40, "SHOP-7 Raise limits (#12)", "Mira", "m@x", day, REPO)
    await keep(database, released(1, day), released(2, day + timedelta(hours=1), commit=mira))

    async def numbers(wanted: ReleaseFilter) -> list[int]:
        async with database.read() as session:
            page = await release_store.page(session, ReleaseSelection(SEES.visibility, wanted), PageRequest(10))
        return [one.number for _, one in page.rows]

    assert await numbers(ReleaseFilter()) == [2, 1]
    assert await numbers(ReleaseFilter(committers=frozenset({"Mira"}))) == [2]
    assert await numbers(ReleaseFilter(pull_requests=frozenset({"12"}))) == [2]
    assert await numbers(ReleaseFilter(issues=frozenset({"SHOP-7"}))) == [2]
    assert await numbers(ReleaseFilter(issues=frozenset({"SHOP"}))) == []
    assert await numbers(ReleaseFilter(names=frozenset({"other"}))) == []


@given(
    start=st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
    by=st.sampled_from(Granularity),
    steps=st.integers(1, 100),
)
def test_what_came_before_is_whole_buckets_up_to_the_first(
    start: datetime, zone: str, by: Granularity, steps: int
) -> None:
    window = window_of(start, start + timedelta(days=7), zone, by)
    first = buckets(window, {}, now=NOW)[0].start
    found = buckets(preceding(window, first, steps=steps), {}, now=NOW)[-steps:]
    assert len(found) == steps
    assert not any(one.partial for one in found)
    assert [one.end for one in found] == [*(one.start for one in found[1:]), first]


async def test_figures_by_label_are_those_of_the_applications_that_have_it(database: Database) -> None:
    day = datetime(2026, 5, 1, tzinfo=UTC)
    cart = msgspec.structs.replace(summary(0), labels={"team": "shop", "tier": "web"})
    other = msgspec.structs.replace(summary(1), labels={"team": "pay", "tier": "web"})
    async with database.write() as session:
        items = (SnapshotBegin(), ApplicationChanged(cart), ApplicationChanged(other), SnapshotEnd())
        await report_store.apply(session, "demo", "s", Report(1, items))
    await keep(database, released(1, day, name=cart.key.name), released(1, day, name=other.key.name))
    window = window_of(day, day + timedelta(days=1), "UTC", Granularity.DAILY)

    async def counted(*labels: tuple[str, frozenset[str]]) -> int:
        async with database.read() as session:
            wanted = ReleaseSelection(SEES.visibility, ReleaseFilter(labels=labels))
            by_bucket = total((await statistics_store.counts_by_bucket(session, wanted, window)).values())
            assert await statistics_store.counts_of(session, wanted, window) == by_bucket
        return by_bucket.releases

    assert await counted() == 2
    assert await counted(("team", frozenset({"shop"}))) == 1
    assert await counted(("team", frozenset({"shop", "pay"})), ("tier", frozenset({"web"}))) == 2
    assert await counted(("team", frozenset({"shop"})), ("tier", frozenset({"db"}))) == 0


async def test_figures_by_group_product_and_environment_are_those_of_the_applications_in_them(
    database: Database,
) -> None:
    day = datetime(2026, 5, 1, tzinfo=UTC)
    written = (
        {"codefresh.io/app-group": "shop, night", "codefresh.io/product": "web"},
        {"codefresh.io/app-group": "night"},
    )
    both = [
        msgspec.structs.replace(summary(index), annotations=written[index], environments=("eu",) * index)
        for index in range(2)
    ]
    async with database.write() as session:
        items = (SnapshotBegin(), *map(ApplicationChanged, both), SnapshotEnd())
        await report_store.apply(session, "demo", "s", Report(1, items))
    await keep(database, *(released(1, day, name=one.key.name) for one in both))
    window = window_of(day, day + timedelta(days=1), "UTC", Granularity.DAILY)

    async def counted(wanted: ReleaseFilter) -> int:
        async with database.read() as session:
            selection = ReleaseSelection(SEES.visibility, wanted)
            by_bucket = total((await statistics_store.counts_by_bucket(session, selection, window)).values())
            assert await statistics_store.counts_of(session, selection, window) == by_bucket
        return by_bucket.releases

    shop, night, web = frozenset({"shop"}), frozenset({"night"}), frozenset({"web"})
    assert await counted(ReleaseFilter(groups=night)) == 2
    assert await counted(ReleaseFilter(groups=shop)) == 1
    assert await counted(ReleaseFilter(groups=shop | night, products=web)) == 1
    assert await counted(ReleaseFilter(groups=frozenset({"none"}))) == 0
    assert await counted(ReleaseFilter(environments=frozenset({"eu"}))) == 1
    assert await counted(ReleaseFilter(environments=frozenset({""}), groups=shop)) == 1
    assert await counted(ReleaseFilter(environments=frozenset({"eu"}), groups=shop)) == 0
    assert await counted(ReleaseFilter(environments=frozenset({"eu", ""}))) == 2
