"""How often and how well things are deployed, from counts of releases by day. Pure.

The definitions, chosen among those in use:

    deployment             a release that is no rollback
    successful             it became Healthy, and was not Degraded before that
    failed                 it could not be applied, was Degraded before it was ever Healthy, or was rolled back
    deployment frequency   successful deployments a bucket; the headline is the average over all, empty ones included
    lead time              from the making of a commit to the end of the deployment that brought it, averaged over
                           commits; only commits that changed what the application reads, only successful deployments
    change failure rate    failed / (failed + successful), over the whole window and not as an average of buckets
    time to restore        from when a failed deployment was seen to fail until the application is Healthy again

Where nothing happened there is no value, never a zero that would claim something. Buckets are days, ISO weeks and
months of the viewer's time zone.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from model.errors import InvalidValue

_DAY = timedelta(days=1)
_LONGEST_DAYS = 3 * 366
_HOUR, _WEEK, _MONTH = 3600.0, 7 * 86400.0, 30 * 86400.0


class Granularity(enum.StrEnum):
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class Level(enum.StrEnum):
    ELITE = "ELITE"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


@dataclass(frozen=True, slots=True)
class Counts:
    """Sums over releases. Times are whole microseconds, so that what is added can be taken away again."""

    successful: int = 0
    failed: int = 0
    rollbacks: int = 0
    releases: int = 0
    lead_micros: int = 0
    lead_commits: int = 0
    lead_releases: int = 0
    pull_requests: int = 0
    restore_micros: int = 0
    restores: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in SUMS))

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) - getattr(other, name) for name in SUMS))

    @property
    def failure_rate(self) -> float | None:
        decided = self.successful + self.failed
        return self.failed / decided if decided else None

    @property
    def lead_time_seconds(self) -> float | None:
        return self.lead_micros / 1e6 / self.lead_commits if self.lead_commits else None

    @property
    def restore_time_seconds(self) -> float | None:
        return self.restore_micros / 1e6 / self.restores if self.restores else None


SUMS = tuple(one.name for one in fields(Counts))


@dataclass(frozen=True, slots=True)
class Bucket:
    """From `start` to before `end`. `partial`: the window, or the present, cuts it."""

    start: datetime
    end: datetime
    partial: bool
    counts: Counts = Counts()


@dataclass(frozen=True, slots=True)
class Window:
    """What is looked at: from `start` to before `end`, in a time zone, in buckets."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    granularity: Granularity

    @property
    def previous(self) -> "Window":
        """The period of equal length just before."""
        return Window(self.start - (self.end - self.start), self.start, self.zone, self.granularity)


def window_of(start: datetime, end: datetime, time_zone: str, granularity: Granularity) -> Window:
    """Raises InvalidValue."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidValue(f"{time_zone[:80]!r} is no time zone; write one such as Europe/Berlin") from error
    start, end = (one if one.tzinfo else one.replace(tzinfo=UTC) for one in (start, end))
    if not timedelta(0) < end - start <= timedelta(days=_LONGEST_DAYS):
        raise InvalidValue(f"`to` must come after `from`, by at most {_LONGEST_DAYS} days")
    return Window(start, end, zone, granularity)


def preceding(window: Window, first: datetime, *, steps: int) -> Window:
    """What came before its first bucket, which begins at `first`: that many whole buckets and a piece of one."""
    days = {Granularity.DAILY: 1, Granularity.WEEKLY: 7, Granularity.MONTHLY: 31}[window.granularity]
    return Window(first - timedelta(days=days * steps + 1), first, window.zone, window.granularity)


def offsets(window: Window) -> list[tuple[datetime, timedelta]]:
    """From when on the clocks of the zone are how far ahead of UTC; the first holds from the start of the window."""
    found = [(window.start, _offset(window.start, window.zone))]
    moment = window.start
    while moment < window.end:
        following = moment + _DAY
        if _offset(following, window.zone) != found[-1][1]:
            change = _change_between(moment, following, window.zone)
            found.append((change, _offset(change, window.zone)))
        moment = following
    return found


def edges(window: Window) -> list[tuple[date, datetime]]:
    """Where each bucket of the window begins, by its first day; the window cuts the first. Last comes the end."""
    found = [(first, max(start, window.start)) for first, start, _ in _spans(window)]
    return [*found, (found[-1][0], window.end)]


def by_bucket(window: Window, by_day: Mapping[date, Counts]) -> dict[date, Counts]:
    """What was counted by days of the window's time zone, by the first days of its buckets."""
    sums: dict[date, Counts] = {}
    for day, counts in by_day.items():
        first = _first_day(day, window.granularity)
        sums[first] = sums.get(first, Counts()) + counts
    return sums


def buckets(window: Window, counted: Mapping[date, Counts], *, now: datetime) -> list[Bucket]:
    """All buckets of the window, empty ones too. `counted` by the first day of each."""
    return [
        Bucket(start, end, start < window.start or end > min(window.end, now), counted.get(first, Counts()))
        for first, start, end in _spans(window)
    ]


def total(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())


def change_percent(value: float, previous: float) -> float | None:
    """None when there was nothing before."""
    return (value - previous) / previous * 100 if previous else None


def frequency_level(per_day: float) -> Level:
    """Levels as DORA named them in 2023: on demand, weekly, monthly, more seldom."""
    if per_day >= 1:
        return Level.ELITE
    return Level.HIGH if per_day >= 1 / 7 else Level.MEDIUM if per_day >= 1 / 30 else Level.LOW


def lead_time_level(seconds: float | None) -> Level | None:
    return _level(seconds, 24 * _HOUR, _WEEK, _MONTH)


def failure_rate_level(rate: float | None) -> Level | None:
    return _level(rate, 0.05, 0.10, 0.15)


def restore_time_level(seconds: float | None) -> Level | None:
    return _level(seconds, _HOUR, 24 * _HOUR, _WEEK)


def _level(value: float | None, elite: float, high: float, medium: float) -> Level | None:
    if value is None:
        return None
    return next((level for level, most in zip(Level, (elite, high, medium), strict=False) if value <= most), Level.LOW)


def _spans(window: Window) -> Iterator[tuple[date, datetime, datetime]]:
    first = _first_day(window.start.astimezone(window.zone).date(), window.granularity)
    while (start := _midnight(first, window.zone)) < window.end:
        following = _next_first_day(first, window.granularity)
        yield first, start, _midnight(following, window.zone)
        first = following


def _first_day(day: date, granularity: Granularity) -> date:
    match granularity:
        case Granularity.WEEKLY:
            return day - timedelta(days=day.weekday())
        case Granularity.MONTHLY:
            return day.replace(day=1)
    return day


def _next_first_day(first: date, granularity: Granularity) -> date:
    match granularity:
        case Granularity.WEEKLY:
            return first + timedelta(days=7)
        case Granularity.MONTHLY:
            return (first + timedelta(days=31)).replace(day=1)
    return first + _DAY


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _change_between(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """The second in which the offset changes."""
    before = _offset(early, zone)
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        early, late = (middle, late) if _offset(middle, zone) == before else (early, middle)
    return late.replace(microsecond=0)
