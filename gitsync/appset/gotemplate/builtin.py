"""The functions that every Go template has."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from gitsync.appset.gotemplate.function import CallFailed, GoFunction, go
from gitsync.appset.gotemplate.printing import sprint, sprintf, sprintln
from gitsync.appset.gotemplate.values import (
    MISSING,
    StringMap,
    Uint8,
    as_bytes,
    as_text,
    is_nil,
    is_true,
    kind_name,
    type_name,
)

_KINDS = {"int": "int", "int64": "int", "uint8": "uint", "float64": "float", "string": "string", "bool": "bool"}


def _basic(value: Any) -> str:
    return _KINDS.get(type_name(value), "")


def _equal(left: Any, right: Any) -> bool:
    kinds = {_basic(left), _basic(right)}
    if len(kinds) == 2 and kinds != {"int", "uint"}:
        if not is_nil(left) and not is_nil(right):
            raise CallFailed(f"incompatible types for comparison: {type_name(left)} and {type_name(right)}")
        return False
    if kinds == {""}:
        if is_nil(left) or is_nil(right):
            return is_nil(left) and is_nil(right)
        if kind_name(left) != kind_name(right) or kind_name(left) in ("map", "slice"):
            raise CallFailed(f"non-comparable types: {type_name(left)} and {type_name(right)}")
    return bool(left == right)


def _eq(first: Any, *others: Any) -> bool:
    if not others:
        raise CallFailed("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _lt(left: Any, right: Any) -> bool:
    kinds = {_basic(left), _basic(right)}
    if "" in kinds:
        raise CallFailed("invalid type for comparison")
    if len(kinds) == 2 and kinds != {"int", "uint"}:
        raise CallFailed(f"incompatible types for comparison: {type_name(left)} and {type_name(right)}")
    if kinds == {"bool"}:
        raise CallFailed("invalid type for comparison")
    return bool(as_bytes(left) < as_bytes(right)) if isinstance(left, str) else bool(left < right)


def _le(left: Any, right: Any) -> bool:
    return _lt(left, right) or _equal(left, right)


def _len(value: Any) -> int:
    if isinstance(value, str):
        return len(as_bytes(value))
    if isinstance(value, list | dict):
        return len(value)
    raise CallFailed("len of nil pointer" if is_nil(value) else f"len of type {type_name(value)}")


def _index(value: Any, *indexes: Any) -> Any:
    if is_nil(value):
        raise CallFailed("index of untyped nil")
    for index in indexes:
        if is_nil(value):
            raise CallFailed("index of nil pointer")
        value = _item(value, index)
    return value


def _item(value: Any, index: Any) -> Any:
    if isinstance(value, dict):
        if not isinstance(index, str):
            raise CallFailed(f"value has type {type_name(index)}; should be string")
        return value.get(index, "" if isinstance(value, StringMap) else None)
    if isinstance(value, str):
        data = as_bytes(value)
        return Uint8(data[_position(index, len(data) - 1)])
    if isinstance(value, list):
        return value[_position(index, len(value) - 1)]
    raise CallFailed(f"can't index item of type {type_name(value)}")


def _position(index: Any, last: int) -> int:
    if is_nil(index) or isinstance(index, bool) or not isinstance(index, int):
        raise CallFailed(f"cannot index slice/array with type {type_name(index)}")
    if not 0 <= index <= last:
        raise CallFailed(f"index out of range: {index}")
    return index


def _slice(value: Any, *indexes: Any) -> Any:
    if is_nil(value):
        raise CallFailed("slice of untyped nil")
    if not isinstance(value, str | list):
        raise CallFailed(f"can't slice item of type {type_name(value)}")
    if len(indexes) > (2 if isinstance(value, str) else 3):
        raise CallFailed("too many slice indexes")
    items: Any = as_bytes(value) if isinstance(value, str) else value
    bounds = [_position(index, len(items)) for index in indexes]
    start = bounds[0] if bounds else 0
    end = bounds[1] if len(bounds) > 1 else len(items)
    if start > end or (len(bounds) == 3 and end > bounds[2]):
        raise CallFailed(f"invalid slice index: {start} > {end}")
    cut = items[start:end]
    return as_text(cut) if isinstance(value, str) else type(value)(cut)


def _call(*_: Any) -> Any:
    raise CallFailed("there is no function among the values to call")


def _text(values: tuple[Any, ...]) -> str:
    return values[0] if len(values) == 1 and isinstance(values[0], str) else sprint(_printable(values))


def _printable(values: tuple[Any, ...]) -> list[Any]:
    return ["<no value>" if value is MISSING else value for value in values]


_HTML = {"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"'}


def _html(*values: Any) -> str:
    return "".join(_HTML.get(character, character) for character in _text(values))


def _js_character(match: re.Match[str]) -> str:
    return _JS.get(match.group(), f"\\u{ord(match.group()):04X}")


def _js(*values: Any) -> str:
    return re.sub(r"[\\'\"<>&=\x00-\x1f]", _js_character, _text(values))


def _urlquery(*values: Any) -> str:
    return quote_plus(_text(values), safe="-_.~")


def _logic(*values: Any) -> Any:
    """`and` and `or` are evaluated step by step by whoever evaluates the template."""
    raise AssertionError(values)


def _negated(judge: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: not judge(left, right)


BUILTINS: dict[str, GoFunction] = {
    "and": go(_logic, "any", "any..."),
    "or": go(_logic, "any", "any..."),
    "not": go(lambda value: not is_true(value), "any"),
    "eq": go(_eq, "any", "any..."),
    "ne": go(_negated(_eq), "any", "any"),
    "lt": go(_lt, "any", "any"),
    "le": go(_le, "any", "any"),
    "gt": go(_negated(_le), "any", "any"),
    "ge": go(_negated(_lt), "any", "any"),
    "len": go(_len, "any"),
    "index": go(_index, "any", "any..."),
    "slice": go(_slice, "any", "any..."),
    "call": go(_call, "any..."),
    "print": go(lambda *values: sprint(values), "any..."),
    "println": go(lambda *values: sprintln(values), "any..."),
    "printf": go(lambda template, *values: sprintf(template, values), "string", "any..."),
    "html": go(_html, "any..."),
    "js": go(_js, "any..."),
    "urlquery": go(_urlquery, "any..."),
}
