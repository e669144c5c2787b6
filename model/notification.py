"""What has just happened or is under way, as people who look after applications want to be told. Pure.

Told of: syncs (one entry each, from its beginning to its outcome), applications that come, go, become Degraded and
recover, and changes that people make in Git through Argosy. Before it: `model.store.report` (what a report changed) and
`model.audit` (commits). After it: `model.store.notification` keeps them for a while, `api.live.activity` tells them.
"""

import enum
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from model.audit import AuditEntry
from model.identity import ApplicationId
from model.kinds.application import OperationState
from model.listing import ListedApplication
from model.operation import Phase
from model.report import ApplicationKind, ApplicationSummary, CommitInfo, HealthState

KEPT = timedelta(days=14)
_NEW = timedelta(minutes=10)
_NOUNS = {ApplicationKind.GIT_SOURCE: "Git Source ", ApplicationKind.APPLICATION_SET: "ApplicationSet "}
_CHANGES = {"CREATE": "created", "EDIT": "edited", "DELETE": "deleted"}


class NotificationState(enum.StrEnum):
    IN_PROGRESS = "IN_PROGRESS"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


class NotificationKind(enum.StrEnum):
    SYNC = "Sync"
    HEALTH = "Health"
    APPLICATION = "Application"
    CHANGE = "Change"


class Notification(msgspec.Struct, frozen=True, omit_defaults=True, weakref=True):
    """`key` stays the same from the beginning of something to its end. `access_repo_url` rules who is told."""

    key: str
    time: datetime
    kind: NotificationKind
    state: NotificationState
    title: str
    runtime: str
    access_repo_url: str
    message: str = ""
    application: ApplicationId | None = None
    commit: CommitInfo | None = None


@dataclass(frozen=True, slots=True)
class NotificationFilter:
    """An empty field holds for everything."""

    kinds: frozenset[str] = frozenset()
    since: datetime | None = None


EVERYTHING = NotificationFilter()


def told_of_application(
    before: ListedApplication | None, after: ListedApplication | None, *, now: datetime
) -> Iterator[Notification]:
    """What to tell of a change of one application; None where it does not exist."""
    if after is None:
        if before is not None:
            yield _coming_or_going(before, "is gone", now)
        return
    if before is None and now - after.summary.created < _NEW:
        yield _coming_or_going(after, "appeared", after.summary.created)
    operation = after.summary.operation
    if operation is not None and operation.started_at is not None and _is_news(before, operation, now):
        yield _sync(after, operation, operation.started_at)
    if before is not None:
        yield from _turn_of_health(before, after, now)


def told_of_commit(runtime: str, entry: AuditEntry, *, now: datetime) -> Iterator[Notification]:
    """Of a change that somebody made through Argosy. What syncs and other operations bring is told by themselves."""
    verb, commit = _CHANGES.get(entry.action), entry.commit
    if verb is None or now - commit.date > KEPT:
        return
    place = hashlib.blake2b(commit.repo_url.encode(), digest_size=8).hexdigest()
    yield Notification(
        key=f"commit/{place}/{commit.sha}",  # the same for all runtimes that read the repository
        time=commit.date,
        kind=NotificationKind.CHANGE,
        state=NotificationState.SUCCESS,
        title=f"{entry.actor_name} {verb} {entry.entity_kind} {entry.entity_name}".strip(),
        runtime=runtime,
        access_repo_url=commit.repo_url,
        message=entry.reason,
        commit=commit,
    )


def _is_news(before: ListedApplication | None, operation: OperationState, now: datetime) -> bool:
    known = before.summary.operation if before is not None else None
    if known is not None:
        return (known.started_at, known.phase) != (operation.started_at, operation.phase)
    return operation.started_at is not None and now - operation.started_at < KEPT


def _sync(listed: ListedApplication, operation: OperationState, started: datetime) -> Notification:
    summary, sync = listed.summary, operation.operation.sync
    what = "Dry run" if sync is not None and sync.dry_run else "Sync"
    result = operation.sync_result
    revision = (result.shown_revision if result else "") or (sync.revision if sync else "")
    match operation.phase:
        case Phase.SUCCEEDED:
            state, words = NotificationState.SUCCESS, "succeeded"
        case Phase.FAILED | Phase.ERROR:
            state, words = NotificationState.FAILED, "failed"
        case Phase.TERMINATING:
            state, words = NotificationState.IN_PROGRESS, "is being ended"
        case _:
            state, words = NotificationState.IN_PROGRESS, "is under way"
    return _of(
        listed,
        f"sync/{started.isoformat()}",
        operation.finished_at or started,
        NotificationKind.SYNC,
        state,
        f"{what} of {_name(summary)} {words}",
        message="; ".join(filter(None, (_by(operation), operation.message))),
        commit=_commit(summary, revision),
    )


def _by(operation: OperationState) -> str:
    actor = operation.operation.initiated_by
    if actor is None:
        return ""
    return "automated" if actor.automated else f"by {actor.username}" if actor.username else ""


def _commit(summary: ApplicationSummary, revision: str) -> CommitInfo | None:
    if summary.commit is not None and summary.commit.sha == revision:
        return summary.commit
    return summary.history_commits.get(revision)


def _turn_of_health(before: ListedApplication, after: ListedApplication, now: datetime) -> Iterator[Notification]:
    old, new, name = before.summary.health, after.summary.health, _name(after.summary)
    key, kind = f"health/{now.isoformat()}", NotificationKind.HEALTH
    if new is HealthState.DEGRADED and old is not HealthState.DEGRADED:
        why = after.summary.explanation or after.summary.health_message
        yield _of(after, key, now, kind, NotificationState.FAILED, f"{name} became Degraded", message=why)
    elif old is HealthState.DEGRADED and new is HealthState.HEALTHY:
        yield _of(after, key, now, kind, NotificationState.SUCCESS, f"{name} is Healthy again")


def _coming_or_going(listed: ListedApplication, words: str, time: datetime) -> Notification:
    title = f"{_name(listed.summary)} {words}"
    key = f"{listed.summary.uid}/{words}"
    return _of(listed, key, time, NotificationKind.APPLICATION, NotificationState.SUCCESS, title)


def _of(
    listed: ListedApplication,
    key: str,
    time: datetime,
    kind: NotificationKind,
    state: NotificationState,
    title: str,
    *,
    message: str = "",
    commit: CommitInfo | None = None,
) -> Notification:
    return Notification(
        key=f"{listed.id}/{key}",
        time=time,
        kind=kind,
        state=state,
        title=title,
        runtime=listed.runtime,
        access_repo_url=listed.summary.access_repo_url,
        message=message,
        application=listed.id,
        commit=commit,
    )


def _name(summary: ApplicationSummary) -> str:
    return f"{_NOUNS.get(summary.kind, '')}{summary.key.name}"
