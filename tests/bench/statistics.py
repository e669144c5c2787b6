"""A year of releases of many applications: what Home and the key metrics take to count."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from model.database import Database
from model.identity import ApplicationId
from model.listing import Visibility
from model.release import Release, ReleaseFilter
from model.report import CommitInfo, HealthState
from model.statistics import Granularity, Window, total, window_of
from model.store import release as release_store
from model.store import statistics as statistics_store
from model.store.release import ReleaseSelection
from tests.bench.result import Row, Spread

YEAR_BEGINS = datetime(2025, 1, 1, tzinfo=UTC)
RELEASES_EACH = 25
REPOSITORIES = 50
LOOKS = 15
_ROWS = 2_000


async def bench_statistics(folder: Path, *, applications: int) -> list[Row]:
    database = await Database.open(f"sqlite:///{folder / 'releases.db'}")
    try:
        releases = _releases(applications)
        while chunk := list(islice(releases, _ROWS)):
            async with database.write() as session:
                await release_store.put(session, chunk)
        await database.analyze()
        visible = frozenset(("eu-1", _repository(number)) for number in range(REPOSITORIES))
        selection = ReleaseSelection(Visibility(visible), ReleaseFilter())
        year = window_of(YEAR_BEGINS, YEAR_BEGINS + timedelta(days=365), "Europe/Berlin", Granularity.WEEKLY)
        home = Spread.of([await _home(database, selection, year) for _ in range(LOOKS)])
        dora = Spread.of([await _dora(database, selection, year) for _ in range(LOOKS)])
    finally:
        await database.close()
    count = applications * RELEASES_EACH
    return [
        Row(
            f"a year of {count:,} releases of {applications:,} applications",
            f"Home p95 {home.p95 * 1000:.0f} ms, key metrics p95 {dora.p95 * 1000:.0f} ms",
            "<= 300 ms",
            {**home.milliseconds("home"), **dora.milliseconds("dora")},
        )
    ]


async def _home(database: Database, selection: ReleaseSelection, year: Window) -> float:
    began = time.perf_counter()
    async with database.read() as session:
        await statistics_store.counts_by_bucket(session, selection, year)
        await statistics_store.counts_of(session, selection, year.previous)
        await statistics_store.busiest(session, selection, year, limit=5)
    return time.perf_counter() - began


async def _dora(database: Database, selection: ReleaseSelection, year: Window) -> float:
    began = time.perf_counter()
    async with database.read() as session:
        counts = total((await statistics_store.counts_by_bucket(session, selection, year)).values())
        await statistics_store.counts_of(session, selection, year.previous)
        await statistics_store.median(session, selection, year, "lead", counts)
        await statistics_store.median(session, selection, year, "restore", counts)
    return time.perf_counter() - began


def _repository(number: int) -> str:
    return f"https://git.example/team-{number % REPOSITORIES}.git"


def _releases(applications: int) -> Iterator[Release]:
    chance = random.Random(7)
    for number in range(applications):
        for release in range(1, RELEASES_EACH + 1):
            started = YEAR_BEGINS + timedelta(minutes=chance.randrange(365 * 24 * 60))
            failed = chance.random() < 0.08
            repository = _repository(number)
            made = started - timedelta(hours=chance.randrange(1, 90))
            yield Release(
                application=ApplicationId("eu-1", "argocd", f"app-{number}"),
                uid="u",
                number=release,
                revision=f"{number * RELEASES_EACH + release:040x}",
                started=started,
                finished=started + timedelta(minutes=2),
                health=HealthState.DEGRADED if failed else HealthState.HEALTHY,
                access_repo_url=repository,
                failed=failed,
                degraded=started if failed else None,
                restored=started + timedelta(minutes=chance.randrange(5, 600)) if failed else None,
                rollback=not failed and chance.random() < 0.02,
                commit=CommitInfo("a" * 40, "Raise limits (#1)", "Mira", "mira@example.test", made, repository),
                commits=(CommitInfo("a" * 40, "Raise limits (#1)", "Mira", "mira@example.test", made, repository),),
            )
