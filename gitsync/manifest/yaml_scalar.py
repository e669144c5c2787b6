"""What an unquoted YAML scalar means to Kubernetes tools.

They read YAML 1.1 words (`yes`, `on`, `y` are booleans) with Go's number syntax, write it out as JSON and read that
again. So dates and base-60 numbers stay strings, `0755` is octal, `1_000` is a number, and `1.0` is the integer 1.
"""

import re

_WORDS: dict[str, bool | None] = {
    **{word: True for word in ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")},
    **{word: False for word in ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")},
    **{word: None for word in ("", "~", "null", "Null", "NULL")},
}
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_FIRST = frozenset("+-.0123456789yYnNtTfFoO~")
_INT64 = 1 << 63

Scalar = str | int | float | bool | None


class NotFinite(ValueError):
    """Infinity and NaN have no JSON form, so no Kubernetes object can hold them."""


def resolve_plain(text: str) -> Scalar:
    """The value of an unquoted scalar. Raises NotFinite."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST:
        return text
    return resolve_number(text)


def resolve_number(text: str) -> Scalar:
    """The number that `text` spells, or `text` itself. Raises NotFinite."""
    if _NOT_FINITE.fullmatch(text):
        raise NotFinite(text)
    # An underscore is a separator only in what begins like a number.
    plain = text.replace("_", "") if text[0] in "+-0123456789" else text
    if match := _INTEGER.fullmatch(plain):
        return in_range(_integer(match[1], match[2]))
    if _FLOAT.fullmatch(plain):
        return as_json_number(float(plain))
    return text


def as_json_number(number: float) -> int | float:
    """JSON has no difference between 1.0 and 1, and Kubernetes makes an integer of both. Raises NotFinite."""
    if number - number != 0.0:
        raise NotFinite(number)
    return int(number) if number.is_integer() and abs(number) < _INT64 else number


def in_range(number: int) -> int | float:
    """Integers past 64 bits become floats, as in Kubernetes. Raises NotFinite for those past a float, too."""
    if -_INT64 <= number < _INT64:
        return number
    try:
        return float(number)
    except OverflowError as error:
        raise NotFinite(number) from error


def _integer(sign: str, digits: str) -> int:
    prefix = digits[:2].lower()
    if prefix in ("0x", "0b", "0o"):
        value = int(digits[2:], {"0x": 16, "0b": 2, "0o": 8}[prefix])
    elif digits[0] == "0":
        value = int(digits, 8)
    else:
        # Python refuses to read thousands of digits (its guard against quadratic time); no float is that big either.
        value = int(digits) if len(digits) < 400 else 10**400
    return -value if sign == "-" else value
