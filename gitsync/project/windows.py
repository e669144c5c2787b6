"""Sync windows: when a project lets an application be synced. Pure; `at` is an argument.

A window that denies beats all that allow. An application that some allowing window concerns may be synced only inside
one of those. `manualSync` opens a closed window to people: all windows that are in the way must have it. `syncOverrun`
lets a sync that was allowed when it began go on after its window has closed: again all in the way must have it.
A window that nobody can read closes everything, since nobody knows what it was to protect.
"""

import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gitsync.duration import parse_duration
from gitsync.errors import Stalled
from gitsync.manifest.object import JsonObject
from gitsync.project.cron import NotASchedule, Schedule, parse_schedule
from gitsync.project.glob import matches
from model.kinds.application import Destination


class UnreadableWindow(Stalled):
    """A window of the project is not written as one."""


@dataclass(frozen=True, slots=True)
class Window:
    """One window. `position` counts from 0 as in `spec.syncWindows`."""

    position: int
    denies: bool
    schedule: Schedule
    zone: zoneinfo.ZoneInfo
    length: timedelta
    manual_sync: bool = False
    sync_overrun: bool = False
    written: JsonObject = field(default_factory=dict, hash=False)

    def is_active(self, at: datetime) -> bool:
        """From its start on, up to but not including its end."""
        return self.ends(at) is not None

    def ends(self, at: datetime) -> datetime | None:
        """When the run of the window that contains `at` ends. Lengths are counted in UTC, where no hour is skipped."""
        at = at.astimezone(UTC)
        start = self.schedule.last_start(at, self.zone, not_before=at - self.length)
        return start + self.length if start else None

    def next_start(self, after: datetime) -> datetime | None:
        return self.schedule.next_start(after.astimezone(UTC), self.zone)

    def __str__(self) -> str:
        kind = "deny" if self.denies else "allow"
        return f'{kind} window "{self.written.get("schedule")}" for {self.written.get("duration")} ({self.zone.key})'


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether a sync may begin, and why. `windows` decided; `changes_at` is when to ask again."""

    allowed: bool
    reason: str
    windows: tuple[Window, ...] = ()
    changes_at: datetime | None = None


def windows_of(project: JsonObject, application: str, destination: Destination) -> tuple[Window, ...]:
    """Windows of the project that concern the application. Raises UnreadableWindow."""
    written = (project.get("spec") or {}).get("syncWindows") or ()
    return tuple(
        read_window(position, one)
        for position, one in enumerate(written)
        if isinstance(one, dict) and _concerns(one, application, destination)
    )


def decide(windows: Sequence[Window], at: datetime, *, manual: bool, began: datetime | None = None) -> Ruling:
    """Whether a sync may run at `at`. `began` is when it began, if it runs already."""
    ruling = _now(windows, at, manual=manual)
    if ruling.allowed or began is None or not all(one.sync_overrun for one in ruling.windows):
        return ruling
    if not _now(windows, began, manual=manual).allowed:
        return ruling
    return Ruling(True, f"it began while that was allowed, and {ruling.windows[0]} lets it go on", ruling.windows)


def _now(windows: Sequence[Window], at: datetime, *, manual: bool) -> Ruling:
    denying = tuple(one for one in windows if one.denies and one.is_active(at))
    if denying:
        return _closed(f"inside {denying[0]}", denying, manual, _earliest(denying, lambda one: one.ends(at)))
    allowing = tuple(one for one in windows if not one.denies)
    if not allowing:
        return Ruling(True, "no window is in the way", (), _earliest(windows, lambda one: one.next_start(at)))
    open_ones = tuple(one for one in allowing if one.is_active(at))
    if open_ones:
        return Ruling(True, f"inside {open_ones[0]}", open_ones, _earliest(open_ones, lambda one: one.ends(at)))
    opens = _earliest(allowing, lambda one: one.next_start(at))
    return _closed(f"outside every allow window, such as the {allowing[0]}", allowing, manual, opens)


def _closed(why: str, windows: tuple[Window, ...], manual: bool, changes_at: datetime | None) -> Ruling:
    if manual and all(one.manual_sync for one in windows):
        return Ruling(True, f"{why}, which lets people sync", windows, changes_at)
    return Ruling(False, why, windows, changes_at)


def _earliest(windows: Sequence[Window], when: Callable[[Window], datetime | None]) -> datetime | None:
    return min((moment for one in windows if (moment := when(one)) is not None), default=None)


def _concerns(written: JsonObject, application: str, destination: Destination) -> bool:
    """Any of the lists that are given has to name the application; with `andOperator` all of them."""
    subjects = (
        ("applications", (application,)),
        ("namespaces", (destination.namespace,)),
        ("clusters", (destination.server, destination.name)),
    )
    named = [_names(patterns, values) for field, values in subjects if (patterns := written.get(field))]
    return bool(named) and (all(named) if written.get("andOperator") else any(named))


def _names(patterns: Any, values: Sequence[str]) -> bool:
    return any(matches(pattern, value) for pattern in patterns if isinstance(pattern, str) for value in values if value)


def read_window(position: int, written: JsonObject) -> Window:
    """Raises UnreadableWindow."""
    where = f"sync window {position + 1} of the project"
    if written.get("kind") not in ("allow", "deny"):
        raise UnreadableWindow(f"{where} is of kind {written.get('kind')}", suggestion="Write allow or deny.")
    seconds = parse_duration(str(written.get("duration") or ""))
    if not seconds:
        raise UnreadableWindow(
            f"{where} has no duration: {written.get('duration')}", suggestion="Write a duration such as 1h30m."
        )
    try:
        schedule = parse_schedule(str(written.get("schedule") or ""))
        zone = zoneinfo.ZoneInfo(written.get("timeZone") or "UTC")
    except NotASchedule as error:
        raise UnreadableWindow(f"{where}: {error.message}", suggestion="Correct its schedule.") from error
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnreadableWindow(
            f"{where} has an unknown time zone: {written.get('timeZone')}",
            suggestion="Write one such as Europe/Berlin.",
        ) from error
    return Window(
        position,
        written["kind"] == "deny",
        schedule,
        zone,
        timedelta(seconds=seconds),
        manual_sync=bool(written.get("manualSync")),
        sync_overrun=bool(written.get("syncOverrun")),
        written=written,
    )
