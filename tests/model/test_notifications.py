"""What people are told of: syncs from beginning to end, turns of health, what comes and goes, changes made in Git."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from model.audit import AuditEntry
from model.database import Database
from model.kinds.application import OperationState
from model.listing import ListedApplication, Visibility
from model.notification import KEPT, Notification, NotificationFilter, NotificationState, told_of_application
from model.operation import Phase
from model.paging import PageRequest
from model.report import HealthState
from model.store import notification as notification_store
from model.store.notification import NotificationSelection
from model.store.report import ApplicationChange
from tests.support.fake_fleet import APPS, PLATFORM, commit, operation, summary

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SEES = Visibility(frozenset({("demo", PLATFORM)}))


def listed(**fields: object) -> ListedApplication:
    base = {"created": NOW - timedelta(days=90), "operation": None, "health": HealthState.HEALTHY}
    return ListedApplication("demo", msgspec.structs.replace(summary(1), **(base | fields)))


def syncing(phase: Phase, **fields: object) -> OperationState:
    return msgspec.structs.replace(operation(commit(1).sha, phase, NOW, actor="dana"), **fields)


def told(before: ListedApplication | None, after: ListedApplication | None) -> list[Notification]:
    return list(told_of_application(before, after, now=NOW))


def test_a_sync_is_one_entry_from_its_beginning_to_its_outcome() -> None:
    begun = listed(operation=syncing(Phase.RUNNING))
    failed = listed(operation=syncing(Phase.FAILED, message="one object was refused"))
    (first,), (last,) = told(listed(), begun), told(begun, failed)
    assert first.key == last.key
    assert (first.state, last.state) == (NotificationState.IN_PROGRESS, NotificationState.FAILED)
    assert (first.title, last.title) == ("Sync of cart is under way", "Sync of cart failed")
    assert last.message == "by dana; one object was refused"
    assert last.commit == commit(1)
    assert told(failed, failed) == []


def test_words_within_a_phase_are_no_news() -> None:
    assert (
        told(listed(operation=syncing(Phase.RUNNING)), listed(operation=syncing(Phase.RUNNING, message="2 of 3"))) == []
    )


def test_a_dry_run_says_that_it_is_one() -> None:
    one = syncing(Phase.SUCCEEDED)
    sync = msgspec.structs.replace(one.operation.sync, dry_run=True)  # type: ignore[type-var]  # it has a sync
    dry = msgspec.structs.replace(one, operation=msgspec.structs.replace(one.operation, sync=sync))
    assert [one.title for one in told(listed(), listed(operation=dry))] == ["Dry run of cart succeeded"]


def test_turning_degraded_and_recovering_is_told_with_the_reason() -> None:
    broken = listed(health=HealthState.DEGRADED, explanation="1 of 3 pods: ImagePullBackOff")
    (worse,), (better,) = told(listed(), broken), told(broken, listed())
    assert (worse.title, worse.state, worse.message) == (
        "cart became Degraded",
        NotificationState.FAILED,
        "1 of 3 pods: ImagePullBackOff",
    )
    assert (better.title, better.state) == ("cart is Healthy again", NotificationState.SUCCESS)


def test_a_whole_fleet_that_is_met_for_the_first_time_did_not_just_appear() -> None:
    assert told(None, listed(health=HealthState.DEGRADED)) == []
    assert [one.title for one in told(None, listed(created=NOW - timedelta(minutes=1)))] == ["cart appeared"]
    assert [one.title for one in told(listed(), None)] == ["cart is gone"]


@pytest.mark.parametrize(
    ("action", "age", "words"),
    [
        ("EDIT", timedelta(hours=1), ["Dana edited Application cart"]),
        ("SYNC", timedelta(hours=1), []),
        ("COMMIT", timedelta(hours=1), []),
        ("EDIT", KEPT + timedelta(hours=1), []),
    ],
)
async def test_recent_changes_through_argosy_are_told_once(
    database: Database, action: str, age: timedelta, words: list[str]
) -> None:
    made = msgspec.structs.replace(commit(1), date=NOW - age, repo_url=PLATFORM)
    entry = AuditEntry(made, action, "Application", "Dana", "d@x", "cart")
    async with database.write() as session:
        first = await notification_store.take_commits(session, "demo", [entry], now=NOW)
        other = await notification_store.take_commits(session, "other", [entry], now=NOW)
    assert [one.title for one in first] == words
    assert other == []


async def test_pages_hold_what_the_viewer_may_see_and_old_news_goes(database: Database) -> None:
    hidden = listed(access_repo_url=APPS)
    changes = [
        ApplicationChange(one.id, one, ListedApplication("demo", msgspec.structs.replace(one.summary, operation=done)))
        for one, done in ((listed(), syncing(Phase.SUCCEEDED)), (hidden, syncing(Phase.FAILED, started_at=NOW)))
    ]
    async with database.write() as session:
        await notification_store.take(session, changes, now=NOW)
    seen = NotificationSelection(SEES)
    async with database.read() as session:
        page = await notification_store.page(session, seen, PageRequest(10))
        assert await notification_store.count(session, seen) == 1
        assert await notification_store.count(session, NotificationSelection(Visibility())) == 0
        later = NotificationFilter(kinds=frozenset({"Sync"}), since=NOW + timedelta(seconds=1))
        assert await notification_store.count(session, NotificationSelection(SEES, later)) == 0
    assert [one.title for _, one in page.rows] == ["Sync of cart succeeded"]
    async with database.write() as session:
        await notification_store.drop_old(session, now=NOW + KEPT + timedelta(days=1))
    async with database.read() as session:
        assert await notification_store.count(session, seen) == 0
