"""Functions of expressions that look at whole values. Those that take closures are in `evaluate`."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

from gitsync.rollout.analysis.expression.budget import Budget
from gitsync.rollout.analysis.expression.errors import ExpressionInvalid
from gitsync.rollout.analysis.expression.operators import compared, equal, is_number, kind_of

_MAX_INT = 2**63
_FLOAT = re.compile(r"[+-]?(\d[\d.eE+-]*|\.\d[\deE+-]*|(?i:inf|infinity|nan))")


def call(name: str, arguments: list[Any], budget: Budget) -> Any:
    """Raises ExpressionInvalid when the arguments do not fit."""
    least, most, function = FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ExpressionInvalid(
            f"{name} takes {wanted} arguments, not {len(arguments)}", suggestion="correct the condition"
        )
    try:
        result = function(*arguments)
    except (TypeError, AttributeError, ValueError, OverflowError) as failure:
        kinds = ", ".join(kind_of(one) for one in arguments)
        raise ExpressionInvalid(
            f"{name} cannot be called with {kinds}", suggestion="convert with asInt, asFloat or default"
        ) from failure
    if isinstance(result, str | list | dict):
        budget.size(len(result))
    return result


def as_int(value: Any) -> int:
    """Of a number or of a whole text; raises ValueError otherwise."""
    if is_number(value):
        return int(value)
    if not isinstance(value, str) or not re.fullmatch(r"[+-]?\d{1,20}", value):
        raise ValueError
    if not -_MAX_INT <= int(value) < _MAX_INT:
        raise ValueError
    return int(value)


def as_float(value: Any) -> float:
    if is_number(value):
        return float(value)
    if not isinstance(value, str) or not _FLOAT.fullmatch(value):
        raise ValueError
    return float(value)


def _float(value: Any) -> float:
    if not is_number(value):
        raise TypeError
    return float(value)


def _number(value: Any) -> Any:
    if not is_number(value):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _length(value: Any) -> int:
    if not isinstance(value, str | list | dict):
        raise TypeError
    return len(value)


def _flat_numbers(arguments: tuple[Any, ...]) -> list[Any]:
    found: list[Any] = []
    for one in arguments:
        found += _flat_numbers(tuple(one)) if isinstance(one, list) else [_number(one)]
    return found


def _mean(*arguments: Any) -> float:
    numbers = _flat_numbers(arguments)
    return math.fsum(numbers) / len(numbers) if numbers else 0.0


def _median(*arguments: Any) -> float:
    numbers = sorted(_flat_numbers(arguments))
    middle = len(numbers) // 2
    if not numbers:
        return 0.0
    return float(numbers[middle]) if len(numbers) % 2 else (numbers[middle - 1] + numbers[middle]) / 2


def _round(value: Any) -> float:
    """Half away from zero, as Go rounds."""
    number = _float(value)
    return math.copysign(math.floor(abs(number) + 0.5), number) if math.isfinite(number) else number


def _whole(value: Any, towards: Callable[[float], int]) -> float:
    number = _float(value)
    return float(towards(number)) if math.isfinite(number) else number


def _split(text: Any, separator: Any, most: Any = -1) -> list[str]:
    if not separator:
        return list(_text(text))
    return _text(text).split(_text(separator), most - 1 if most > 0 else -1)


def _join(items: Any, separator: Any = "") -> str:
    return _text(separator).join(_text(one) for one in _array(items))


def _repeat(text: Any, times: Any) -> str:
    if not 0 <= times * max(1, len(_text(text))) <= 1_000_000:
        raise ValueError
    return str(text * times)


def _trim(text: Any, characters: Any = None) -> str:
    return _text(text).strip(characters)


def _replace(text: Any, old: Any, new: Any) -> str:
    if len(_text(text)) * (len(_text(new)) + 1) > 1_000_000:
        raise ValueError
    return _text(text).replace(_text(old), new)


def _without(prefix: bool, text: Any, part: Any) -> str:
    return _text(text).removeprefix(_text(part)) if prefix else _text(text).removesuffix(_text(part))


def _first(items: Any) -> Any:
    return _array(items)[0] if items else None


def _last(items: Any) -> Any:
    return _array(items)[-1] if items else None


def _sorted(items: Any, order: Any = "asc") -> list[Any]:
    if any(compared("<", one, one) for one in _array(items)):  # all of them can be compared
        raise ValueError
    return sorted(items, reverse=order == "desc")


def _unique(items: Any) -> list[Any]:
    found: list[Any] = []
    for one in _array(items)[:1000]:
        if not any(equal(one, other) for other in found):
            found.append(one)
    return found


def _flattened(items: Any) -> list[Any]:
    found: list[Any] = []
    for one in _array(items):
        found += _flattened(one) if isinstance(one, list) else [one]
    return found


def _get(subject: Any, key: Any) -> Any:
    if isinstance(subject, dict):
        return subject.get(key)
    return subject[key] if isinstance(subject, list) and -len(subject) <= key < len(subject) else None


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, list | dict | bool) or value is None else f"{value:g}"


def _default(value: Any, otherwise: Any) -> Any:
    """For what was not measured."""
    return otherwise if value is None else value


_MANY = 100

FUNCTIONS: dict[str, tuple[int, int, Callable[..., Any]]] = {
    "asInt": (1, 1, as_int),
    "asFloat": (1, 1, as_float),
    "isNaN": (1, 1, lambda value: math.isnan(_float(value))),
    "isInf": (1, 1, lambda value: math.isinf(_float(value))),
    "isNil": (1, 1, lambda value: value is None),
    "default": (2, 2, _default),
    "len": (1, 1, _length),
    "int": (1, 1, as_int),
    "float": (1, 1, as_float),
    "string": (1, 1, _shown),
    "type": (1, 1, kind_of),
    "abs": (1, 1, lambda value: abs(_number(value))),
    "ceil": (1, 1, lambda value: _whole(value, math.ceil)),
    "floor": (1, 1, lambda value: _whole(value, math.floor)),
    "round": (1, 1, _round),
    "min": (1, _MANY, lambda *values: min(_flat_numbers(values))),
    "max": (1, _MANY, lambda *values: max(_flat_numbers(values))),
    "mean": (1, _MANY, _mean),
    "median": (1, _MANY, _median),
    "trim": (1, 2, _trim),
    "trimPrefix": (1, 2, lambda text, part="": _without(True, text, part)),
    "trimSuffix": (1, 2, lambda text, part="": _without(False, text, part)),
    "upper": (1, 1, lambda text: _text(text).upper()),
    "lower": (1, 1, lambda text: _text(text).lower()),
    "split": (2, 3, _split),
    "join": (1, 2, _join),
    "replace": (3, 3, _replace),
    "repeat": (2, 2, _repeat),
    "indexOf": (2, 2, lambda text, part: _text(text).find(_text(part))),
    "lastIndexOf": (2, 2, lambda text, part: _text(text).rfind(_text(part))),
    "hasPrefix": (2, 2, lambda text, part: _text(text).startswith(_text(part))),
    "hasSuffix": (2, 2, lambda text, part: _text(text).endswith(_text(part))),
    "first": (1, 1, _first),
    "last": (1, 1, _last),
    "take": (2, 2, lambda items, number: _array(items)[: _number(number)]),
    "reverse": (1, 1, lambda items: _array(items)[::-1]),
    "sort": (1, 2, _sorted),
    "uniq": (1, 1, _unique),
    "concat": (1, _MANY, lambda *lists: [one for items in lists for one in _array(items)]),
    "flatten": (1, 1, _flattened),
    "keys": (1, 1, lambda pairs: list(pairs.keys())),
    "values": (1, 1, lambda pairs: list(pairs.values())),
    "get": (2, 2, _get),
    "toJSON": (1, 1, lambda value: json.dumps(value)),
    "fromJSON": (1, 1, lambda text: json.loads(_text(text))),
}
