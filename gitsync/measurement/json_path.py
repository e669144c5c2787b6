"""JSONPath as Kubernetes templates write it: `{$.data.items[?(@.ok==true)].value}`. The first match counts."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from gitsync.measurement.errors import MeasurementFailed

_MAX_LENGTH = 2_000
_MAX_VISITED = 100_000
_FIELD = re.compile(r"((?:\\.|[\w$-])+)")
_BRACKET = re.compile(r"\[((?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\[\]'\"]|\[[^\]]*\])*)\]")
_FILTER = re.compile(r"\?\(\s*@((?:\.[\w-]+|\[[^\]]+\])*)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?))?\s*\)")
_INDEX = re.compile(r"-?\d+")
_SLICE = re.compile(r"(-?\d*):(-?\d*)(?::(-?\d*))?")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def first_match(value: Any, template: str) -> Any:
    """Raises MeasurementFailed when the path cannot be read, or nothing is there."""
    path = template.strip()
    if len(path) > _MAX_LENGTH:
        raise _invalid(path[:50])
    if path.startswith("{") and path.endswith("}"):
        path = path[1:-1].strip()
    for found in _matches(value, path.removeprefix("$"), template):
        return found
    raise MeasurementFailed(
        f"Could not find JSONPath in body: {template} is not found", suggestion="compare jsonPath with the answer"
    )


def _matches(value: Any, path: str, template: str) -> Iterator[Any]:
    values = [value]
    position = 0
    while position < len(path):
        step, position = _step(path, position, template)
        values = [found for one in values for found in step(one)]
        if len(values) > _MAX_VISITED:
            raise _invalid(template)
    return iter(values)


def _step(path: str, position: int, template: str) -> tuple[Callable[[Any], list[Any]], int]:
    if path.startswith("..", position):
        name = _FIELD.match(path, position + 2)
        if name is None:
            raise _invalid(template)
        return _descendants(_unescaped(name.group(1))), name.end()
    if path.startswith(".*", position):
        return _children, position + 2
    if path.startswith(".[", position):
        position += 1
    if (bracket := _BRACKET.match(path, position)) is not None:
        return _bracket(bracket.group(1).strip(), template), bracket.end()
    start = position + 1 if path[position] == "." else position
    name = _FIELD.match(path, start)
    if name is None:
        raise _invalid(template)
    return _field(_unescaped(name.group(1))), name.end()


def _unescaped(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)


def _bracket(inside: str, template: str) -> Callable[[Any], list[Any]]:
    if inside == "*":
        return _children
    if _INDEX.fullmatch(inside):
        return _indexed(int(inside))
    if cut := _SLICE.fullmatch(inside):
        start, end, step = (int(part) if part else None for part in cut.groups())
        return lambda value: value[slice(start, end, step or None)] if isinstance(value, list) else []
    if condition := _FILTER.fullmatch(inside):
        path, operator, text = condition.groups()
        return _filtered(path, operator, text, template)
    parts = [part.strip() for part in inside.split(",")]
    if all(len(part) >= 2 and part[0] == part[-1] and part[0] in "'\"" for part in parts):
        steps = [_field(part[1:-1]) for part in parts]
        return lambda value: [found for step in steps for found in step(value)]
    if all(_INDEX.fullmatch(part) for part in parts):
        positions = [_indexed(int(part)) for part in parts]
        return lambda value: [found for step in positions for found in step(value)]
    raise _invalid(template)


def _field(name: str) -> Callable[[Any], list[Any]]:
    return lambda value: [value[name]] if isinstance(value, dict) and name in value else []


def _indexed(position: int) -> Callable[[Any], list[Any]]:
    def at(value: Any) -> list[Any]:
        return [value[position]] if isinstance(value, list) and -len(value) <= position < len(value) else []

    return at


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _descendants(name: str) -> Callable[[Any], list[Any]]:
    def find(value: Any) -> list[Any]:
        found: list[Any] = []
        waiting = [value]
        while waiting:
            one = waiting.pop(0)
            if isinstance(one, dict) and name in one:
                found.append(one[name])
            waiting += _children(one)
        return found

    return find


def _filtered(path: str, operator: str | None, text: str | None, template: str) -> Callable[[Any], list[Any]]:
    wanted = _literal(text, template) if text is not None else None

    def keeps(item: Any) -> bool:
        found = list(_matches(item, path, template)) if path else [item]
        if operator is None:
            return bool(found)
        try:
            return bool(found) and _COMPARISONS[operator](found[0], wanted)
        except TypeError:
            return False

    return lambda value: [item for item in _children(value) if keeps(item)]


def _literal(text: str, template: str) -> Any:
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1]
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as failure:
        raise _invalid(template) from failure


def _invalid(template: str) -> MeasurementFailed:
    return MeasurementFailed(
        f"jsonPath {template!r} cannot be read", suggestion="write it like {$.data.items[0].value}"
    )
