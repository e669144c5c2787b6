"""Comparing a value that has one owner as a whole: atomic lists and maps, and everything inside them."""

from dataclasses import dataclass
from typing import Any

from gitsync.diff import facts
from gitsync.diff.scalar import same_meaning, same_value
from gitsync.manifest.object import JsonObject


@dataclass(frozen=True, slots=True)
class Traits:
    """What of an object's kind the comparison depends on."""

    kind: str
    built_in: bool


def same_whole(want: Any, have: Any, traits: Traits, *, name: str, parent: str = "") -> bool:
    """Equality, in which live may have more than what was asked for only where that is a default."""
    if isinstance(want, dict) and isinstance(have, dict):
        return _same_map(want, have, traits, name)
    if isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(
            same_whole(wanted, existing, traits, name=name, parent=parent)
            for wanted, existing in zip(want, have, strict=True)
        )
    return same_value(want, have) or same_meaning(
        want, have, name=name, parent=parent, kind=traits.kind, built_in=traits.built_in
    )


def _same_map(want: JsonObject, have: JsonObject, traits: Traits, name: str) -> bool:
    for field, wanted in want.items():
        existing = have.get(field)
        if wanted is None or (traits.built_in and facts.is_written_by_server(field, traits.kind)):
            continue
        if existing is None:
            if not (traits.built_in and facts.is_left_out(field, wanted, name)):
                return False
        elif not same_whole(wanted, existing, traits, name=field, parent=name):
            return False
    return all(_is_default(field, value, traits) for field, value in have.items() if want.get(field) is None)


def _is_default(field: str, value: Any, traits: Traits) -> bool:
    return value is None or (traits.built_in and facts.is_default(field, value, traits.kind))


def left_out(want: Any, traits: Traits, *, name: str, parent: str) -> bool:
    """Whether the server keeps nothing at all of a value of a built-in kind."""
    if not traits.built_in:
        return False
    if facts.is_left_out(name, want, parent):
        return True
    return (
        isinstance(want, dict)
        and bool(want)
        and all(value is None or left_out(value, traits, name=field, parent=name) for field, value in want.items())
    )


_NULLS_MEAN_SOMETHING = "valuesObject"  # of a Helm source: null takes a default of the chart away


def without_nulls(value: Any) -> Any:
    """The value without its null fields, which are as good as absent but for one place."""
    if isinstance(value, dict):
        return {
            name: item if name == _NULLS_MEAN_SOMETHING else without_nulls(item)
            for name, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value
