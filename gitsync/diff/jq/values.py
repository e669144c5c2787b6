"""Values as jq sees them: their types, their order, reckoning with them."""

import functools
import math
from typing import Any

from gitsync.diff.jq.errors import ExpressionFailed

MAX_TEXT = 1_000_000

_RANKS = {"null": 0, "false": 1, "true": 2, "number": 3, "string": 4, "array": 5, "object": 6}


def type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def truth(value: Any) -> bool:
    """Only null and false are false."""
    return value is not None and value is not False


def equal(left: Any, right: Any) -> bool:
    return compare(left, right) == 0


def compare(left: Any, right: Any) -> int:
    """-1, 0 or 1, in jq's order of all values."""
    ranks = _rank(left), _rank(right)
    if ranks[0] != ranks[1]:
        return -1 if ranks[0] < ranks[1] else 1
    if isinstance(left, dict):
        return _compare_objects(left, right)
    if isinstance(left, list):
        for one, other in zip(left, right, strict=False):
            if order := compare(one, other):
                return order
        return _sign(len(left), len(right))
    if ranks[0] < _RANKS["number"]:
        return 0
    return _sign(left, right)


sort_key = functools.cmp_to_key(compare)


def _rank(value: Any) -> int:
    kind = type_of(value)
    return _RANKS["true" if value else "false"] if kind == "boolean" else _RANKS[kind]


def _compare_objects(left: dict[str, Any], right: dict[str, Any]) -> int:
    keys = sorted(left), sorted(right)
    if keys[0] != keys[1]:
        return _sign(keys[0], keys[1])
    for key in keys[0]:
        if order := compare(left[key], right[key]):
            return order
    return 0


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def size(value: Any) -> int:
    """How much there is of it: nodes, and a node for each hundred characters."""
    if isinstance(value, dict):
        return 1 + sum(size(child) for child in value.values())
    if isinstance(value, list):
        return 1 + sum(map(size, value))
    return 1 + len(value) // 100 if isinstance(value, str) else 1


# ---- reckoning


def calculate(sign: str, left: Any, right: Any) -> Any:
    """Raises ExpressionFailed where the types do not fit."""
    match sign:
        case "+":
            return add(left, right)
        case "-":
            return _subtract(left, right)
        case "*":
            return _multiply(left, right)
        case "/":
            return _divide(left, right)
        case _:
            return _remainder(left, right)


def compared(sign: str, left: Any, right: Any) -> bool:
    order = compare(left, right)
    return {
        "==": order == 0,
        "!=": order != 0,
        "<": order < 0,
        "<=": order <= 0,
        ">": order > 0,
        ">=": order >= 0,
    }[sign]


def add(left: Any, right: Any) -> Any:
    if left is None:
        return right
    if right is None:
        return left
    if is_number(left) and is_number(right):
        return _number(left + right)
    if isinstance(left, str) and isinstance(right, str):
        return checked(left + right)
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    if isinstance(left, dict) and isinstance(right, dict):
        return {**left, **right}
    raise _misfit("added", left, right)


def _subtract(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return _number(left - right)
    if isinstance(left, list) and isinstance(right, list):
        return [one for one in left if not any(equal(one, other) for other in right)]
    raise _misfit("subtracted", left, right)


def _multiply(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return _number(left * right)
    if isinstance(left, dict) and isinstance(right, dict):
        return _merged(left, right)
    if is_number(left) and isinstance(right, str):
        left, right = right, left
    if isinstance(left, str) and is_number(right):
        if right <= 0:
            return None
        times = max(1, math.ceil(right)) if right < MAX_TEXT else MAX_TEXT + 1
        if len(left) * times > MAX_TEXT:
            raise ExpressionFailed("a string becomes too long")
        return left * times
    raise _misfit("multiplied", left, right)


def _merged(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    result = dict(left)
    for key, value in right.items():
        before = result.get(key)
        both = isinstance(before, dict) and isinstance(value, dict)
        result[key] = _merged(before, value) if both and before is not None else value
    return result


def _divide(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        if not right:
            raise ExpressionFailed("something is divided by zero")
        quotient = _number(left / right)
        return int(quotient) if quotient == int(quotient) and abs(quotient) < 2**53 else quotient
    if isinstance(left, str) and isinstance(right, str):
        return split(left, right)
    raise _misfit("divided", left, right)


def _remainder(left: Any, right: Any) -> Any:
    if not (is_number(left) and is_number(right)):
        raise _misfit("divided", left, right)
    divisor = abs(int(right))
    if not divisor:
        raise ExpressionFailed("something is divided by zero")
    rest = abs(int(left)) % divisor
    return -rest if left < 0 else rest


def split(text: str, by: str) -> list[str]:
    if not text:
        return []
    return list(text) if not by else text.split(by)


def checked(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ExpressionFailed("a string becomes too long")
    return text


def _number(value: float) -> float:
    """Finite, and no larger than anybody reckons with."""
    try:
        if math.isfinite(value) and abs(value) < 1e300:
            return value
    except OverflowError:
        pass
    raise ExpressionFailed("a number becomes too large")


def _misfit(what: str, left: Any, right: Any) -> ExpressionFailed:
    return ExpressionFailed(f"{type_of(left)} and {type_of(right)} cannot be {what}")
