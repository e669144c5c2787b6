"""Lists and maps."""

import copy
from typing import Any

from gitsync.appset.gotemplate.function import CallFailed, GoFunction, go
from gitsync.appset.gotemplate.values import Strings, as_bytes, kind_name
from gitsync.appset.sprig.cast import as_integer, as_string, as_strings, is_empty, items_of, same


def _sorted(value: Any) -> Strings:
    return Strings(sorted(as_strings(value), key=as_bytes)) if isinstance(value, list) else Strings([as_string(value)])


def _edge(value: Any, position: int, name: str) -> Any:
    items = items_of(value, f"find {name}")
    return items[position] if items else None


def _push(value: Any, item: Any) -> list[Any]:
    return [*items_of(value, "push"), item]


def _prepend(value: Any, item: Any) -> list[Any]:
    return [item, *items_of(value, "prepend")]


def _uniq(value: Any) -> list[Any]:
    found: list[Any] = []
    for item in items_of(value, "find uniq"):
        if not any(same(item, other) for other in found):
            found.append(item)
    return found


def _without(value: Any, *omitted: Any) -> list[Any]:
    return [item for item in items_of(value, "find without") if not any(same(item, other) for other in omitted)]


def _has(needle: Any, value: Any) -> bool:
    return value is not None and any(same(needle, item) for item in items_of(value, "find has"))


def _slice(value: Any, *indices: Any) -> Any:
    items_of(value, "slice")
    if not value:
        return None
    start = as_integer(indices[0]) if indices else 0
    end = as_integer(indices[1]) if len(indices) > 1 else len(value)
    if not 0 <= start <= end <= len(value):
        raise CallFailed("reflect.Value.Slice: slice index out of bounds")
    return type(value)(value[start:end])


def _concat(*lists: Any) -> list[Any]:
    return [item for one in lists for item in items_of(one, "concat")]


def _chunk(size: int, value: Any) -> list[Any]:
    items = items_of(value, "chunk")
    if size <= 0:
        raise CallFailed("the size of chunks must be positive")
    return [items[start : start + size] for start in range(0, len(items), size)]


def _dict(*pairs: Any) -> dict[str, Any]:
    keys, values = pairs[::2], [*pairs[1::2], ""]
    return {as_string(key): value for key, value in zip(keys, values, strict=False)}


def _set(target: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Changes the map itself, as in Go. A map that would hold itself is refused: it could not be written."""
    if _holds(value, target):
        raise CallFailed("a map may not hold itself")
    target[key] = value
    return target


def _holds(value: Any, target: Any) -> bool:
    if value is target:
        return True
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_holds(child, target) for child in children if isinstance(child, dict | list))


def _unset(target: dict[str, Any], key: str) -> dict[str, Any]:
    target.pop(key, None)
    return target


def _pick(source: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: source[key] for key in keys if key in source}


def _omit(source: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in source.items() if key not in keys}


def _keys(*maps: dict[str, Any]) -> Strings:
    """Go gives them in no order; ours is one that stays."""
    return Strings(key for one in maps for key in sorted(one, key=as_bytes))


def _values(source: dict[str, Any]) -> list[Any]:
    return [source[key] for key in sorted(source, key=as_bytes)]


def _merge(target: dict[str, Any], *sources: dict[str, Any]) -> dict[str, Any]:
    for source in sources:
        _merge_into(target, source, overwrite=False)
    return target


def _merge_overwrite(target: dict[str, Any], *sources: dict[str, Any]) -> dict[str, Any]:
    for source in sources:
        _merge_into(target, source, overwrite=True)
    return target


def _merge_into(target: dict[str, Any], source: dict[str, Any], *, overwrite: bool) -> None:
    for key, value in source.items():
        mine = target.get(key)
        if isinstance(mine, dict) and isinstance(value, dict):
            _merge_into(mine, value, overwrite=overwrite)
        elif overwrite or key not in target or is_empty(mine):
            target[key] = value


def _dig(*arguments: Any) -> Any:
    if len(arguments) < 3:
        raise CallFailed("dig needs at least three arguments")
    *path, default, value = arguments
    for step in path:
        if not isinstance(value, dict) or not isinstance(step, str):
            raise CallFailed(
                f"interface conversion: interface {{}} is {kind_name(value)}, not map[string]interface {{}}"
            )
        if step not in value:
            return default
        value = value[step]
    return value


def _pluck(key: str, *maps: dict[str, Any]) -> list[Any]:
    return [one[key] for one in maps if key in one]


_LISTS: dict[str, GoFunction] = {
    "append": go(_push, "any", "any"),
    "push": go(_push, "any", "any"),
    "prepend": go(_prepend, "any", "any"),
    "first": go(lambda value: _edge(value, 0, "first"), "any"),
    "last": go(lambda value: _edge(value, -1, "last"), "any"),
    "rest": go(lambda value: items_of(value, "find rest")[1:], "any"),
    "initial": go(lambda value: items_of(value, "find initial")[:-1], "any"),
    "reverse": go(lambda value: items_of(value, "find reverse")[::-1], "any"),
    "uniq": go(_uniq, "any"),
    "without": go(_without, "any", "any..."),
    "has": go(_has, "any", "any"),
    "slice": go(_slice, "any", "any..."),
    "chunk": go(_chunk, "int", "any"),
    "compact": go(lambda value: [item for item in items_of(value, "compact") if not is_empty(item)], "any"),
    "merge": go(_merge, "map", "map..."),
    "mergeOverwrite": go(_merge_overwrite, "map", "map..."),
    "deepCopy": go(copy.deepcopy, "any"),
}
COLLECTIONS: dict[str, GoFunction] = {
    **_LISTS,
    **{f"must{name[0].upper()}{name[1:]}": function for name, function in _LISTS.items()},
    "list": go(lambda *items: list(items), "any..."),
    "tuple": go(lambda *items: list(items), "any..."),
    "sortAlpha": go(_sorted, "any"),
    "concat": go(_concat, "any..."),
    "dict": go(_dict, "any..."),
    "get": go(lambda source, key: source.get(key, ""), "map", "string"),
    "set": go(_set, "map", "string", "any"),
    "unset": go(_unset, "map", "string"),
    "hasKey": go(lambda source, key: key in source, "map", "string"),
    "pluck": go(_pluck, "string", "map..."),
    "keys": go(_keys, "map..."),
    "values": go(_values, "map"),
    "pick": go(_pick, "map", "string..."),
    "omit": go(_omit, "map", "string..."),
    "dig": go(_dig, "any..."),
}
