"""Asks the sync windows of an application's project and says what they answered. One that nobody can read is closed."""

from datetime import UTC, datetime

from gitsync.application.record import sentence
from gitsync.errors import GitsyncError
from gitsync.fleet.members import Fleet
from gitsync.fleet.permission import destination_of
from gitsync.manifest.object import JsonObject
from gitsync.project.windows import Ruling, UnreadableWindow, Window, decide, windows_of
from model.kinds.application import Application, ApplicationCondition, Destination
from model.link_window import SyncWindowInfo

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
    destination = _destination(application, fleet)
    try:
        return decide(windows_of(project, application.metadata.name, destination), at, manual=manual, began=began)
    except UnreadableWindow as unreadable:
        return Ruling(False, sentence(unreadable))


def shown_windows(
    project: JsonObject | None, application: Application, fleet: Fleet, *, at: datetime
) -> tuple[SyncWindowInfo, ...]:
    """The windows that concern the application, as of `at`. Raises UnreadableWindow."""
    if project is None:
        return ()
    found = windows_of(project, application.metadata.name, _destination(application, fleet))
    return tuple(_shown(window, at) for window in found)


def _shown(window: Window, at: datetime) -> SyncWindowInfo:
    return SyncWindowInfo(
        kind="deny" if window.denies else "allow",
        schedule=str(window.written.get("schedule")),
        duration=str(window.written.get("duration")),
        active=window.is_active(at),
        manual_sync=window.manual_sync,
        next_start=window.next_start(at),
    )


def _destination(application: Application, fleet: Fleet) -> Destination:
    """With the name and the address of its cluster, as far as it is known."""
    try:
        return destination_of(application, fleet.find(application.spec.destination))
    except GitsyncError:
        return application.spec.destination


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
