"""Releases: what each deployment of an application brought, and how it went. Pure: values, the clock is an argument.

A release is a sync that changed what is deployed: syncing the same sources at the same revisions again is none. It is
made from what runtimes report anyway (the history of an Application and its health), so it needs no report of its own,
and a lost database is filled again from the history that the Application keeps.

Before it: `model.report`. After it: `model.store.release` keeps releases, `model.statistics` counts them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from model.identity import ApplicationId
from model.kinds.application import ApplicationSource, OperationState, RevisionHistory
from model.operation import Phase
from model.report import ApplicationSummary, ChildRevision, CommitInfo, HealthState, SyncState, WorkloadState

_FAILED_PHASES = frozenset({Phase.FAILED, Phase.ERROR})
_ROLLBACK_MARK = re.compile(r"^(?:This reverts commit|Argosy-Action: *ROLLBACK)", re.IGNORECASE | re.MULTILINE)


class Release(msgspec.Struct, frozen=True, omit_defaults=True):
    """One deployment of one application, or one that failed to be.

    `uid` is that of the Application: one that is made anew under an old name inherits nothing. `number` counts the
    releases of a uid from 1; `argo_id` is the entry in the Application's own history, None for a sync that failed, and
    `seen_argo_id` the newest entry that there was by then.
    `health` is the verdict: PROGRESSING until it is known, then HEALTHY or DEGRADED, TERMINATED if a newer one came
    first, and UNKNOWN where nobody looked. `failed`: it was DEGRADED before it was ever HEALTHY, could not be applied,
    or was rolled back. `restored`: when the application was well again after that.
    """

    application: ApplicationId
    uid: str
    number: int
    revision: str
    started: datetime
    health: HealthState
    access_repo_url: str
    argo_id: int | None = None
    seen_argo_id: int = -1
    revisions: tuple[str, ...] = ()
    sources: tuple[ApplicationSource, ...] = ()
    cluster: str = ""
    finished: datetime | None = None
    failed: bool = False
    degraded: datetime | None = None
    restored: datetime | None = None
    rollback: bool = False
    message: str = ""
    actor: str = ""
    commit: CommitInfo | None = None
    commits: tuple[CommitInfo, ...] = ()
    workloads: tuple[WorkloadState, ...] = ()
    workloads_before: tuple[WorkloadState, ...] = ()
    children: tuple[ChildRevision, ...] = ()
    children_before: tuple[ChildRevision, ...] = ()
    operation: OperationState | None = None

    @property
    def successful(self) -> bool:
        return self.health is HealthState.HEALTHY and not self.failed and not self.rollback

    @property
    def brought(self) -> tuple[CommitInfo, ...]:
        """As far as they are known: all commits, or the one that it is named by."""
        return self.commits or ((self.commit,) if self.commit else ())

    @property
    def lead_seconds(self) -> tuple[float, ...]:
        """From the making of each commit that it brought to its end; a clock that ran ahead counts as no time."""
        if self.finished is None:
            return ()
        return tuple(max(0.0, (self.finished - commit.date).total_seconds()) for commit in self.commits)

    @property
    def restore_seconds(self) -> float | None:
        if self.restored is None or self.degraded is None:
            return None
        return max(0.0, (self.restored - self.degraded).total_seconds())


@dataclass(frozen=True, slots=True)
class ReleaseFilter:
    """Fields must all hold; the values of one field are alternatives; an empty field holds for everything.

    `applications` are row ids; None holds for all of them. `labels`, `groups`, `products` and `environments` are
    those that the application has now; several values of one label are alternatives, different labels must all hold.
    """

    runtimes: frozenset[str] = frozenset()
    clusters: frozenset[str] = frozenset()
    applications: frozenset[str] | None = None
    namespace: str = ""
    names: frozenset[str] = frozenset()
    labels: tuple[tuple[str, frozenset[str]], ...] = ()
    groups: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    committers: frozenset[str] = frozenset()
    pull_requests: frozenset[str] = frozenset()
    issues: frozenset[str] = frozenset()
    healths: frozenset[HealthState] = frozenset()

    @property
    def only_places(self) -> bool:
        """It asks for runtimes and clusters at most."""
        return self == ReleaseFilter(runtimes=self.runtimes, clusters=self.clusters)


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of one application's releases: the newest, those that failed and whose harm is not over, and the
    revisions of all before the newest."""

    newest: Release | None = None
    unrestored: tuple[Release, ...] = ()
    earlier_revisions: frozenset[tuple[str, ...]] = frozenset()


def advance(application: ApplicationId, summary: ApplicationSummary, known: Known, *, now: datetime) -> list[Release]:
    """Releases that are new or changed, oldest first, after a report of the application. Nothing changed: []."""
    newest = known.newest if known.newest is not None and known.newest.uid == summary.uid else None
    changed: dict[int, Release] = {}
    revisions = set(known.earlier_revisions) if newest is not None else set()
    for entry in _new_entries(summary.history, newest):
        if newest is not None and not _brings_change(entry, newest):
            newest = msgspec.structs.replace(newest, argo_id=entry.id, seen_argo_id=entry.id)
            changed[newest.number] = newest
            continue
        release = _begun(application, summary, entry, newest, revisions, now=now)
        if newest is not None:
            revisions.add(_key(newest))
            newest = _succeeded_by(newest, release)
            changed[newest.number] = newest
        newest = changed[release.number] = release
    failure = _failed_sync(application, summary, newest, now=now)
    if failure is not None:
        if newest is not None and failure.number != newest.number:
            changed[newest.number] = _succeeded_by(newest, failure)
        newest = changed[failure.number] = failure
    if newest is not None:
        judged = _judged(newest, summary, now=now)
        if judged != newest:
            changed[judged.number] = judged
        if judged.argo_id is not None and _is_well(summary):
            changed |= _restored({**{one.number: one for one in known.unrestored}, **changed}, summary.uid, now=now)
    return [changed[number] for number in sorted(changed)]


def is_rollback(commit: CommitInfo | None) -> bool:
    """The commit's message says that it takes something back."""
    return bool(commit and _ROLLBACK_MARK.search(commit.message))


def _is_well(summary: ApplicationSummary) -> bool:
    return summary.health is HealthState.HEALTHY and summary.sync is not SyncState.SYNCING


def _restored(releases: Mapping[int, Release], uid: str, *, now: datetime) -> dict[int, Release]:
    """The application is well: with that ends the harm of every release of it that failed."""
    return {
        number: msgspec.structs.replace(release, restored=now)
        for number, release in releases.items()
        if release.uid == uid and release.failed and release.restored is None
    }


def _new_entries(history: Sequence[RevisionHistory], newest: Release | None) -> Iterator[RevisionHistory]:
    last = newest.seen_argo_id if newest is not None else -1
    yield from (entry for entry in history if entry.id > last)


def _entry_key(entry: RevisionHistory) -> tuple[str, ...]:
    return entry.revisions or (entry.revision,)


def _key(release: Release) -> tuple[str, ...]:
    return release.revisions or (release.revision,)


def _sources(entry: RevisionHistory) -> tuple[ApplicationSource, ...]:
    return entry.sources or ((entry.source,) if entry.source else ())


def _brings_change(entry: RevisionHistory, newest: Release) -> bool:
    """What failed to be applied is brought by the same revision when it works."""
    return newest.argo_id is None or (_entry_key(entry), _sources(entry)) != (_key(newest), newest.sources)


def _begun(
    application: ApplicationId,
    summary: ApplicationSummary,
    entry: RevisionHistory,
    before: Release | None,
    earlier: set[tuple[str, ...]],
    *,
    now: datetime,
) -> Release:
    commit = summary.history_commits.get(entry.shown_revision)
    is_newest = bool(summary.history) and entry.id == summary.history[-1].id
    started = entry.deploy_started_at or entry.deployed_at or now
    actor = entry.initiated_by
    return Release(
        application=application,
        uid=summary.uid,
        number=before.number + 1 if before else 1,
        argo_id=entry.id,
        seen_argo_id=entry.id,
        revision=entry.shown_revision,
        revisions=entry.revisions,
        sources=_sources(entry),
        started=started,
        finished=entry.deployed_at,
        health=HealthState.PROGRESSING if is_newest else HealthState.UNKNOWN,  # of older ones nobody saw how they went
        access_repo_url=summary.access_repo_url,
        cluster=summary.cluster,
        rollback=_entry_key(entry) in earlier or is_rollback(commit),
        actor="automated" if actor and actor.automated else actor.username if actor else "",
        commit=commit,
        workloads=summary.workloads if is_newest else (),
        workloads_before=before.workloads if before else (),
        children=summary.children if is_newest else (),
        children_before=before.children if before else (),
        operation=summary.operation if is_newest else None,
    )


def _succeeded_by(release: Release, next_one: Release) -> Release:
    """What becomes of a release when the next one begins."""
    health = HealthState.TERMINATED if release.health is HealthState.PROGRESSING else release.health
    if not next_one.rollback or release.rollback:
        return msgspec.structs.replace(release, health=health)
    return msgspec.structs.replace(release, health=health, failed=True, degraded=release.degraded or next_one.started)


def _failed_sync(
    application: ApplicationId, summary: ApplicationSummary, newest: Release | None, *, now: datetime
) -> Release | None:
    """A sync of everything that ended without being applied. Trying the same again is the same release."""
    operation = summary.operation
    if operation is None or operation.phase not in _FAILED_PHASES or operation.started_at is None:
        return None
    sync, result = operation.operation.sync, operation.sync_result
    if sync is None or sync.dry_run or sync.resources or result is None or not result.shown_revision:
        return None
    if newest is not None and newest.started >= operation.started_at:
        return None
    again = newest is not None and newest.argo_id is None and newest.revision == result.shown_revision
    if newest is not None and newest.argo_id is not None and newest.revision == result.shown_revision:
        return None  # what is deployed was to be applied once more, which deploys nothing
    finished = operation.finished_at or now
    number = (newest.number if again else newest.number + 1) if newest else 1
    return Release(
        application=application,
        uid=summary.uid,
        number=number,
        seen_argo_id=newest.seen_argo_id if newest else -1,
        revision=result.shown_revision,
        started=operation.started_at,
        finished=finished,
        health=HealthState.DEGRADED,
        access_repo_url=summary.access_repo_url,
        cluster=summary.cluster,
        failed=True,
        degraded=newest.degraded if again and newest else finished,
        message=operation.message,
        commit=summary.commit if summary.commit and summary.commit.sha == result.shown_revision else None,
        workloads=newest.workloads if newest else (),
        workloads_before=newest.workloads if newest else (),
        operation=operation,
    )


def _judged(release: Release, summary: ApplicationSummary, *, now: datetime) -> Release:
    """The newest release in the light of the application's health. While a sync runs, health says nothing of it."""
    release = _completed(release, summary)
    if summary.sync is SyncState.SYNCING or release.argo_id is None:
        return release
    match summary.health:
        case HealthState.HEALTHY if release.health is not HealthState.HEALTHY:
            return msgspec.structs.replace(release, health=HealthState.HEALTHY)
        case HealthState.DEGRADED if release.health is HealthState.PROGRESSING:
            return msgspec.structs.replace(
                release, health=HealthState.DEGRADED, failed=True, degraded=release.degraded or now
            )
        case HealthState.TERMINATED if release.health is HealthState.PROGRESSING:
            return msgspec.structs.replace(release, health=HealthState.TERMINATED)
    return release


def _completed(release: Release, summary: ApplicationSummary) -> Release:
    """With what the runtime finds out a moment later: authors, the commits since the release before."""
    commit = release.commit or summary.history_commits.get(release.revision)
    commits = release.commits or (summary.release_commits if summary.release_id == release.argo_id else ())
    rollback = release.rollback or is_rollback(commit)
    if (commit, commits, rollback) == (release.commit, release.commits, release.rollback):
        return release
    return msgspec.structs.replace(release, commit=commit, commits=commits, rollback=rollback)
