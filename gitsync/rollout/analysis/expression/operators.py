"""Operators over values that came as JSON. Kinds never mix: a text is no number."""

import math
from collections.abc import Callable
from typing import Any

import re2

from gitsync.rollout.analysis.expression.budget import Budget
from gitsync.rollout.analysis.expression.errors import ExpressionInvalid

_MAX_POWER = 1024


def kind_of(value: Any) -> str:
    """As expr-lang's `type` names it."""
    if value is None:
        return "nil"
    for kind, name in ((bool, "bool"), (int, "int"), (float, "float"), (str, "string"), (list, "array"), (dict, "map")):
        if isinstance(value, kind):
            return name
    return type(value).__name__


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def mismatch(operator: str, left: Any, right: Any) -> ExpressionInvalid:
    return ExpressionInvalid(
        f"invalid operation: {kind_of(left)} {operator} {kind_of(right)}",
        suggestion="convert with asInt, asFloat or default",
    )


def equal(left: Any, right: Any) -> bool:
    if is_number(left) and is_number(right):
        return bool(left == right)
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return type(left) is type(right) and bool(left == right)


def compared(operator: str, left: Any, right: Any) -> bool:
    if not (is_number(left) and is_number(right)) and not (isinstance(left, str) and isinstance(right, str)):
        raise mismatch(operator, left, right)
    match operator:
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
    return bool(left >= right)


def contained(left: Any, right: Any) -> bool:
    """In an array by value, in a map by key. Nothing is in nothing."""
    if right is None:
        return False
    if isinstance(right, list):
        return any(equal(left, one) for one in right)
    if isinstance(right, dict):
        return isinstance(left, str) and left in right
    raise mismatch("in", left, right)


def calculated(operator: str, left: Any, right: Any, budget: Budget) -> Any:
    if operator == "+" and isinstance(left, str) and isinstance(right, str):
        budget.size(len(left) + len(right))
        return left + right
    if not is_number(left) or not is_number(right):
        raise mismatch(operator, left, right)
    match operator:
        case "+":
            return _wrapped(left + right)
        case "-":
            return _wrapped(left - right)
        case "*":
            return _wrapped(left * right)
        case "/":
            return _divided(left, right)
        case "%":
            return _remainder(left, right)
    return _power(left, right)


def _wrapped(number: Any) -> Any:
    """Whole numbers have 64 bits and wrap around, as everywhere in expr-lang."""
    return (number + 2**63) % 2**64 - 2**63 if isinstance(number, int) else number


def _divided(left: float, right: float) -> float:
    """As IEEE 754 says: dividing by zero is infinite, or no number."""
    if right:
        return left / right
    if not left or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _remainder(left: Any, right: Any) -> int:
    """With the sign of the dividend, for whole numbers only."""
    if not isinstance(left, int) or not isinstance(right, int):
        raise mismatch("%", left, right)
    if right == 0:
        raise ExpressionInvalid("integer divide by zero", suggestion="guard the divisor")
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def _power(left: float, right: float) -> float:
    if abs(right) > _MAX_POWER:
        return math.inf if abs(left) > 1 and right > 0 else 0.0 if abs(left) > 1 else float(left)
    try:
        return float(left) ** float(right) if left >= 0 or float(right).is_integer() else math.nan
    except OverflowError:
        return math.inf
    except ZeroDivisionError:
        return math.inf


def texts(operator: str, left: Any, right: Any) -> bool:
    if left is None:
        return False
    if not isinstance(left, str) or not isinstance(right, str):
        raise mismatch(operator, left, right)
    return _TEXT_TESTS[operator](left, right)


def _matches(left: str, right: str) -> bool:
    try:
        return re2.search(right, left) is not None
    except re2.error as failure:
        raise ExpressionInvalid(
            f"{right!r} is no regular expression: {failure}", suggestion="correct the expression"
        ) from failure


_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda left, right: right in left,
    "startsWith": lambda left, right: left.startswith(right),
    "endsWith": lambda left, right: left.endswith(right),
    "matches": _matches,
}
