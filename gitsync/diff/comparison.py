"""The walk down a desired object and its live counterpart, side by side.

What differs is collected as changes; what the walk returns is live as it would be after a sync. Where nothing differs
it returns the very live value, so that an object in sync costs no copies.

The rules, for every place that desired has:
- a map: each desired field is compared; fields that only live has are somebody else's, unless we alone own them
- an associative list: items are matched by the keys that managedFields show, then compared like maps; their order
  counts among the items that both sides have
- a set: each desired member must be there
- an atomic list or map: compared as a whole, since whoever owns it owns all of it
- null and absent are the same
"""

from typing import Any, Final

from gitsync.diff import facts
from gitsync.diff.lists import Index, in_order, index_items, item_step, list_keys, member_step
from gitsync.diff.ownership import NOTHING, FieldSet, Ownership, restrict
from gitsync.diff.path import Path, in_metadata, show
from gitsync.diff.scalar import same_meaning, same_value
from gitsync.diff.whole import Traits, left_out, same_whole, without_nulls
from gitsync.manifest.object import JsonObject
from model.change import FieldChange

GONE_FROM_GIT: Final = "no longer in Git"
ORDER_DIFFERS: Final = "the order differs"

_CONTAINERS = frozenset({dict, list})


class _Absent:
    """Stands for "no such field", which null is not."""

    def __repr__(self) -> str:
        return "absent"


_ABSENT: Final = _Absent()


class Comparison:
    """One comparison of one object. `changes` fill up while the walk runs.

    `certain` becomes True with the first difference that no default, webhook or spelling explains. `three_way`: what
    we own was told by the last-applied annotation, so others' claims on it count for nothing.
    """

    __slots__ = ("_ownership", "_three_way", "_traits", "certain", "changes")

    def __init__(self, traits: Traits, ownership: Ownership, *, three_way: bool) -> None:
        self._traits = traits
        self._ownership = ownership
        self._three_way = three_way
        self.changes: list[FieldChange] = []
        self.certain = False

    def compare_map(
        self, desired: JsonObject, live: JsonObject, ours: FieldSet, path: Path, *, name: str = ""
    ) -> JsonObject:
        """Live with the desired fields merged in."""
        merged: JsonObject | None = None
        still_ours = 0
        for field, want in desired.items():
            if want is None:
                continue
            step = "f:" + field
            node = ours.get(step)
            if node is not None:
                still_ours += 1
            have = live.get(field, _ABSENT)
            if type(want) is type(have) and type(want) not in _CONTAINERS and want == have:
                continue
            after = self._compare(want, have, node, (path, step), field, name)
            if after is not have:
                merged = dict(live) if merged is None else merged
                merged[field] = after
        if still_ours < len(ours) - ("." in ours):
            merged = self._drop_fields(desired, live, ours, path, name, merged)
        return live if merged is None else merged

    def _compare(self, want: Any, have: Any, ours: FieldSet | None, path: Path, name: str, parent: str) -> Any:
        if have is _ABSENT or have is None:
            return self._compare_absent(want, have, path, name, parent, applied=ours is not None)
        if isinstance(want, dict) and isinstance(have, dict):
            if not ours and have and self._is_atomic_map(path, name, empty=not want):
                return self._compare_whole(want, have, path, name, parent)
            return self.compare_map(want, have, ours or NOTHING, path, name=name)
        if isinstance(want, list) and isinstance(have, list):
            return self._compare_list(want, have, ours or NOTHING, path, name) if want or have else have
        traits = self._traits
        if same_value(want, have) or (traits.built_in and facts.is_filled_in(name, want, have, parent)):
            return have
        if same_meaning(want, have, name=name, parent=parent, kind=traits.kind, built_in=traits.built_in):
            return have
        self._differ(path, have, want)
        return want

    def _compare_absent(self, want: Any, have: Any, path: Path, name: str, parent: str, *, applied: bool) -> Any:
        """Live has no such field: the server leaves some zeros out, everything else is missing.

        A zero that we applied and own can only be absent because the server left it out.
        """
        if applied and not want and not self._three_way:
            return have
        if left_out(want, self._traits, name=name, parent=parent):
            return have
        if in_metadata(path) and not want:
            return have
        wanted = without_nulls(want)
        self._add(path, wanted)
        return wanted

    # ---- lists

    def _compare_list(self, want: list[Any], have: list[Any], ours: FieldSet, path: Path, name: str) -> list[Any]:
        keys = list_keys(self._ownership, path, ours=ours, name=name, items=[*want, *have], traits=self._traits)
        if keys == ():
            return self._compare_set(want, have, ours, path)
        if keys is not None:
            wanted, existing = index_items(want, keys), index_items(have, keys)
            if wanted is not None and existing is not None:
                return self._compare_keyed(wanted, existing, keys, ours, path, name, have)
        # Atomic, or an item without its key, or one key twice: no way to match items.
        return have if same_whole(want, have, self._traits, name=name) else self._compare_items(want, have, path, name)

    def _compare_keyed(
        self,
        wanted: Index,
        existing: Index,
        keys: tuple[str, ...],
        ours: FieldSet,
        path: Path,
        name: str,
        have: list[Any],
    ) -> list[Any]:
        result: Index = dict(existing)
        changed, still_ours = False, 0
        for key, item in wanted.items():
            step = item_step(keys, key)
            node = ours.get(step)
            if node is not None:
                still_ours += 1
            live_item = existing.get(key)
            if live_item is None:
                self._add((path, step), item)
                result[key], changed = without_nulls(item), True
                continue
            after = self.compare_map(item, live_item, node or NOTHING, (path, step), name=name)
            if after is not live_item:
                result[key], changed = after, True
        if still_ours < len(ours) - ("." in ours):
            changed |= self._drop_items(wanted, existing, keys, ours, path, result)
        if not in_order(wanted, existing):
            self._differ(path, [_named(key) for key in existing], [_named(key) for key in wanted], ORDER_DIFFERS)
            return [*(result[key] for key in wanted), *(item for key, item in result.items() if key not in wanted)]
        return list(result.values()) if changed else have

    def _compare_set(self, want: list[Any], have: list[Any], ours: FieldSet, path: Path) -> list[Any]:
        missing = [member for member in want if not _contains(have, member)]
        for member in missing:
            self._add((path, member_step(member)), member)
        unwanted = [member for member in have if not _contains(want, member) and member_step(member) in ours]
        dropped = [member for member in unwanted if self._remove(member, (path, member_step(member))) is _ABSENT]
        if not missing and not dropped:
            return have
        return [*(member for member in have if not _contains(dropped, member)), *missing]

    # ---- atomic values

    def _is_atomic_map(self, path: Path, name: str, *, empty: bool) -> bool:
        """Whether it is owned as one value: managedFields have it as a leaf, and nobody owns anything below it.

        An empty map that was applied looks just like that, so for it the kind must be known to be so.
        """
        if empty and not (self._traits.built_in and facts.is_atomic_map(name)):
            return False
        nodes = list(self._ownership.anybody_at(path))
        return bool(nodes) and not any(nodes)

    def _compare_whole(self, want: JsonObject, have: JsonObject, path: Path, name: str, parent: str) -> JsonObject:
        if same_whole(want, have, self._traits, name=name, parent=parent):
            return have
        self._differ(path, have, want)
        return want

    def _compare_items(self, want: list[Any], have: list[Any], path: Path, name: str) -> list[Any]:
        """Says where an atomic list differs: in which item, if their number is the same."""
        if len(want) != len(have):
            self._differ(path, have, want)
            return want
        result = list(have)
        for position, (wanted, existing) in enumerate(zip(want, have, strict=True)):
            if not same_whole(wanted, existing, self._traits, name=name):
                self._differ((path, f"i:{position}"), existing, wanted)
                result[position] = wanted
        return result

    # ---- what we own and no longer want

    def _drop_fields(
        self, desired: JsonObject, live: JsonObject, ours: FieldSet, path: Path, name: str, merged: JsonObject | None
    ) -> JsonObject | None:
        for step in ours:
            field = step[2:]
            if step[:2] != "f:" or desired.get(field) is not None or live.get(field) is None:
                continue
            if self._traits.built_in and facts.comes_back(field, live[field], name, live):
                continue
            after = self._remove(live[field], (path, step))
            if after is live[field]:
                continue
            merged = dict(live) if merged is None else merged
            if after is _ABSENT:
                del merged[field]
            else:
                merged[field] = after
        return merged

    def _drop_items(
        self, wanted: Index, existing: Index, keys: tuple[str, ...], ours: FieldSet, path: Path, result: Index
    ) -> bool:
        changed = False
        for key, item in existing.items():
            step = item_step(keys, key)
            if key in wanted or step not in ours:
                continue
            after = self._remove(item, (path, step))
            if after is _ABSENT:
                del result[key]
            elif after is not item:
                result[key] = after
            changed |= after is not item
        return changed

    def _remove(self, value: Any, path: Path) -> Any:
        """What stays of a live value that we own and do not want: only what others own too."""
        others = [] if self._three_way else self._ownership.others_at(path)
        kept = restrict(value, others) if others else _ABSENT
        if kept is value:
            return value
        # What was applied on the client's side is not ours yet, so a dry run would not tell that it goes.
        self.certain |= _stays_removed(path) or not (self._three_way or self._ownership.is_ours(path))
        self._note(path, value, None if kept is _ABSENT else kept, GONE_FROM_GIT)
        return kept

    # ---- notes

    def _add(self, path: Path, desired: Any) -> None:
        """Live lacks it. It may be new in Git, or the server may not keep it (an unknown field, a zero)."""
        self.changes.append(FieldChange(show(path), desired=desired))

    def _differ(self, path: Path, live: Any, desired: Any, reason: str | None = None) -> None:
        """Both have it. It may be new in Git, or the server may have made this of what we applied."""
        self.certain |= reason is None and self._ownership.is_taken(path)
        self._note(path, live, desired, reason)

    def _note(self, path: Path, live: Any, desired: Any, reason: str | None) -> None:
        writer = self._ownership.writer(path)
        self.changes.append(
            FieldChange(
                show(path),
                live=live,
                desired=desired,
                manager=writer.manager if writer else None,
                changed_at=writer.time if writer else None,
                reason=reason,
            )
        )


def _stays_removed(path: Path) -> bool:
    """Whether no default can bring back what is removed here: an item of a list, a label, an annotation."""
    return path is not None and (path[1][0] != "f" or in_metadata(path[0]))


def _contains(members: list[Any], member: Any) -> bool:
    return any(same_value(member, other) for other in members)


def _named(key: tuple[Any, ...]) -> Any:
    return key[0] if len(key) == 1 else list(key)
