"""Values along their types: which fields a value sets, how two values differ, how one merges into the other.

The rules are those of structured merge: structs and maps merge by field, lists by their list type, everything marked
atomic (and every scalar) is replaced as a whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from gitsync.sandbox.fieldset import SELF, FieldSet, is_member, with_member
from gitsync.sandbox.schema import ListType, Node, Shape

_SORTED = orjson.OPT_SORT_KEYS
_ABSENT: Any = object()


def item_key(item: Any, node: Node) -> str:
    """Path element of a list item: by key fields for a map list, by value for a set."""
    if node.list_type is ListType.SET:
        return "v:" + orjson.dumps(item, option=_SORTED).decode()
    keys = {key: item[key] for key in node.list_keys if key in item}
    if len(keys) < len(node.list_keys):
        for key, default in node.key_defaults:
            keys.setdefault(key, default)
    return "k:" + orjson.dumps(keys, option=_SORTED).decode()


def _indexed(items: Iterable[Any], node: Node) -> dict[str, Any]:
    return {item_key(item, node): item for item in items if node.list_type is ListType.SET or isinstance(item, dict)}


def first_duplicate(value: Any, node: Node, path: str = "") -> str:
    """Where a configuration has two items of one key in a merging list, and which key; "" if nowhere."""
    if node.atomic:
        return ""
    if isinstance(value, dict):
        below = ((f"{path}.{key}", item, node.child(key)) for key, item in value.items())
    elif isinstance(value, list) and node.shape is Shape.LIST and node.list_type is ListType.MAP:
        keys = [item_key(item, node) for item in value if isinstance(item, dict)]
        if twice := next((key for key in keys if keys.count(key) > 1), ""):
            named = ",".join(f"{name}={orjson.dumps(part).decode()}" for name, part in orjson.loads(twice[2:]).items())
            return f"{path}: duplicate entries for key [{named}]"
        below = ((f"{path}[{position}]", item, node.element) for position, item in enumerate(value))
    else:
        return ""
    return next(filter(None, (first_duplicate(item, child, place) for place, item, child in below)), "")


def field_set(value: Any, node: Node) -> FieldSet:
    """Paths that a configuration sets, below the value. Atomic and scalar values have nothing below."""
    out: FieldSet = {}
    if node.atomic:
        return out
    if isinstance(value, dict):
        for key, item in value.items():
            below = _set_of_field(item, node, key)
            if below is not None:
                out["f:" + key] = below
    elif isinstance(value, list) and node.shape is Shape.LIST:
        for key, item in _indexed(value, node).items():
            out[key] = _set_of_item(item, node.element)
    return out


def _set_of_field(item: Any, node: Node, key: str) -> FieldSet | None:
    """None: a merging list or a struct that sets nothing is owned by nobody."""
    child = node.child(key)
    is_merging_list = isinstance(item, list) and child.shape is Shape.LIST and not child.atomic
    is_filled_object = isinstance(item, dict) and bool(item) and not child.atomic
    if not is_merging_list and not is_filled_object:
        return {}
    below = field_set(item, child)
    is_named = node.shape is Shape.STRUCT and key in node.fields
    if not below:
        return None if is_named else {}
    return below if is_named else with_member(below)


def _set_of_item(item: Any, node: Node) -> FieldSet:
    below = field_set(item, node) if isinstance(item, (dict, list)) else {}
    return with_member(below) if below else below


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a new value differs from an old one. Added and removed hold the way to the change too."""

    added: FieldSet
    modified: FieldSet
    removed: FieldSet


def compare(old: Any, new: Any, node: Node) -> Comparison:
    """Differences of two objects of one type."""
    added: FieldSet = {}
    modified: FieldSet = {}
    removed: FieldSet = {}
    _compare_maps(old, new, node, added, modified, removed)
    return Comparison(added, modified, removed)


def _compare_maps(
    old: dict[str, Any], new: dict[str, Any], node: Node, added: FieldSet, modified: FieldSet, removed: FieldSet
) -> None:
    for key, value in new.items():
        before = old.get(key, _ABSENT)
        if before is value or before == value:
            continue
        _compare_values("f:" + key, before, value, node.child(key), added, modified, removed)
    for key, before in old.items():
        if key not in new:
            removed["f:" + key] = _all_paths(before, node.child(key))


def _compare_values(
    path: str, before: Any, value: Any, node: Node, added: FieldSet, modified: FieldSet, removed: FieldSet
) -> None:
    """Both sides are known to differ; `before` may be absent."""
    if before is _ABSENT:
        added[path] = _all_paths(value, node)
        return
    if before is None and isinstance(value, (dict, list)):
        before = type(value)()
    merges = not node.atomic and bool(before or value)
    below: tuple[FieldSet, FieldSet, FieldSet] = ({}, {}, {})
    if merges and isinstance(value, dict) and isinstance(before, dict):
        _compare_maps(before, value, node, *below)
    elif merges and node.shape is Shape.LIST and isinstance(value, list) and isinstance(before, list):
        _compare_lists(before, value, node, *below)
    else:
        modified[path] = {}
        return
    for target, deeper in zip((added, modified, removed), below, strict=True):
        if deeper:
            target[path] = deeper


def _compare_lists(
    old: list[Any], new: list[Any], node: Node, added: FieldSet, modified: FieldSet, removed: FieldSet
) -> None:
    before, after = _indexed(old, node), _indexed(new, node)
    for key, item in after.items():
        earlier = before.get(key, _ABSENT)
        if earlier is not item and earlier != item:
            _compare_values(key, earlier, item, node.element, added, modified, removed)
    for key, item in before.items():
        if key not in after:
            removed[key] = _all_paths(item, node.element)


def _all_paths(value: Any, node: Node) -> FieldSet:
    """The node of a path that comes or goes as a whole: itself and everything below."""
    if node.atomic or not value:
        return {}
    below: FieldSet = {}
    if isinstance(value, dict):
        below = {"f:" + key: _all_paths(item, node.child(key)) for key, item in value.items()}
    elif isinstance(value, list) and node.shape is Shape.LIST:
        below = {key: _all_paths(item, node.element) for key, item in _indexed(value, node).items()}
    return {SELF: {}} | below if below else {}


def merge(live: Any, config: Any, node: Node) -> Any:
    """`config` laid over `live`. Neither is changed; parts that do not differ are shared."""
    if isinstance(config, dict) and isinstance(live, dict) and not node.atomic:
        out = dict(live)
        for key, value in config.items():
            before = live.get(key, _ABSENT)
            out[key] = value if before is _ABSENT else merge(before, value, node.child(key))
        return out
    if node.shape is Shape.LIST and not node.atomic and isinstance(config, list) and isinstance(live, list) and live:
        return _merge_lists(live, config, node) if config else live
    return live if config is None and isinstance(live, (dict, list)) and not node.atomic else config


def _merge_lists(live: list[Any], config: list[Any], node: Node) -> list[Any]:
    """Items of both, in the order of the configuration; items that only `live` has keep their place between."""
    before, wanted = _indexed(live, node), _indexed(config, node)
    live_keys, config_keys = list(before), list(wanted)
    shared = [key for key in config_keys if key in before]
    next_shared = shared.pop(0) if shared else None
    out, done = [], set()
    at_live = at_config = 0

    def take(key: str) -> None:
        earlier = before.get(key, _ABSENT)
        out.append(wanted[key] if earlier is _ABSENT else merge(earlier, wanted[key], node.element))
        done.add(key)

    while at_live < len(live_keys) or at_config < len(config_keys):
        key = live_keys[at_live] if at_live < len(live_keys) else None
        if key is not None and at_config < len(config_keys):
            if key == config_keys[at_config]:
                take(key)
                at_live, at_config = at_live + 1, at_config + 1
                next_shared = shared.pop(0) if shared else None
                continue
            if key in wanted and next_shared is not None and key != next_shared:
                at_live += 1
                continue
        if key is not None:
            if key not in wanted:
                out.append(before[key])
                at_live += 1
                continue
            if key in done:
                at_live += 1
        if at_config < len(config_keys):
            key = config_keys[at_config]
            take(key)
            at_config += 1
            if key == next_shared:
                next_shared = shared.pop(0) if shared else None
    return out


def remove(value: Any, gone: FieldSet, node: Node) -> Any:
    """The value without the paths of `gone`, each with all below it. A container that ends up empty becomes None."""
    if isinstance(value, dict) and value and not node.atomic:
        kept = {}
        for key, item in value.items():
            below = gone.get("f:" + key)
            if below is None:
                kept[key] = item
            elif not is_member(below):
                kept[key] = remove(item, below, node.child(key))
        return kept or None
    if isinstance(value, list) and value and node.shape is Shape.LIST and not node.atomic:
        items = []
        for key, item in ((item_key(item, node), item) for item in value):
            below = gone.get(key)
            if below is None:
                items.append(item)
            elif not is_member(below):
                items.append(remove(item, below, node.element))
        return items or None
    return None if isinstance(value, (dict, list)) else value
