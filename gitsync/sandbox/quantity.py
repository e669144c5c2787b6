"""Amounts of resources in the one form in which the API server writes them: `1000m` is `1`, `0.5` is `500m`."""

import re
from fractions import Fraction
from functools import lru_cache

_PATTERN = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


class NotAQuantity(ValueError):
    """The text is no amount."""


def parse(text: str) -> tuple[Fraction, str]:
    """`(value, style)`, style one of "decimal", "binary", "exponent"."""
    match = _PATTERN.fullmatch(text)
    if not match or not (match[2] or match[3]):
        raise NotAQuantity(text)
    sign, whole, fraction, exponent, suffix = match.groups()
    value = Fraction(int((whole or "") + (fraction or "")), 10 ** len(fraction or ""))
    value = -value if sign == "-" else value
    if suffix in _BINARY:
        return value * 1024 ** _BINARY[suffix], "binary"
    if exponent:
        return value * Fraction(10) ** int(exponent[1:]), "exponent"
    return value * Fraction(10) ** _DECIMAL[suffix or ""], "decimal"


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """The shortest whole number with the largest suffix of the same style. Below a nano it is rounded up."""
    value, style = parse(text)
    nanos = value * 10**9
    if nanos.denominator != 1:
        value = Fraction(-(-nanos.numerator // nanos.denominator), 10**9)
    if value == 0:
        return "0"
    if style == "binary" and abs(value) >= 1024 and value.denominator == 1:
        return _with_suffix(value, {suffix: Fraction(1024) ** power for suffix, power in _BINARY.items()})
    if style == "exponent":
        return _with_exponent(value)
    return _with_suffix(value, {suffix: Fraction(10) ** power for suffix, power in _DECIMAL.items()})


def _with_suffix(value: Fraction, scales: dict[str, Fraction]) -> str:
    for suffix, scale in sorted(scales.items(), key=lambda item: -item[1]):
        scaled = value / scale
        if scaled.denominator == 1:
            return f"{scaled}{suffix}"
    return str(value)


def _with_exponent(value: Fraction) -> str:
    for power in range(18, -10, -3):
        scaled = value / Fraction(10) ** power
        if scaled.denominator == 1:
            return f"{scaled}e{power}" if power else str(scaled)
    return str(value)


def number(text: str | float | None) -> float:
    """The value for comparing and adding up; 0 for nothing."""
    return float(parse(str(text))[0]) if text not in (None, "") else 0.0
