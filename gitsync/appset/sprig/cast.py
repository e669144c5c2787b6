"""How sprig turns any value into text, a number or a list of texts."""

import math
from typing import Any

from gitsync.appset.gotemplate.function import CallFailed
from gitsync.appset.gotemplate.number import parse_integer
from gitsync.appset.gotemplate.printing import plain
from gitsync.appset.gotemplate.values import Int64, Ints, Strings, kind_name

_LONGEST_LIST = 100_000


def as_string(value: Any) -> str:
    return value if isinstance(value, str) else plain(value)


def as_strings(value: Any) -> Strings:
    if isinstance(value, list):
        return Strings(as_string(item) for item in value if item is not None)
    return Strings() if value is None else Strings([as_string(value)])


def as_integer(value: Any) -> int:
    """0 for what is no number, as the library that sprig uses has it."""
    if isinstance(value, str):
        return _parse(value)
    if isinstance(value, float):
        return wrap(int(value)) if math.isfinite(value) and abs(value) < 2**63 else -(2**63)
    return int(value) if isinstance(value, int) else 0


def _parse(text: str) -> int:
    whole, _, fraction = text.partition(".")
    number = None if fraction.strip("0") else parse_integer(whole)
    return number if number is not None and -(2**63) <= number < 2**63 else 0


def as_float(value: Any) -> float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return 0.0
    return float(value) if isinstance(value, int | float) else 0.0


def wrap(number: int) -> Int64:
    """What is left of a number in 64 bits."""
    return Int64((number + 2**63) % 2**64 - 2**63)


def items_of(value: Any, action: str) -> list[Any]:
    """The items of a list; an error that names what was tried for anything else."""
    if isinstance(value, list):
        return list(value)
    raise CallFailed(f"Cannot {action} on type {kind_name(value)}")


def is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, bool | int | float | str | list | dict) and not value)


def same(left: Any, right: Any) -> bool:
    """reflect.DeepEqual: types count, too."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    return bool(left == right)


def numbers(start: int, stop: int, step: int) -> Ints:
    if (stop < start) == (step >= 0) or step == 0:
        return Ints()
    found = range(start, stop, step)
    if len(found) > _LONGEST_LIST:
        raise CallFailed("the list of numbers is too long")
    return Ints(found)
