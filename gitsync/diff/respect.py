"""RespectIgnoreDifferences: what a sync applies when ignored fields are to stay as they are in the cluster. Pure.

What the rules name in the manifest takes live's value, or goes where live has none. What they name in live only is put
in where our own manager owns it, since an apply without it would remove it; or always, for a sync that replaces.
"""

from collections.abc import Iterator
from typing import Any

from gitsync.diff.ignore import IgnoreRules, places_of
from gitsync.diff.jq.places import without
from gitsync.diff.lists import index_items, item_step, list_keys, member_step
from gitsync.diff.ownership import NOTHING, FieldSet, Ownership, describes, read_ownership
from gitsync.diff.path import Path
from gitsync.diff.traits import traits_of
from gitsync.manifest.object import JsonObject

Place = tuple[str | int, ...]

_ABSENT = object()
_SERVER_METADATA = frozenset({"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"})


def keep_live(
    desired: JsonObject, live: JsonObject, ignore: IgnoreRules, *, manager: str, replaces: bool = False
) -> JsonObject:
    """`desired` with the ignored fields as live has them. Raises RuleUnusable."""
    ownership = read_ownership(live, manager)
    correspondence = _Correspondence(ownership, live)
    kept: Any = desired
    gone: list[Place] = []
    for place in _ignored(desired, ignore, ownership):
        value = correspondence.value(live, place, desired)
        if value is _ABSENT:
            gone.append(place)
        else:
            kept = _put(kept, place, value)
    kept = without(kept, gone)
    for place in _ignored(live, ignore, ownership):
        if replaces or ownership.is_ours(correspondence.path(live, place)):
            kept = correspondence.add(kept, live, place)
    return kept if isinstance(kept, dict) else desired


def _ignored(body: JsonObject, ignore: IgnoreRules, ownership: Ownership) -> list[Place]:
    managed = [place for fields in ownership.fields_of(ignore.managers) for place in _owned(body, fields)]
    return [place for place in (*places_of(body, ignore), *managed) if place and not _is_the_servers(place)]


def _is_the_servers(place: Place) -> bool:
    """Who and what an object is, and what the server writes, is never taken over."""
    if place[0] in ("status", "apiVersion", "kind") or place == ("metadata",):
        return True
    return place[0] == "metadata" and place[1] in (_SERVER_METADATA | {"name", "namespace"})


def _owned(value: Any, fields: FieldSet) -> Iterator[Place]:
    """The places in a value of what a field set owns."""
    for step, below in fields.items():
        if step[0] == "f" and isinstance(value, dict) and step[2:] in value:
            yield from _at(step[2:], value[step[2:]], below)
        elif step[0] in "kv" and isinstance(value, list):
            for position, item in enumerate(value):
                if describes(step, item):
                    yield from _at(position, item, below)


def _at(step: str | int, value: Any, below: FieldSet) -> Iterator[Place]:
    if any(name != "." for name in below):
        yield from ((step, *place) for place in _owned(value, below))
    else:
        yield (step,)


class _Correspondence:
    """Which item of a list in one object is which in the other: by keys, by value, or else by number."""

    def __init__(self, ownership: Ownership, live: JsonObject) -> None:
        self._ownership = ownership
        self._traits = traits_of(live)

    def value(self, other: Any, place: Place, body: Any) -> Any:
        """What stands in `other` where `place` is in `body`."""
        path: Path = None
        name = ""
        for step in place:
            if isinstance(step, str):
                if not isinstance(other, dict) or step not in other:
                    return _ABSENT
                other, body, path, name = other[step], body[step], (path, "f:" + step), step
                continue
            position = self._position(body, step, other, path, name)
            if position is None:
                return _ABSENT
            path = self._item_path(body, step, path, name)
            other, body = other[position], body[step]
        return other

    def path(self, body: Any, place: Place) -> Path:
        """The place in the spelling of managedFields."""
        path: Path = None
        name = ""
        for step in place:
            if isinstance(step, str):
                path, name = (path, "f:" + step), step
            else:
                path = self._item_path(body, step, path, name)
            body = body[step]
        return path

    def add(self, wanted: Any, live: Any, place: Place) -> Any:
        """`wanted` with what stands at `place` in live, if it has nothing there."""
        return self._add(wanted, live, place, None, "")

    def _add(self, wanted: Any, live: Any, place: Place, path: Path, name: str) -> Any:
        step, rest = place[0], place[1:]
        if isinstance(step, str):
            before = wanted.get(step, _ABSENT) if isinstance(wanted, dict) else None
            if before is None or (before is _ABSENT and any(isinstance(one, int) for one in rest)):
                return wanted
            if before is _ABSENT:
                return {**wanted, step: _only(live[step], rest)}
            after = self._add(before, live[step], rest, (path, "f:" + step), step) if rest else before
            return wanted if after is before else {**wanted, step: after}
        if not isinstance(wanted, list):
            return wanted
        position = self._position(live, step, wanted, path, name)
        if position is None:
            return wanted if rest else [*wanted, live[step]]
        if not rest:
            return wanted
        after = self._add(wanted[position], live[step], rest, self._item_path(live, step, path, name), name)
        return wanted if after is wanted[position] else [*wanted[:position], after, *wanted[position + 1 :]]

    def _position(self, items: list[Any], step: int, others: Any, path: Path, name: str) -> int | None:
        if not isinstance(others, list):
            return None
        keys = self._keys([*items, *others], path, name)
        if keys == ():
            return others.index(items[step]) if items[step] in others else None
        known, sought = (index_items(one, keys) if keys else None for one in (items, others))
        if known is None or sought is None:
            return step if step < len(others) else None
        key = list(known)[step]
        return list(sought).index(key) if key in sought else None

    def _item_path(self, items: list[Any], step: int, path: Path, name: str) -> Path:
        keys = self._keys(items, path, name)
        if keys == ():
            return (path, member_step(items[step]))
        known = index_items(items, keys) if keys else None
        if keys and known is not None:
            return (path, item_step(keys, list(known)[step]))
        return (path, f"i:{step}")

    def _keys(self, items: list[Any], path: Path, name: str) -> tuple[str, ...] | None:
        return list_keys(self._ownership, path, ours=NOTHING, name=name, items=items, traits=self._traits)


def _only(value: Any, place: Place) -> Any:
    """The value with nothing in it but what stands at the place; its steps are names."""
    return {place[0]: _only(value[place[0]], place[1:])} if place else value


def _put(body: Any, place: Place, value: Any) -> Any:
    """A copy along the place only."""
    if not place:
        return value
    step, rest = place[0], place[1:]
    if isinstance(step, str):
        return {**body, step: _put(body[step], rest, value)}
    return [*body[:step], _put(body[step], rest, value), *body[step + 1 :]]
