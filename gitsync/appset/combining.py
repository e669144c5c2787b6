"""Putting parameters together: deep merging, products and joins."""

from collections.abc import Iterable
from typing import Any

from gitsync.appset.errors import GeneratorInvalid
from gitsync.manifest.canonical import canonical_json
from gitsync.manifest.object import JsonObject

_EMPTY: tuple[Any, ...] = (None, "", [], {}, 0)  # 0 is False, too


def merged(base: JsonObject, over: JsonObject) -> JsonObject:
    """Templates: maps deeply; everything else of `over` wins, unless it is empty, which no field of a template can tell
    from not being said."""
    result = dict(base)
    for key, value in over.items():
        mine = result.get(key)
        if isinstance(mine, dict) and isinstance(value, dict):
            result[key] = merged(mine, value)
        elif value not in _EMPTY or mine in _EMPTY:
            result[key] = value
    return result


def overridden(base: JsonObject, over: JsonObject) -> JsonObject:
    """Parameters: maps deeply; everything else of `over` wins, and what is empty, too."""
    result = dict(base)
    for key, value in over.items():
        mine = result.get(key)
        result[key] = overridden(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return result


def product(first: JsonObject, second: JsonObject, *, go_template: bool) -> JsonObject:
    """Both sets as one. Flat parameters may not disagree; of deep ones the first generator's win. Raises
    GeneratorInvalid."""
    if go_template:
        return overridden(second, first)
    for key in first.keys() & second.keys():
        if first[key] != second[key]:
            raise GeneratorInvalid(
                f"both generators of the matrix give {key!r}, with different values",
                suggestion="Rename it in one of them, or use goTemplate or pathParamPrefix.",
            )
    return {**first, **second}


def joined(
    base: list[JsonObject], others: Iterable[list[JsonObject]], keys: list[str], *, go_template: bool
) -> list[JsonObject]:
    """The base with what the others say of the same keys; what has no match in the base goes."""
    result = _by_key(base, keys)
    for other in others:
        for key, parameters in _by_key(other, keys).items():
            if key in result:
                mine = result[key]
                result[key] = overridden(mine, parameters) if go_template else {**mine, **parameters}
    return list(result.values())


def _by_key(sets: list[JsonObject], keys: list[str]) -> dict[bytes, JsonObject]:
    found: dict[bytes, JsonObject] = {}
    for parameters in sets:
        key = canonical_json({name: _lookup(parameters, name) for name in keys})
        if key in found:
            raise GeneratorInvalid(
                f"two sets of parameters have the same {', '.join(keys)}", suggestion="Choose mergeKeys that differ."
            )
        found[key] = parameters
    return found


def _lookup(parameters: JsonObject, name: str) -> Any:
    if name in parameters:
        return parameters[name]
    value: Any = parameters
    for step in name.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value
