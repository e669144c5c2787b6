"""Sums by day: what they tell is what counting every release tells, whatever is written in which order."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from model.database import Database, migrate
from model.identity import ApplicationId
from model.listing import Visibility
from model.release import Release, ReleaseFilter
from model.report import CommitInfo, HealthState
from model.statistics import Counts, Granularity, Window, buckets, total, window_of
from model.store import release as release_store
from model.store import statistics as statistics_store
from model.store.release import ReleaseSelection
from model.tables import ReleaseClusterDayRow, ReleaseDayRow, ReleaseRow, RulerRow

BEGIN = datetime(2026, 3, 20, tzinfo=UTC)
NOW = datetime(2027, 1, 1, tzinfo=UTC)
PLATFORM, SECRET = "https://git.example/platform.git", "https://git.example/secret.git"
RUNTIMES, CLUSTERS, REPOSITORIES = ("eu", "us"), ("one", "two"), (PLATFORM, SECRET)
SEES = Visibility(frozenset((runtime, PLATFORM) for runtime in RUNTIMES))
ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland", "Pacific/Kiritimati")


@st.composite
def _release(draw: st.DrawFn) -> Release:
    started = BEGIN + timedelta(microseconds=draw(st.integers(0, 14 * 86_400_000_000)))
    failed, number = draw(st.booleans()), draw(st.integers(1, 3))
    made = [started - timedelta(minutes=one) for one in draw(st.lists(st.integers(0, 90_000), max_size=3))]
    return Release(
        application=ApplicationId(draw(st.sampled_from(RUNTIMES)), "argosy", draw(st.sampled_from("abc"))),
        uid="u",
        number=number,
        revision="a" * 40,
        started=started,
        finished=started + timedelta(minutes=1),
        health=draw(st.sampled_from([HealthState.HEALTHY, HealthState.PROGRESSING])),
        access_repo_url=draw(st.sampled_from(REPOSITORIES)),
        cluster=draw(st.sampled_from(CLUSTERS)),
        failed=failed,
        degraded=started if failed else None,
        restored=started + timedelta(seconds=draw(st.integers(0, 9000))) if failed and draw(st.booleans()) else None,
        rollback=draw(st.booleans()) and draw(st.booleans()),
        commits=tuple(CommitInfo("b" * 40, "Raise (#1)", "M", "m@x", one, PLATFORM) for one in made),
    )


@st.composite
def _window(draw: st.DrawFn) -> Window:
    start = BEGIN + timedelta(minutes=draw(st.integers(-2000, 20_000)))
    length = timedelta(minutes=draw(st.integers(1, 30_000)))
    return window_of(start, start + length, draw(st.sampled_from(ZONES)), draw(st.sampled_from(list(Granularity))))


_filters = st.builds(
    ReleaseFilter,
    runtimes=st.frozensets(st.sampled_from(RUNTIMES), max_size=1),
    clusters=st.frozensets(st.sampled_from(CLUSTERS)),
)


def _counts(release: Release) -> Counts:
    """The definitions of `model.statistics`, release by release."""
    deployed = not release.rollback
    leads = release.lead_seconds if release.successful else ()
    restored = release.restore_seconds if release.failed and deployed else None
    return Counts(
        successful=release.successful,
        failed=release.failed and deployed,
        rollbacks=release.rollback,
        releases=1,
        lead_micros=round(sum(leads) * 1e6),
        lead_commits=len(leads),
        lead_releases=bool(leads),
        pull_requests=bool(leads),
        restore_micros=round((restored or 0) * 1e6),
        restores=restored is not None,
    )


@dataclass
class Counted:
    """The newest word on each release, as `put` keeps it, counted one by one."""

    releases: dict[tuple[ApplicationId, int], Release] = field(default_factory=dict)

    def put(self, releases: Sequence[Release]) -> None:
        self.releases |= {(one.application, one.number): one for one in releases}

    def within(self, wanted: ReleaseFilter, start: datetime, end: datetime) -> Counts:
        return total(
            _counts(one)
            for one in self.releases.values()
            if start <= one.started < end
            and SEES.allows_repository(one.application.runtime, one.access_repo_url)
            and one.application.runtime in (wanted.runtimes or RUNTIMES)
            and one.cluster in (wanted.clusters or CLUSTERS)
        )


async def _empty(database: Database) -> None:
    async with database.write() as session:
        for table in (ReleaseRow, ReleaseDayRow, ReleaseClusterDayRow, RulerRow):
            await session.execute(table.__table__.delete())  # type: ignore[attr-defined]  # set by SQLModel


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Database]]:
    """One database for all examples: making its tables takes longer than any of them."""
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(f"sqlite:///{tmp_path_factory.mktemp('sums') / 'read-model.db'}"))
        yield runner, database
        runner.run(database.close())


@given(st.lists(st.lists(_release(), max_size=8), max_size=3), _window(), _filters)
@settings(max_examples=40, deadline=None)
@pytest.mark.cpu_seconds(30)  # 40 databases are written and read
def test_sums_tell_what_counting_each_release_tells(
    opened: tuple[asyncio.Runner, Database], batches: list[list[Release]], window: Window, wanted: ReleaseFilter
) -> None:
    runner, database = opened
    runner.run(_compare(database, batches, window, wanted))


async def _compare(database: Database, batches: list[list[Release]], window: Window, wanted: ReleaseFilter) -> None:
    counted = Counted()
    await _empty(database)
    for batch in batches:
        async with database.write() as session:
            await release_store.put(session, batch)
        counted.put(batch)
    selection = ReleaseSelection(SEES, wanted)
    async with database.read() as session:
        found = await statistics_store.counts_by_bucket(session, selection, window)
        whole = await statistics_store.counts_of(session, selection, window)
    for bucket in buckets(window, found, now=NOW):
        cut = max(bucket.start, window.start), min(bucket.end, window.end)
        assert bucket.counts == counted.within(wanted, *cut)
    assert whole == counted.within(wanted, window.start, window.end)


async def test_questions_about_applications_are_answered_alike(database: Database) -> None:
    """By names they are passes over the releases; by places they come from sums. Both count the same."""
    zone = ZoneInfo("Asia/Kolkata")
    releases = [
        Release(
            *(ApplicationId("eu", "argosy", "a"), "u", number, "a" * 40, BEGIN + timedelta(hours=7 * number)),
            HealthState.HEALTHY,
            PLATFORM,
        )
        for number in range(1, 40)
    ]
    async with database.write() as session:
        await release_store.put(session, releases)
    places = ReleaseSelection(SEES)
    names = ReleaseSelection(SEES, ReleaseFilter(names=frozenset("a")))
    for granularity in Granularity:
        window = Window(BEGIN + timedelta(hours=30), BEGIN + timedelta(days=9, hours=5), zone, granularity)
        async with database.read() as session:
            summed = await statistics_store.counts_by_bucket(session, places, window)
            direct = await statistics_store.counts_by_bucket(session, names, window)
            assert {day: one for day, one in summed.items() if one.releases} == direct
            assert await statistics_store.counts_of(session, places, window) == total(direct.values())
            assert await statistics_store.counts_of(session, names, window) == total(direct.values())


@pytest.mark.parametrize("days", [10, 100])
async def test_medians_and_the_busiest_are_the_same_for_long_and_short_windows(database: Database, days: int) -> None:
    """How they are looked up depends on the length of the window; what is found does not."""

    def made(number: int, name: str, hours: int) -> Release:
        started = BEGIN + timedelta(hours=number)
        end = started + timedelta(minutes=1)
        commit = CommitInfo("b" * 40, "m", "M", "m@x", end - timedelta(hours=hours), PLATFORM)
        bad = name == "b"
        return Release(
            *(ApplicationId("eu", "argosy", name), "u", number, "a" * 40, started, HealthState.HEALTHY, PLATFORM),
            finished=end,
            commits=(commit,),
            failed=bad,
            degraded=started if bad else None,
            restored=started + timedelta(hours=hours) if bad else None,
        )

    async with database.write() as session:
        for number, hours in enumerate([1, 9, 5, 3], start=1):
            await release_store.put(session, [made(number, "a", hours), made(number, "b", 2 * hours)])
        await release_store.put(session, [made(9, "b", 7)])
        hidden = ApplicationId("hidden", "argosy", "a")
        await release_store.put(session, [Release(hidden, "u", 1, "a", BEGIN, HealthState.HEALTHY, SECRET)])
    window = window_of(BEGIN, BEGIN + timedelta(days=days), "UTC", Granularity.DAILY)
    selection = ReleaseSelection(SEES)
    async with database.read() as session:
        counts = await statistics_store.counts_of(session, selection, window)
        assert await statistics_store.median(session, selection, window, "lead", counts) == 3 * 3600
        assert await statistics_store.median(session, selection, window, "restore", counts) == 7 * 3600
        found = await statistics_store.busiest(session, selection, window, limit=5)
        assert await statistics_store.median(session, selection, window, "lead", Counts()) is None
    assert [(name, one.releases) for name, _, one in found] == [("eu/argosy/b", 5), ("eu/argosy/a", 4)]


def test_releases_that_were_kept_before_there_were_sums_are_summed(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    row = {
        **dict.fromkeys(("uid", "namespace", "name", "health", "revision", "committers"), "x"),
        **dict.fromkeys(("pull_request_keys", "issue_keys"), ""),
        **{"cluster": "one", "runtime": "eu", "access_repo": PLATFORM, "health_rank": 0, "payload": b"p"},
        **{"successful": 1, "failed": 0, "rollback": 0, "unrestored": 0, "pull_requests": 1},
        **{"lead_seconds": 7.5, "lead_commits": 2, "restore_seconds": 1.25},
    }
    days = [3 * 86_400_000_000, 4 * 86_400_000_000 - 1, 4 * 86_400_000_000]
    rows = [
        {**row, "application_id": f"eu/x/{name}", "number": number, "started_micros": day}
        for name in "ab"
        for number, day in enumerate(days)
    ]
    names = list(rows[0])
    insert = f"INSERT INTO release ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})"
    with engine.begin() as connection:
        migrate(connection, "0004")
        connection.execute(text(insert), rows)
        migrate(connection, "head")
        sums = connection.execute(text("SELECT * FROM release_day ORDER BY day")).mappings().all()
        clusters = connection.execute(text("SELECT * FROM release_cluster_day ORDER BY day")).mappings().all()
        means = connection.execute(text("SELECT DISTINCT lead_mean_micros, restore_micros FROM release")).all()
    assert [(one["day"], one["releases"], one["lead_micros"], one["restores"]) for one in sums] == [
        (3, 4, 30_000_000, 4),
        (4, 2, 15_000_000, 2),
    ]
    assert [{**one, "cluster": "one"} for one in sums] == [{**one} for one in clusters]
    assert means == [(3_750_000, 1_250_000)]
