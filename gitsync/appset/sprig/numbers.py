"""Arithmetic."""

import math
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any

from gitsync.appset.gotemplate.function import CallFailed, GoFunction, go
from gitsync.appset.gotemplate.printing import plain
from gitsync.appset.gotemplate.values import Int64
from gitsync.appset.sprig.cast import as_float, as_integer, numbers, wrap

_CONTEXT = Context(prec=40)


def _add(*values: Any) -> Int64:
    return wrap(sum(map(as_integer, values)))


def _mul(first: Any, *others: Any) -> Int64:
    product = as_integer(first)
    for other in others:
        product = wrap(product * as_integer(other))
    return wrap(product)


def _div(left: Any, right: Any) -> Int64:
    """Towards zero, as Go divides."""
    dividend, divisor = as_integer(left), as_integer(right)
    if divisor == 0:
        raise CallFailed("runtime error: integer divide by zero")
    quotient = abs(dividend) // abs(divisor)
    return wrap(quotient if (dividend < 0) == (divisor < 0) else -quotient)


def _mod(left: Any, right: Any) -> Int64:
    return wrap(as_integer(left) - _div(left, right) * as_integer(right))


def _decimal(start: Any, others: tuple[Any, ...], operation: Callable[[Decimal, Decimal], Decimal]) -> float:
    result = Decimal(repr(as_float(start)))
    for other in others:
        operand = Decimal(repr(as_float(other)))
        result = operation(result, operand)
    return float(result)


def _divide(left: Decimal, right: Decimal) -> Decimal:
    """Sixteen digits after the point."""
    if right == 0:
        raise CallFailed("decimal division by 0")
    return round(_CONTEXT.divide(left, right), 16)


def _round(value: Any, places: int, *at: float) -> float:
    digit = math.pow(10, places) * as_float(value)
    fraction = math.modf(digit)[0]
    whole = math.ceil(digit) if fraction >= (at[0] if at else 0.5) else math.floor(digit)
    return whole / math.pow(10, places)


def _until(count: int) -> list[int]:
    return numbers(0, count, -1 if count < 0 else 1)


def _seq(*given: int) -> str:
    if len(given) not in (1, 2, 3):
        return ""
    start, end = (1, given[0]) if len(given) == 1 else (given[0], given[-1])
    towards = -1 if end < start else 1
    step = given[1] if len(given) == 3 else towards
    if len(given) == 3 and end < start and step > 0:
        return ""
    return " ".join(map(str, numbers(start, end + towards, step)))


def _octal(value: Any) -> Int64:
    try:
        return wrap(int(plain(value), 8))
    except ValueError:
        return Int64(0)


def _atoi(text: str) -> int:
    try:
        return int(text) if text.isascii() and "_" not in text and text.strip() == text else 0
    except ValueError:
        return 0


NUMBERS: dict[str, GoFunction] = {
    "atoi": go(_atoi, "string"),
    "int": go(lambda value: int(as_integer(value)), "any"),
    "int64": go(lambda value: Int64(as_integer(value)), "any"),
    "float64": go(as_float, "any"),
    "toDecimal": go(_octal, "any"),
    "seq": go(_seq, "int..."),
    "until": go(_until, "int"),
    "untilStep": go(numbers, "int", "int", "int"),
    "add1": go(lambda value: wrap(as_integer(value) + 1), "any"),
    "add": go(_add, "any..."),
    "sub": go(lambda left, right: wrap(as_integer(left) - as_integer(right)), "any", "any"),
    "div": go(_div, "any", "any"),
    "mod": go(_mod, "any", "any"),
    "mul": go(_mul, "any", "any..."),
    "add1f": go(lambda value: _decimal(value, (1,), lambda a, b: a + b), "any"),
    "addf": go(lambda *values: _decimal(0, values, lambda a, b: a + b), "any..."),
    "subf": go(lambda first, *values: _decimal(first, values, lambda a, b: a - b), "any", "any..."),
    "mulf": go(lambda first, *values: _decimal(first, values, lambda a, b: a * b), "any", "any..."),
    "divf": go(lambda first, *values: _decimal(first, values, _divide), "any", "any..."),
    "max": go(lambda *values: Int64(max(map(as_integer, values))), "any", "any..."),
    "biggest": go(lambda *values: Int64(max(map(as_integer, values))), "any", "any..."),
    "min": go(lambda *values: Int64(min(map(as_integer, values))), "any", "any..."),
    "maxf": go(lambda *values: max(map(as_float, values)), "any", "any..."),
    "minf": go(lambda *values: min(map(as_float, values)), "any", "any..."),
    "ceil": go(lambda value: float(math.ceil(as_float(value))), "any"),
    "floor": go(lambda value: float(math.floor(as_float(value))), "any"),
    "round": go(_round, "any", "int", "float..."),
}
