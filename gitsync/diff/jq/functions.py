"""Functions of values: each gets its input and the values of its arguments. Those that name places are in `walking`."""

from collections.abc import Callable
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import msgspec
import re2

from gitsync.diff.jq.errors import ExpressionFailed
from gitsync.diff.jq.values import (
    MAX_TEXT,
    add,
    checked,
    compare,
    equal,
    is_number,
    sort_key,
    split,
    truth,
    type_of,
)

Function = Callable[..., Any]

_MAX_PATTERN = 1000
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)


def _length(value: Any) -> Any:
    if value is None:
        return 0
    if isinstance(value, bool):
        raise ExpressionFailed("boolean has no length")
    return abs(value) if is_number(value) else len(value)


def _keys(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return sorted(value)
    if isinstance(value, list):
        return list(range(len(value)))
    raise _no("keys", value)


def _has(value: Any, key: Any) -> bool:
    if isinstance(value, dict) and isinstance(key, str):
        return key in value
    if isinstance(value, list) and is_number(key):
        return bool(0 <= key < len(value))
    raise ExpressionFailed(f"{type_of(value)} cannot have a key that is {type_of(key)}")


def _contains(value: Any, other: Any) -> bool:
    if isinstance(value, dict) and isinstance(other, dict):
        return all(key in value and _contains(value[key], part) for key, part in other.items())
    if isinstance(value, list) and isinstance(other, list):
        return all(any(_inside(part, item) for item in value) for part in other)
    if isinstance(value, str) and isinstance(other, str):
        return other in value
    if type_of(value) == type_of(other):
        return equal(value, other)
    raise ExpressionFailed(f"{type_of(value)} cannot contain {type_of(other)}")


def _inside(part: Any, item: Any) -> bool:
    return type_of(part) == type_of(item) and _contains(item, part)


@lru_cache(maxsize=256)
def _pattern(text: str, flags: str) -> Any:
    if len(text) > _MAX_PATTERN:
        raise ExpressionFailed("a regular expression is too long")
    if unknown := set(flags) - set("gins"):
        raise ExpressionFailed(f"flag {min(unknown)} of a regular expression is not known")
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = "i" not in flags
    options.dot_nl = "s" in flags
    try:
        return re2.compile(text, options=options)
    except re2.error as error:
        raise ExpressionFailed(f"{text[:100]!r} is no regular expression") from error


def _test(value: Any, pattern: Any, flags: Any = None) -> bool:
    if isinstance(pattern, list):
        pattern, flags = (*pattern, None, None)[:2]
    if not isinstance(value, str) or not isinstance(pattern, str):
        raise ExpressionFailed(f"{type_of(value)} cannot be matched, as it is not a string")
    return _pattern(pattern, flags or "").search(value) is not None


def _starts(value: Any, start: Any) -> bool:
    return _text(value, "startswith").startswith(_text(start, "startswith"))


def _ends(value: Any, end: Any) -> bool:
    return _text(value, "endswith").endswith(_text(end, "endswith"))


def _without_start(value: Any, start: Any) -> Any:
    both = isinstance(value, str) and isinstance(start, str)
    return value.removeprefix(start) if both else value


def _without_end(value: Any, end: Any) -> Any:
    both = isinstance(value, str) and isinstance(end, str)
    return value.removesuffix(end) if both else value


def _join(value: Any, by: Any) -> str:
    if not isinstance(value, list):
        raise _no("items", value)
    parts = [_joined(item) for item in value]
    between = _text(by, "join")
    if sum(map(len, parts)) + len(between) * len(parts) > MAX_TEXT:
        raise ExpressionFailed("a string becomes too long")
    return between.join(parts)


def _joined(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | dict):
        raise ExpressionFailed(f"{type_of(value)} cannot be joined")
    return to_text(value)


def to_text(value: Any) -> str:
    """A string as it is, everything else as JSON."""
    return value if isinstance(value, str) else to_json(value)


def to_json(value: Any) -> str:
    return checked(msgspec.json.encode(value, order="sorted").decode())


def _from_json(value: Any) -> Any:
    try:
        return msgspec.json.decode(_text(value, "fromjson"))
    except msgspec.DecodeError as error:
        raise ExpressionFailed("the string is no JSON") from error


def _to_number(value: Any) -> Any:
    if is_number(value):
        return value
    try:
        number = msgspec.json.decode(_text(value, "tonumber"))
    except msgspec.DecodeError as error:
        raise ExpressionFailed("the string is no number") from error
    if not is_number(number):
        raise ExpressionFailed("the string is no number")
    return number


def _split(value: Any, by: Any) -> list[str]:
    return split(_text(value, "split"), _text(by, "split"))


def _sum(value: Any) -> Any:
    total: Any = None
    for item in value.values() if isinstance(value, dict) else _items(value):
        total = add(total, item)
    return total


def _sort(value: Any) -> list[Any]:
    return sorted(_items(value), key=sort_key)


def _unique(value: Any) -> list[Any]:
    found: list[Any] = []
    for item in _sort(value):
        if not found or compare(found[-1], item):
            found.append(item)
    return found


def _flatten(value: Any, depth: Any = 1e9) -> list[Any]:
    found: list[Any] = []
    for item in _items(value):
        found += _flatten(item, depth - 1) if isinstance(item, list) and depth > 0 else [item]
    return found


def _reverse(value: Any) -> Any:
    return value[::-1] if isinstance(value, str) else list(reversed(_items(value or [])))


def _to_entries(value: Any) -> list[Any]:
    if not isinstance(value, dict):
        raise _no("keys", value)
    return [{"key": key, "value": child} for key, child in value.items()]


def from_entries(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in _items(value):
        fields = entry if isinstance(entry, dict) else {}
        name = next((fields[key] for key in ("key", "k", "name", "Name", "Key", "K") if truth(fields.get(key))), None)
        wanted = next((fields[key] for key in ("value", "v", "Value", "V") if key in fields), None)
        found[to_text(name) if isinstance(name, bool | int | float) else _text(name, "from_entries")] = wanted
    return found


def _indices(value: Any, of: Any) -> list[int] | None:
    if value is None:
        return None
    if isinstance(value, str) and isinstance(of, str):
        return [at for at in range(len(value)) if value.startswith(of, at)] if of else None
    if isinstance(value, list):
        wanted = of if isinstance(of, list) else [of]
        return [at for at in range(len(value)) if wanted and equal(value[at : at + len(wanted)], wanted)]
    raise ExpressionFailed(f"{type_of(value)} has no positions")


def _first_index(value: Any, of: Any) -> int | None:
    found = _indices(value, of)
    return found[0] if found else None


def _last_index(value: Any, of: Any) -> int | None:
    found = _indices(value, of)
    return found[-1] if found else None


def _smallest(value: Any) -> Any:
    return min(_items(value), key=sort_key, default=None)


def _largest(value: Any) -> Any:
    return max(_items(value), key=sort_key, default=None)


def _floor(value: Any) -> Any:
    if not is_number(value):
        raise ExpressionFailed(f"{type_of(value)} is no number")
    return int(value // 1)


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _no("items", value)
    return value


def _text(value: Any, function: str) -> str:
    if not isinstance(value, str):
        raise ExpressionFailed(f"{function} needs strings, and {type_of(value)} is none")
    return value


def _no(what: str, value: Any) -> ExpressionFailed:
    return ExpressionFailed(f"{type_of(value)} has no {what}")


VALUE_FUNCTIONS: dict[tuple[str, int], Function] = {
    ("null", 0): lambda _: None,
    ("true", 0): lambda _: True,
    ("false", 0): lambda _: False,
    ("not", 0): lambda value: not truth(value),
    ("type", 0): type_of,
    ("length", 0): _length,
    ("utf8bytelength", 0): lambda value: len(_text(value, "utf8bytelength").encode()),
    ("keys", 0): _keys,
    ("keys_unsorted", 0): lambda value: list(value) if isinstance(value, dict) else _keys(value),
    ("has", 1): _has,
    ("in", 1): lambda key, value: _has(value, key),
    ("contains", 1): _contains,
    ("inside", 1): lambda part, value: _contains(value, part),
    ("startswith", 1): _starts,
    ("endswith", 1): _ends,
    ("ltrimstr", 1): _without_start,
    ("rtrimstr", 1): _without_end,
    ("test", 1): _test,
    ("test", 2): _test,
    ("ascii_downcase", 0): lambda value: _text(value, "ascii_downcase").translate(_LOWER),
    ("ascii_upcase", 0): lambda value: _text(value, "ascii_upcase").translate(_UPPER),
    ("trim", 0): lambda value: _text(value, "trim").strip(),
    ("ltrim", 0): lambda value: _text(value, "ltrim").lstrip(),
    ("rtrim", 0): lambda value: _text(value, "rtrim").rstrip(),
    ("split", 1): _split,
    ("join", 1): _join,
    ("tostring", 0): to_text,
    ("tonumber", 0): _to_number,
    ("tojson", 0): to_json,
    ("fromjson", 0): _from_json,
    ("add", 0): _sum,
    ("min", 0): _smallest,
    ("max", 0): _largest,
    ("sort", 0): _sort,
    ("unique", 0): _unique,
    ("flatten", 0): _flatten,
    ("flatten", 1): _flatten,
    ("reverse", 0): _reverse,
    ("to_entries", 0): _to_entries,
    ("from_entries", 0): from_entries,
    ("indices", 1): _indices,
    ("index", 1): _first_index,
    ("rindex", 1): _last_index,
    ("floor", 0): _floor,
    ("any", 0): lambda value: any(map(truth, _items(value))),
    ("all", 0): lambda value: all(map(truth, _items(value))),
}
