"""Releases of the demo's past are told from its commits, once, and only when everything is known."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from api.demo_history import fill_in_what_is_told
from model.audit import AuditBatch, AuditEntry, AuditPosition
from model.database import Database
from model.demo_data import MESSAGE, UID, line, past_releases
from model.identity import ApplicationId
from model.kinds.application import ApplicationSource
from model.link import ApplicationChanged, Report, SnapshotBegin, SnapshotEnd
from model.listing import ListedApplication
from model.report import CommitInfo, HealthState
from model.store import audit as audit_store
from model.store import release as release_store
from model.store import report as report_store
from tests.support.fake_fleet import APPS, summary
from tests.support.read_model import fresh_sqlite

BEGAN = datetime(2026, 2, 1, 9, tzinfo=UTC)
CHECKOUT = ListedApplication(
    "demo", msgspec.structs.replace(summary(0), sources=(ApplicationSource(repo_url=APPS, path="checkout"),))
)


def commit(number: int, message: str, *, path: str = "checkout/deployment.yaml") -> AuditEntry:
    made = CommitInfo(f"{number:040x}", message, "Dana", "dana@example.com", BEGAN + timedelta(days=number), APPS)
    return AuditEntry(made, "COMMIT", "Repository", "Dana", "dana@example.com", files=(path,), files_total=1)


GOOD = commit(1, f"Checkout 1.0\n\n{line(10, None)}")
BAD = commit(2, f"Checkout 1.1\n\n{line(12.5, 30)}")
UNDONE = commit(3, f'Revert "Checkout 1.1"\n\nThis reverts commit of 1.1.\n\n{line(5, None)}')


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await fresh_sqlite(tmp_path / "read-model.db")
    yield opened
    await opened.close()


async def tell_commits(database: Database, *entries: AuditEntry) -> None:
    batch = AuditBatch(AuditPosition(APPS, (entries[-1].commit.sha,)), entries)
    async with database.write() as session:
        await audit_store.take_in(session, "demo", batch)


async def tell_application(database: Database) -> None:
    items = (SnapshotBegin(), ApplicationChanged(CHECKOUT.summary), SnapshotEnd())
    async with database.write() as session:
        await report_store.apply(session, "demo", "s1", Report(1, items))


def test_a_commit_says_when_it_was_deployed_and_how_it_went() -> None:
    good, bad, undone = past_releases(CHECKOUT, [GOOD, BAD, UNDONE])
    assert (good.started - GOOD.commit.date, good.health, good.failed) == (
        timedelta(minutes=10),
        HealthState.HEALTHY,
        False,
    )
    assert (bad.health, bad.failed, bad.restore_seconds) == (HealthState.DEGRADED, True, 30 * 60)
    assert (undone.rollback, undone.failed) == (True, False)


def test_what_a_rollback_took_back_failed() -> None:
    taken_back, undone = past_releases(CHECKOUT, [GOOD, UNDONE])
    assert taken_back.failed
    assert taken_back.restored == undone.finished


def test_releases_of_the_past_say_that_they_are_made_up() -> None:
    for release in past_releases(CHECKOUT, [GOOD, BAD]):
        assert (release.uid, release.message) == (UID, MESSAGE)


def test_commits_of_others_and_those_without_the_line_deploy_nothing() -> None:
    elsewhere = commit(4, f"Catalog\n\n{line(1, None)}", path="catalog/deployment.yaml")
    assert past_releases(CHECKOUT, [elsewhere, commit(5, "Checkout 1.2")]) == []


async def test_history_waits_for_commits_and_applications(database: Database) -> None:
    assert not await fill_in_what_is_told(database)
    await tell_commits(database, GOOD)
    assert not await fill_in_what_is_told(database)
    await tell_application(database)
    assert await fill_in_what_is_told(database)
    async with database.read() as session:
        kept = await release_store.get(session, ApplicationId("demo", "argosy", "checkout"), UID, 1)
    assert kept is not None
    assert kept.revision == GOOD.commit.sha


async def test_history_is_told_once(database: Database) -> None:
    await tell_application(database)
    await tell_commits(database, GOOD)
    assert await fill_in_what_is_told(database)
    await tell_commits(database, BAD)
    assert await fill_in_what_is_told(database)
    async with database.read() as session:
        again = await release_store.get(session, ApplicationId("demo", "argosy", "checkout"), UID, 2)
    assert again is None
