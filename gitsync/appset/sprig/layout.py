"""Go's layouts of dates: an example of Mon Jan 2 15:04:05 MST 2006 instead of signs."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from gitsync.appset.gotemplate.function import CallFailed

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_ELEMENT = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|01|02|03|04|05|06|002|15|PM|pm|__2|_2(?!006)|-07:00:00|-070000|-07:00|-0700|-07"
    r"|Z07:00:00|Z070000|Z07:00|Z0700|Z07|[.,]0+(?!\d)|[.,]9+(?!\d)|[12345]"
)


def _offset(moment: datetime, element: str) -> str:
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    if element.startswith("Z") and not seconds:
        return "Z"
    sign, size = ("-" if seconds < 0 else "+"), abs(seconds)
    hours, rest = divmod(size, 3600)
    parts = [f"{hours:02d}", f"{rest // 60:02d}", f"{rest % 60:02d}"]
    colon = ":" if ":" in element else ""
    return sign + colon.join(parts[: (len(element.replace(":", "")) - 1) // 2])


def _zone_name(moment: datetime) -> str:
    name = moment.tzname() or "UTC"
    return _offset(moment, "-0700") if name.startswith("UTC") and name != "UTC" else name


_WRITTEN: dict[str, Callable[[datetime], str]] = {
    "January": lambda t: _MONTHS[t.month - 1],
    "Jan": lambda t: _MONTHS[t.month - 1][:3],
    "Monday": lambda t: _DAYS[t.weekday()],
    "Mon": lambda t: _DAYS[t.weekday()][:3],
    "MST": _zone_name,
    "2006": lambda t: f"{t.year:04d}",
    "06": lambda t: f"{t.year % 100:02d}",
    "01": lambda t: f"{t.month:02d}",
    "1": lambda t: str(t.month),
    "02": lambda t: f"{t.day:02d}",
    "_2": lambda t: f"{t.day:2d}",
    "2": lambda t: str(t.day),
    "002": lambda t: f"{t.timetuple().tm_yday:03d}",
    "__2": lambda t: f"{t.timetuple().tm_yday:3d}",
    "15": lambda t: f"{t.hour:02d}",
    "03": lambda t: f"{t.hour % 12 or 12:02d}",
    "3": lambda t: str(t.hour % 12 or 12),
    "04": lambda t: f"{t.minute:02d}",
    "4": lambda t: str(t.minute),
    "05": lambda t: f"{t.second:02d}",
    "5": lambda t: str(t.second),
    "PM": lambda t: "PM" if t.hour >= 12 else "AM",
    "pm": lambda t: "pm" if t.hour >= 12 else "am",
}


def format_time(moment: datetime, layout: str) -> str:
    return _ELEMENT.sub(lambda match: _written(moment, match.group()), layout)


def _written(moment: datetime, element: str) -> str:
    if element[0] in ".,":
        digits = f"{moment.microsecond:06d}000"[: len(element) - 1]
        digits = digits.rstrip("0") if element[1] == "9" else digits
        return element[0] + digits if digits else ""
    return _offset(moment, element) if element[0] in "-Z" else _WRITTEN[element](moment)


_READ = {
    "January": "(?P<month_name>[A-Za-z]+)",
    "Jan": "(?P<month_name>[A-Za-z]{3})",
    "Monday": "[A-Za-z]+",
    "Mon": "[A-Za-z]{3}",
    "MST": "(?P<zone>[A-Z]{3,5})",
    "2006": r"(?P<year>\d{4})",
    "06": r"(?P<short_year>\d{2})",
    "01": r"(?P<month>\d{2})",
    "1": r"(?P<month>\d{1,2})",
    "02": r"(?P<day>\d{2})",
    "_2": r" ?(?P<day>\d{1,2})",
    "2": r"(?P<day>\d{1,2})",
    "15": r"(?P<hour>\d{2})",
    "03": r"(?P<half>\d{2})",
    "3": r"(?P<half>\d{1,2})",
    "04": r"(?P<minute>\d{2})",
    "4": r"(?P<minute>\d{1,2})",
    "05": r"(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?",
    "5": r"(?P<second>\d{1,2})(?:[.,](?P<fraction>\d+))?",
    "PM": "(?P<noon>AM|PM)",
    "pm": "(?P<noon>am|pm)",
}


def parse_time(layout: str, text: str) -> datetime:
    """Raises CallFailed where layout and text disagree."""
    pattern, position = "", 0
    for match in _ELEMENT.finditer(layout):
        pattern += re.escape(layout[position : match.start()]) + _pattern(match.group())
        position = match.end()
    try:
        found = re.fullmatch(pattern + re.escape(layout[position:]), text, re.ASCII)
        if found is not None:
            return _moment(found.groupdict())
    except (re.error, ValueError, OverflowError) as error:
        raise CallFailed(f'parsing time "{text:.50}" as "{layout:.50}": {error}') from error
    raise CallFailed(f'parsing time "{text:.50}" as "{layout:.50}": cannot parse')


def _pattern(element: str) -> str:
    if element[0] in ".,":
        return r"(?:[.,]\d+)?" if element[1] == "9" else rf"[.,]\d{{{len(element) - 1}}}"
    if element[0] in "-Z":
        return r"(?P<offset>Z|[+-]\d\d(?::?\d\d){0,2})"
    return _READ[element]


def _moment(parts: dict[str, str | None]) -> datetime:
    def number(name: str, default: int) -> int:
        return int(parts.get(name) or default)

    year = number("year", 0)
    if short := parts.get("short_year"):
        year = int(short) + (1900 if int(short) >= 69 else 2000)
    month = number("month", 1)
    if name := parts.get("month_name"):
        month = 1 + [known[:3].lower() for known in _MONTHS].index(name[:3].lower())
    hour = number("hour", number("half", 0))
    if noon := parts.get("noon"):
        hour = hour % 12 + (12 if noon.upper() == "PM" else 0)
    fraction = int((parts.get("fraction") or "0").ljust(6, "0")[:6])
    zone = _zone(parts.get("offset") or "Z")
    return datetime(
        max(year, 1), month, number("day", 1), hour, number("minute", 0), number("second", 0), fraction, zone
    )


def _zone(offset: str) -> timezone:
    if offset == "Z":
        return UTC
    digits = offset[1:].replace(":", "").ljust(6, "0")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:6]))
    return timezone(-size if offset[0] == "-" else size) if size else UTC
