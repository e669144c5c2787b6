"""Cron schedules: five fields, or a word such as @daily. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_DAYS = {name: number for number, name in enumerate(_DAY_NAMES)}
# 29 February comes after eight years at the latest.
_HORIZON = timedelta(days=366 * 8)


class NotASchedule(ValueError):
    """The text is no schedule."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a CronJob is due. Where both day fields are restricted, either is enough, as in cron."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def next_after(self, at: datetime) -> datetime | None:
        """The first due minute after `at`, in the time zone of `at`."""
        moment = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
        end = at + _HORIZON
        while moment < end:
            if moment.month not in self.months:
                moment = (moment.replace(day=1, hour=0, minute=0) + timedelta(days=32)).replace(day=1)
            elif not self._is_day(moment):
                moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
            elif moment.hour not in self.hours:
                moment = moment.replace(minute=0) + timedelta(hours=1)
            elif moment.minute not in self.minutes:
                moment += timedelta(minutes=1)
            else:
                return moment
        return None

    def _is_day(self, moment: datetime) -> bool:
        of_month = moment.day in self.days
        of_week = moment.isoweekday() % 7 in self.weekdays
        return (of_month or of_week) if self.either_day else (of_month and of_week)


def parse_schedule(text: str) -> Schedule:
    """Raises NotASchedule."""
    fields = _WORDS.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        raise NotASchedule(f"{text!r} has {len(fields)} fields, not 5")
    minute, hour, day, month, weekday = fields
    return Schedule(
        minutes=_numbers(minute, 0, 59, {}),
        hours=_numbers(hour, 0, 23, {}),
        days=_numbers(day, 1, 31, {}),
        months=_numbers(month, 1, 12, _MONTHS),
        weekdays=frozenset(number % 7 for number in _numbers(weekday, 0, 7, _DAYS)),
        either_day=day[0] not in "*?" and weekday[0] not in "*?",
    )


def _numbers(field: str, lowest: int, highest: int, names: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in field.lower().split(","):
        span, slash, step_text = part.partition("/")
        first_text, dash, last_text = span.partition("-")
        try:
            step = int(step_text) if slash else 1
            if first_text in ("*", "?"):
                first, last = lowest, highest
            else:
                first = _number(first_text, names)
                last = _number(last_text, names) if dash else highest if slash else first
        except ValueError as error:
            raise NotASchedule(f"{field!r} is not a field of a schedule") from error
        if step < 1 or not lowest <= first <= last <= highest:
            raise NotASchedule(f"{field!r} is out of range {lowest}-{highest}")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _number(text: str, names: dict[str, int]) -> int:
    return names[text] if text in names else int(text)
