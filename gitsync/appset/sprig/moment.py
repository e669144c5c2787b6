"""Dates and durations. `now` is an argument; the local time zone is UTC."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gitsync.appset.gotemplate.function import CallFailed, GoFunction, go
from gitsync.appset.gotemplate.values import Int64
from gitsync.appset.sprig.layout import format_time, parse_time

_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_ROUNDED = (("y", 365 * 24 * 3600), ("mo", 30 * 24 * 3600), ("d", 24 * 3600), ("h", 3600), ("m", 60), ("s", 1))


class Time(datetime):
    """A time.Time of Go, with the methods that templates call."""

    go_type = "time.Time"

    def go_methods(self) -> dict[str, GoFunction]:
        return {
            "Format": go(lambda layout: format_time(self, layout), "string"),
            "Unix": go(lambda: Int64(self.timestamp() // 1)),
            "UTC": go(lambda: self.astimezone(UTC)),
            "Year": go(lambda: self.year),
            "Day": go(lambda: self.day),
            "Hour": go(lambda: self.hour),
            "Minute": go(lambda: self.minute),
            "Second": go(lambda: self.second),
            "YearDay": go(lambda: self.timetuple().tm_yday),
        }


def as_time(moment: datetime) -> Time:
    return Time.combine(moment.date(), moment.timetz())


def parse_duration(text: str) -> int:
    """Nanoseconds of a Go duration."""
    sign, rest = (-1 if text.startswith("-") else 1), text.lstrip("+-") if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    if not rest or not re.fullmatch(rf"(?:{_DURATION.pattern})+", rest) or len(rest) > 100:
        raise CallFailed(f'time: invalid duration "{text:.50}"')
    return sign * sum(round(float(number) * _UNITS[unit]) for number, unit in _DURATION.findall(rest))


def duration_text(nanoseconds: int) -> str:
    """`1h2m3.5s`"""
    sign, size = ("-" if nanoseconds < 0 else ""), abs(nanoseconds)
    if size < 10**9:
        for unit, scale in (("ms", 10**6), ("µs", 1000), ("ns", 1)):
            if size >= scale:
                return f"{sign}{_fraction(size, scale)}{unit}"
        return "0s"
    minutes, rest = divmod(size, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    text = f"{_fraction(rest, 10**9)}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return sign + (f"{hours}h{text}" if hours else text)


def _fraction(value: int, scale: int) -> str:
    whole, rest = divmod(value, scale)
    digits = str(rest).rjust(len(str(scale)) - 1, "0").rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


def _zoned(layout: str, moment: Any, zone: str, now: datetime) -> str:
    try:
        place: Any = ZoneInfo(zone) if zone not in ("", "Local", "UTC") else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        place = UTC
    return format_time(_moment(moment, now).astimezone(place), layout)


def _moment(value: Any, now: datetime) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    return now


def _modified(change: str, moment: datetime) -> datetime:
    return moment + timedelta(microseconds=parse_duration(change) / 1000)


def _modified_if_possible(change: str, moment: datetime) -> datetime:
    try:
        return _modified(change, moment)
    except CallFailed:
        return moment


def _to_date(layout: str, text: str) -> Time:
    return as_time(parse_time(layout, text))


def _to_date_or_zero(layout: str, text: str) -> Time:
    try:
        return _to_date(layout, text)
    except CallFailed:
        return Time(1, 1, 1, tzinfo=UTC)


def _duration(seconds: Any) -> str:
    if isinstance(seconds, str):
        number = int(seconds) if re.fullmatch(r"[+-]?\d{1,18}", seconds) else 0
    else:
        number = int(seconds) if isinstance(seconds, Int64) else 0
    return duration_text(number * 10**9)


def _rounded(value: Any, now: datetime) -> str:
    nanoseconds = 0
    if isinstance(value, str):
        try:
            nanoseconds = parse_duration(value)
        except CallFailed:
            nanoseconds = 0
    elif isinstance(value, Int64):
        nanoseconds = int(value)
    elif isinstance(value, datetime):
        nanoseconds = int((now - value).total_seconds() * 10**9)
    size = abs(nanoseconds)
    for unit, seconds in _ROUNDED:
        if size > seconds * 10**9:
            return f"{size // (seconds * 10**9)}{unit}"
    return "0s"


def _ago(value: Any, now: datetime) -> str:
    return duration_text(round((now - _moment(value, now)).total_seconds()) * 10**9)


def time_functions(now: datetime) -> dict[str, GoFunction]:
    """`now` must have a time zone."""
    in_zone: Callable[..., str] = lambda layout, moment, zone: _zoned(layout, moment, zone, now)  # noqa: E731 - shared
    modify, must_modify = (
        go(_modified_if_possible, "string", "time"),
        go(_modified, "string", "time"),
    )
    return {
        "now": go(lambda: as_time(now)),
        "ago": go(lambda moment: _ago(moment, now), "any"),
        "date": go(lambda layout, moment: in_zone(layout, moment, "UTC"), "string", "any"),
        "dateInZone": go(in_zone, "string", "any", "string"),
        "date_in_zone": go(in_zone, "string", "any", "string"),
        "htmlDate": go(lambda moment: in_zone("2006-01-02", moment, "UTC"), "any"),
        "htmlDateInZone": go(lambda moment, zone: in_zone("2006-01-02", moment, zone), "any", "string"),
        "dateModify": modify,
        "date_modify": modify,
        "mustDateModify": must_modify,
        "must_date_modify": must_modify,
        "toDate": go(_to_date_or_zero, "string", "string"),
        "mustToDate": go(_to_date, "string", "string"),
        "unixEpoch": go(lambda moment: str(int(moment.timestamp() // 1)), "time"),
        "duration": go(_duration, "any"),
        "durationRound": go(lambda value: _rounded(value, now), "any"),
    }
