"""Cron schedules of five fields, read in a time zone. Pure.

A day fits when day of month and day of week both fit, or, where both are restricted, when one of them does. A start
that the clock skips when it is put forward happens at the same moment as if it had not been; one that comes twice
happens the first time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from gitsync.errors import Stalled

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_MOST_DAYS_AHEAD = 366 * 8  # the 29th of February may be eight years away


class NotASchedule(Stalled):
    """A text is no cron schedule of five fields."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something starts. `any_day` and `any_weekday` tell which of the two does not restrict the days."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def last_start(self, at: datetime, zone: tzinfo, *, not_before: datetime) -> datetime | None:
        """The latest start at or before `at` that is later than `not_before`."""
        day, first = at.astimezone(zone).date() + timedelta(days=1), not_before.astimezone(zone).date()
        while day >= first - timedelta(days=1):
            starts = [start for start in self._starts(day, zone) if start <= at]
            if starts:
                latest = max(starts)
                return latest if latest > not_before else None
            day -= timedelta(days=1)
        return None

    def next_start(self, after: datetime, zone: tzinfo) -> datetime | None:
        """The first start later than `after`; None if there is none in years."""
        day = after.astimezone(zone).date() - timedelta(days=1)
        for _ in range(_MOST_DAYS_AHEAD):
            starts = [start for start in self._starts(day, zone) if start > after]
            if starts:
                return min(starts)
            day += timedelta(days=1)
        return None

    def _starts(self, day: date, zone: tzinfo) -> Iterator[datetime]:
        if not self._fits(day):
            return
        for hour in self.hours:
            for minute in self.minutes:
                yield datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)

    def _fits(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        fits_day, fits_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return fits_day and fits_weekday
        return fits_day or fits_weekday


@lru_cache(maxsize=256)
def parse_schedule(text: str) -> Schedule:
    """Raises NotASchedule."""
    fields = text.split()
    if len(fields) != 5:
        raise NotASchedule(f'"{text}" is no schedule: it has {len(fields)} fields instead of 5')
    try:
        minutes, _ = _field(fields[0], 0, 59)
        hours, _ = _field(fields[1], 0, 23)
        days, any_day = _field(fields[2], 1, 31)
        months, _ = _field(fields[3], 1, 12, _MONTHS)
        weekdays, any_weekday = _field(fields[4], 0, 7, _DAYS)
    except ValueError as error:
        raise NotASchedule(f'"{text}" is no schedule: {error}') from error
    sundays = frozenset(day % 7 for day in weekdays)
    ordered = tuple(sorted(minutes)), tuple(sorted(hours))
    return Schedule(*ordered, frozenset(days), frozenset(months), sundays, any_day, any_weekday)


def _field(text: str, least: int, most: int, names: dict[str, int] | None = None) -> tuple[set[int], bool]:
    """The values that a field allows, and whether it allows all by being a star."""
    allowed: set[int] = set()
    star = False
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        step = int(step_text) if slash else 1
        if step < 1:
            raise ValueError(f"the step of {part} is not positive")
        if span in ("*", "?"):
            first, last = least, most
            star = star or step == 1
        else:
            begin, dash, end = span.partition("-")
            first = _number(begin, names)
            last = _number(end, names) if dash else most if slash else first
        if not least <= first <= last <= most:
            raise ValueError(f"{part} is not within {least}-{most}")
        allowed.update(range(first, last + 1, step))
    return allowed, star


def _number(text: str, names: dict[str, int] | None) -> int:
    known = (names or {}).get(text.lower())
    if known is not None:
        return known
    if not text.isdecimal():
        raise ValueError(f'"{text}" is no number')
    return int(text)
