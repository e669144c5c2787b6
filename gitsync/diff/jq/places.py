"""Places in a value: going to one, and taking many out at once."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from gitsync.diff.jq.errors import ExpressionFailed
from gitsync.diff.jq.functions import VALUE_FUNCTIONS
from gitsync.diff.jq.values import is_number, type_of


@dataclass(frozen=True, slots=True)
class Part:
    """The items from `start` to before `end`; None: from the first, to the last. Negative ones count from the end."""

    start: int | None
    end: int | None

    def of(self, length: int) -> range:
        return range(length)[self.start : self.end]


Step: TypeAlias = str | int | Part
Place: TypeAlias = tuple[Step, ...]
_Tree: TypeAlias = "dict[Step, _Tree | None]"  # None: taken out


def part_of(start: Any, end: Any) -> Part:
    for bound in (start, end):
        if bound is not None and not is_number(bound):
            raise ExpressionFailed(f"{type_of(bound)} is no bound of a slice")
    return Part(
        None if start is None else math.floor(start),
        None if end is None else math.ceil(end),
    )


def step_of(value: Any, key: Any) -> Step | None:
    """`key` as a step into `value`; None when it asks for positions and names no place."""
    if isinstance(key, str) and isinstance(value, dict | None):
        return key
    if is_number(key) and isinstance(value, list | None):
        position: int = math.floor(key)
        return position
    if isinstance(key, list) and isinstance(value, list):
        return None
    if isinstance(key, dict) and isinstance(value, list | None):
        return part_of(key.get("start"), key.get("end"))
    raise ExpressionFailed(f"{type_of(value)} has no {type_of(key)} keys")


def at(value: Any, step: Step) -> Any:
    """What stands there, null where nothing does."""
    if value is None:
        return None
    if isinstance(step, Part):
        if not isinstance(value, list | str):
            raise ExpressionFailed(f"{type_of(value)} cannot be sliced")
        return value[step.start : step.end]
    if isinstance(step, str):
        return value.get(step)
    position = step + len(value) if step < 0 else step
    return value[position] if 0 <= position < len(value) else None


def positions(value: Any, of: list[Any]) -> Any:
    return VALUE_FUNCTIONS["indices", 1](value, of)


def children(value: Any) -> Iterable[tuple[Step, Any]]:
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, list):
        return enumerate(value)
    raise ExpressionFailed(f"{type_of(value)} has no items")


def without(value: Any, places: Iterable[Place]) -> Any:
    """`value` without what stands at the places; everything beside them is shared."""
    tree: _Tree = {}
    for place in places:
        if not place:
            return None
        _plant(tree, place)
    return _without(value, tree) if tree else value


def resolved(value: Any, place: Place) -> list[tuple[str | int, ...]]:
    """The place with slices as the items that they hold, negative numbers as positions; [] where nothing stands."""
    if not place:
        return [()]
    step, rest = place[0], place[1:]
    found: list[tuple[str | int, Any]] = []
    if isinstance(step, str):
        found = [(step, value[step])] if isinstance(value, dict) and step in value else []
    elif isinstance(value, list):
        whole = range(len(value))
        if isinstance(step, Part):
            return _resolved_part(value, whole[step.start : step.end], rest)
        if -len(value) <= step < len(value):
            found = [(whole[step], value[step])]
    return [(at_, *below) for at_, child in found for below in resolved(child, rest)]


def _resolved_part(value: list[Any], part: range, rest: Place) -> list[tuple[str | int, ...]]:
    if not rest:
        return [(position,) for position in part]
    below = resolved([value[position] for position in part], rest)
    return [(part[int(place[0])], *place[1:]) for place in below if place]


def _plant(tree: _Tree, place: Place) -> None:
    for step in place[:-1]:
        below = tree.setdefault(step, {})
        if below is None:
            return
        tree = below
    tree[place[-1]] = None


def _without(value: Any, tree: _Tree) -> Any:
    if isinstance(value, dict):
        return _without_fields(value, tree)
    return _without_items(value, tree) if isinstance(value, list) else value


def _without_fields(value: dict[str, Any], tree: _Tree) -> dict[str, Any]:
    result: dict[str, Any] = {}
    same = True
    for name, child in value.items():
        if name not in tree:
            result[name] = child
            continue
        below = tree[name]
        if below is None:
            same = False
            continue
        result[name] = _without(child, below)
        same &= result[name] is child
    return value if same else result


def _without_items(value: list[Any], tree: _Tree) -> list[Any]:
    resolved: dict[int, _Tree | None] = {}
    _resolve(tree, range(len(value)), resolved)
    result: list[Any] = []
    same = True
    for position, child in enumerate(value):
        if position not in resolved:
            result.append(child)
            continue
        below = resolved[position]
        if below is not None:
            result.append(_without(child, below))
        same &= below is not None and result[-1] is child
    return value if same else result


def _resolve(tree: _Tree, within: range, resolved: dict[int, "_Tree | None"]) -> None:
    """Steps into the items `within` as positions in the whole list."""
    for step, below in tree.items():
        if isinstance(step, Part):
            part = within[step.start : step.end]
            if below is None:
                resolved.update(dict.fromkeys(part))
            else:
                _resolve(below, part, resolved)
        elif isinstance(step, int):
            position = step + len(within) if step < 0 else step
            if 0 <= position < len(within):
                _join(resolved, within[position], below)


def _join(resolved: dict[int, "_Tree | None"], position: int, below: "_Tree | None") -> None:
    known = resolved.get(position, {})
    resolved[position] = None if known is None or below is None else {**known, **below}
