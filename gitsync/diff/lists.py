"""Telling the items of associative lists apart, by the keys that managedFields name."""

from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
import orjson

from gitsync.diff import facts
from gitsync.diff.ownership import NOTHING, FieldSet, Ownership
from gitsync.diff.path import Path, in_metadata
from gitsync.diff.whole import Traits
from gitsync.manifest.object import JsonObject

# Names of the key fields; () for a set of plain values; None for an atomic list.
Keys: TypeAlias = tuple[str, ...] | None
ItemKey: TypeAlias = tuple[Any, ...]
Index: TypeAlias = dict[ItemKey, JsonObject]


def list_keys(ownership: Ownership, path: Path, *, ours: FieldSet, name: str, items: list[Any], traits: Traits) -> Keys:
    """How the items of the list at `path` are told apart. `ours` is what we own of it, `items` some of its items.

    Our own claim tells most often, so it is asked first; then everybody's. A list that is claimed, but by nobody item
    by item, is atomic. What is known of the kind is asked only about lists that nobody claims.
    """
    told = _told_by(ours)
    if told is None:
        claims = list(ownership.anybody_at(path))
        told = next((step for claim in claims if (step := _told_by(claim))), None)
        if claims and told is None:
            return None
    if told is not None:
        return () if told[0] == "v" else _key_names(told)
    if name in facts.SET_LISTS and in_metadata(path):
        return ()
    return facts.fallback_keys(name, items, traits.kind) if traits.built_in else None


def _told_by(fields: FieldSet) -> str | None:
    """A step that shows the kind of list; a bare leaf shows none, since it may stand for an empty list."""
    return next((step for step in fields if step[0] in "kv"), None)


@lru_cache(maxsize=4096)
def _key_names(step: str) -> tuple[str, ...]:
    decoded: dict[str, Any] = msgspec.json.decode(step[2:])
    return tuple(sorted(decoded))


def index_items(items: list[Any], keys: tuple[str, ...]) -> Index | None:
    """Items by key, in their order; None when an item has no key or shares it."""
    index: Index = {}
    for item in items:
        if not isinstance(item, dict):
            return None
        key = tuple([item.get(name, facts.KEY_DEFAULTS.get(name)) for name in keys])
        if any(part is None or isinstance(part, dict | list) for part in key) or key in index:
            return None
        index[key] = item
    return index


def item_step(keys: tuple[str, ...], key: ItemKey) -> str:
    """The item's step in managedFields; `keys` are sorted."""
    return "k:" + orjson.dumps(dict(zip(keys, key, strict=True))).decode()


def member_step(member: Any) -> str:
    """A set member's step in managedFields."""
    return "v:" + orjson.dumps(member).decode()


def in_order(wanted: Index, existing: Index) -> bool:
    """Whether the items that both lists have stand in the same order."""
    if len(wanted) < 2 or len(existing) < 2:
        return True
    return [key for key in wanted if key in existing] == [key for key in existing if key in wanted]


def fields_applied(body: JsonObject, ownership: Ownership, *, traits: Traits, path: Path = None) -> FieldSet:
    """The field set of an object that was applied on the client's side, as managedFields would have it."""
    return {
        "f:" + field: _fields_of(value, ownership, traits, (path, "f:" + field), field)
        for field, value in body.items()
        if value is not None
    }


def _fields_of(value: Any, ownership: Ownership, traits: Traits, path: Path, name: str) -> FieldSet:
    if isinstance(value, dict):
        return fields_applied(value, ownership, traits=traits, path=path)
    if not isinstance(value, list) or not value:
        return NOTHING
    keys = list_keys(ownership, path, ours=NOTHING, name=name, items=value, traits=traits)
    if keys == ():
        return {member_step(member): NOTHING for member in value}
    index = index_items(value, keys) if keys else None
    if keys is None or index is None:
        return NOTHING
    named = {item_step(keys, key): item for key, item in index.items()}
    return {step: fields_applied(item, ownership, traits=traits, path=(path, step)) for step, item in named.items()}
