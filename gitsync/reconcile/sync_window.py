"""Asks the sync windows of an application's project and says what they answered. One that nobody can read is closed."""

from datetime import UTC, datetime

from gitsync.errors import GitsyncError
from gitsync.manifest.object import JsonObject
from gitsync.project.windows import Ruling, UnreadableWindow, decide, windows_of
from gitsync.reconcile.fleet import Fleet
from gitsync.reconcile.permission import destination_of
from gitsync.reconcile.record import sentence
from model.kinds.application import Application, ApplicationCondition

_ASK_AGAIN_SECONDS = 60.0  # the project, or the clock, may have been changed


def rule(
    project: JsonObject | None,
    application: Application,
    fleet: Fleet,
    *,
    at: datetime,
    manual: bool,
    began: datetime | None = None,
) -> Ruling | None:
    """None: there is no project, or it has no windows at all."""
    if project is None or not (project.get("spec") or {}).get("syncWindows"):
        return None
    try:
        destination = destination_of(application, fleet.find(application.spec.destination))
    except GitsyncError:
        destination = application.spec.destination
    try:
        return decide(windows_of(project, application.metadata.name, destination), at, manual=manual, began=began)
    except UnreadableWindow as unreadable:
        return Ruling(False, sentence(unreadable))


def told(ruling: Ruling) -> str:
    """The reason, and when it will be another."""
    if ruling.changes_at is None:
        return ruling.reason
    return f"{ruling.reason}; syncs are possible again from {ruling.changes_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC on"


def blocked_condition(ruling: Ruling) -> ApplicationCondition:
    return ApplicationCondition("SyncWindowWarning", f"Automated sync is blocked by a sync window: {told(ruling)}")


def seconds_until(ruling: Ruling, now: datetime) -> float:
    """How long to wait before asking again."""
    if ruling.changes_at is None:
        return _ASK_AGAIN_SECONDS
    return min(_ASK_AGAIN_SECONDS, max(0.05, (ruling.changes_at - now).total_seconds()))
