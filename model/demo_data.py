"""The past of the demo: what its commits say of deployments that never were, and the releases made of that. Pure.

A demo that starts empty shows nothing of Home and the key metrics. So its first commits carry a line that says when
they would have been deployed and how that would have gone, and releases are told from those lines. They belong to no
Application that exists (`UID`), and every such commit says in its message that it is demo data.
"""

import re
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from model.audit import AuditEntry
from model.identity import ApplicationId
from model.listing import ListedApplication
from model.release import Release, is_rollback
from model.report import CommitInfo, HealthState

UID = "demo-data"
MESSAGE = "Demo data: told from the commit, nothing was deployed then."
_SYNC_SECONDS = 40
_LINE = re.compile(r"^Demo-Data: deployed after ([\d.]+) min(?:, degraded for ([\d.]+) min)?$", re.MULTILINE)


def line(deployed_after_minutes: float, degraded_minutes: float | None) -> str:
    """The line of a commit message."""
    degraded = f", degraded for {degraded_minutes:g} min" if degraded_minutes is not None else ""
    return f"Demo-Data: deployed after {deployed_after_minutes:g} min{degraded}"


def is_demo_data(entry: AuditEntry) -> bool:
    return _LINE.search(entry.commit.message) is not None


def past_releases(application: ListedApplication, entries: Iterable[AuditEntry]) -> list[Release]:
    """What the commits of its directories, oldest first, say that was deployed of the application."""
    found: list[Release] = []
    for entry in entries:
        said = _LINE.search(entry.commit.message)
        if said is None or not _touches(application, entry):
            continue
        degraded = float(said[2]) if said[2] else None
        release = _release(application.id, application, entry.commit, float(said[1]), degraded, number=len(found) + 1)
        if release.rollback and found:
            found[-1] = _rolled_back(found[-1], release)
        found.append(release)
    return found


def _touches(application: ListedApplication, entry: AuditEntry) -> bool:
    directories = [f"{source.path}/" for source in application.summary.sources if source.path]
    return any(path.startswith(directory) for path in entry.files for directory in directories)


def _release(
    application_id: ApplicationId,
    application: ListedApplication,
    commit: CommitInfo,
    after_minutes: float,
    degraded_minutes: float | None,
    *,
    number: int,
) -> Release:
    started = commit.date + timedelta(minutes=after_minutes)
    finished = started + timedelta(seconds=_SYNC_SECONDS)
    failed = degraded_minutes is not None
    return Release(
        application=application_id,
        uid=UID,
        number=number,
        revision=commit.sha,
        started=started,
        finished=finished,
        health=HealthState.DEGRADED if failed else HealthState.HEALTHY,
        access_repo_url=application.summary.access_repo_url,
        argo_id=number - 1,
        seen_argo_id=number - 1,
        sources=application.summary.sources,
        cluster=application.summary.cluster,
        failed=failed,
        degraded=finished if failed else None,
        restored=finished + timedelta(minutes=degraded_minutes) if degraded_minutes is not None else None,
        rollback=is_rollback(commit),
        message=MESSAGE,
        commit=commit,
        commits=(commit,),
    )


def _rolled_back(release: Release, by: Release) -> Release:
    return msgspec.structs.replace(
        release,
        failed=True,
        degraded=release.degraded or by.started,
        restored=release.restored or by.finished,
    )
