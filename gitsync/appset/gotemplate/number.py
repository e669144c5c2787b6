"""Numbers as Go writes and reads them."""

import math
import re
from decimal import Decimal


def shortest(value: float) -> str:
    """`%v` of a float64: the fewest digits that mean it, as package fmt has it."""
    return general(value, -1)


def general(value: float, precision: int, *, threshold: int = 0, letter: str = "e") -> str:
    """`%g`; with precision -1 the shortest digits. `threshold`: the exponent from which the shortest form has one."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    sign = "-" if math.copysign(1, value) < 0 else ""
    digits, exponent = _digits(abs(value), precision)
    if precision < 0:
        limit = threshold or 6
    else:
        limit = max(precision, 1)
        if limit > len(digits) >= exponent + 1:
            limit = len(digits)
    if exponent < -4 or exponent >= limit:
        mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{mantissa}{letter}{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    rest = digits[exponent + 1 :]
    return sign + whole + ("." + rest if rest else "")


def _digits(value: float, precision: int) -> tuple[str, int]:
    """Digits without trailing zeros, and the decimal exponent of the first."""
    if value == 0:
        return "0", 0
    text = repr(value) if precision < 0 else f"{value:.{max(precision, 1) - 1}e}"
    number = Decimal(text)
    digits = "".join(map(str, number.as_tuple().digits)).lstrip("0")
    exponent = number.adjusted()
    return digits.rstrip("0") or "0", exponent


def exponential(value: float, precision: int, letter: str = "e") -> str:
    """`%e`: six digits unless told."""
    if not math.isfinite(value):
        return general(value, -1)
    return f"{value:.{6 if precision < 0 else precision}e}".replace("e", letter)


_INTEGER = re.compile(r"[+-]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[1-9][0-9]*|0)")


def parse_integer(text: str) -> int | None:
    """An integer literal of Go, underscores included; None for what is none."""
    plain = text.replace("_", "")
    if not _INTEGER.fullmatch(plain):
        return None
    sign, digits = (-1, plain[1:]) if plain[0] == "-" else (1, plain.lstrip("+"))
    if re.fullmatch("0[0-7]+", digits):
        return sign * int(digits, 8)
    return sign * int(digits, 0)
