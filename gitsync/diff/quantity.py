"""Kubernetes quantities ("500m", "1Gi", 0.5) and Go durations ("90m" is "1h30m0s"), by value."""

import re
from decimal import ROUND_UP, Decimal
from typing import Any

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?")
_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}
_KIBI = _SUFFIXES["Ki"]
_BINARY = ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki")
_DECIMAL = (
    *((name, _SUFFIXES[name]) for name in ("E", "P", "T", "G", "M", "k")),
    ("", Decimal(1)),
    *((name, _SUFFIXES[name]) for name in ("m", "u", "n")),
)
_LONGEST = 64  # nobody writes longer ones, and Decimal must not be fed megabytes

_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")
_DURATION = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+")
_NANOSECONDS = {
    "ns": Decimal(1),
    "us": Decimal(10**3),
    "µs": Decimal(10**3),
    "ms": Decimal(10**6),
    "s": Decimal(10**9),
    "m": Decimal(60 * 10**9),
    "h": Decimal(3600 * 10**9),
}


def parse_quantity(value: Any) -> Decimal | None:
    """The amount, or None for what is no quantity."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value)
    match = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    number, exponent, suffix = match.groups()
    amount = Decimal(number + exponent) if exponent else Decimal(number)
    return amount * _SUFFIXES[suffix] if suffix else amount


def canonical_quantity(value: Any) -> str | None:
    """The amount as Kubernetes prints it ("0.5" is "500m", "1024Mi" is "1Gi"); None for what is no quantity."""
    amount = parse_quantity(value)
    if amount is None:
        return None
    match = _QUANTITY.fullmatch(str(value))
    suffix = match.group(3) if match else None
    if suffix and suffix.endswith("i") and abs(amount) >= _KIBI and amount == amount.to_integral_value():
        for name in _BINARY:
            scaled = amount / _SUFFIXES[name]
            if scaled == scaled.to_integral_value():
                return f"{int(scaled)}{name}"
        return str(int(amount))
    if match and match.group(2):
        return None  # "1e3" stays what it is
    for name, size in _DECIMAL:
        scaled = amount / size
        if scaled == scaled.to_integral_value():
            return f"{int(scaled)}{name}" if scaled else "0"
    return f"{int((amount / _DECIMAL[-1][1]).to_integral_value(ROUND_UP))}n"


def print_duration(value: Any) -> str | None:
    """The duration as Go prints it; None for what is none."""
    amount = parse_duration(value)
    return None if amount is None else _print_duration(amount)


def same_quantity(left: Any, right: Any) -> bool:
    amount = parse_quantity(left)
    return amount is not None and amount == parse_quantity(right)


def parse_duration(value: Any) -> Decimal | None:
    """Nanoseconds, or None for what is no duration with a unit."""
    if not isinstance(value, str) or len(value) > _LONGEST or not _DURATION.fullmatch(value):
        return None
    total = sum(
        (Decimal(number) * _NANOSECONDS[unit] for number, unit in _DURATION_PART.findall(value)), start=Decimal(0)
    )
    return -total if value.startswith("-") else total


def rewritten_duration(written: Any, stored: Any) -> bool:
    """Whether `stored` is `written` as Go prints it, minutes and seconds included: what a typed client makes of it."""
    amount = parse_duration(written)
    return amount is not None and isinstance(stored, str) and stored == _print_duration(amount)


def _print_duration(nanoseconds: Decimal) -> str | None:
    if nanoseconds != nanoseconds.to_integral_value() or abs(nanoseconds) < _NANOSECONDS["s"]:
        return "0s" if not nanoseconds else None
    sign = "-" if nanoseconds < 0 else ""
    minutes, rest = divmod(abs(nanoseconds), _NANOSECONDS["m"])
    hours, minutes = divmod(minutes, 60)
    seconds = (rest / _NANOSECONDS["s"]).normalize()
    text = f"{seconds:f}s"
    if hours:
        text = f"{hours}h{minutes}m{text}"
    elif minutes:
        text = f"{minutes}m{text}"
    return sign + text
