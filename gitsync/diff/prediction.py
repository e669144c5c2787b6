"""Comparing live with what the API server predicts: both are whole objects with all defaults, so they must be equal
wherever our apply has a say."""

from typing import Any

from gitsync.diff.comparison import GONE_FROM_GIT, ORDER_DIFFERS
from gitsync.diff.lists import Index, index_items, item_step, list_keys
from gitsync.diff.ownership import NOTHING, Ownership
from gitsync.diff.path import Path, show
from gitsync.diff.scalar import same_value
from gitsync.diff.whole import Traits
from gitsync.manifest.object import JsonObject
from model.change import FieldChange


def compare_prediction(
    live: JsonObject,
    predicted: JsonObject,
    before: Ownership,
    after: Ownership,
    traits: Traits,
    *,
    everything: bool = False,
) -> tuple[tuple[FieldChange, ...], JsonObject]:
    """Changes, and the predicted object with everything that is not ours as it is live; or all of it (`everything`)."""
    prediction = _Prediction(before, after, traits, everything=everything)
    outcome = prediction.settle_map(live, predicted, None)
    return tuple(prediction.changes), outcome


class _Prediction:
    __slots__ = ("_after", "_before", "_everything", "_traits", "changes")

    def __init__(self, before: Ownership, after: Ownership, traits: Traits, *, everything: bool) -> None:
        self._everything = everything
        self._traits = traits
        self._before = before
        self._after = after
        self.changes: list[FieldChange] = []

    def settle_map(self, live: JsonObject, predicted: JsonObject, path: Path) -> JsonObject:
        result: JsonObject | None = None
        for field in (*predicted, *(field for field in live if field not in predicted)):
            have, then = live.get(field), predicted.get(field)
            after = self._settle(have, then, (path, "f:" + field), field)
            if after is not have:
                result = dict(live) if result is None else result
                result[field] = after
                if after is None:
                    del result[field]
        return live if result is None else result

    def _settle(self, have: Any, then: Any, path: Path, name: str) -> Any:
        """What the field will be: the predicted value where it is ours, else the live one."""
        if isinstance(have, dict) and isinstance(then, dict):
            return self.settle_map(have, then, path)
        if isinstance(have, list) and isinstance(then, list):
            return self._settle_list(have, then, path, name)
        return self._settle_whole(have, then, path)

    def _settle_list(self, have: list[Any], then: list[Any], path: Path, name: str) -> list[Any]:
        keys = list_keys(self._after, path, ours=NOTHING, name=name, items=[*have, *then], traits=self._traits)
        existing = index_items(have, keys) if keys else None
        expected = index_items(then, keys) if keys else None
        if not keys or existing is None or expected is None:
            whole: list[Any] = self._settle_whole(have, then, path)
            return whole
        return self._settle_items(existing, expected, keys, have, path, name)

    def _settle_items(
        self, existing: Index, expected: Index, keys: tuple[str, ...], have: list[Any], path: Path, name: str
    ) -> list[Any]:
        """Items by key, in the predicted order, since the server has already decided about order."""
        result = []
        for key in (*expected, *(key for key in existing if key not in expected)):
            item = self._settle(existing.get(key), expected.get(key), (path, item_step(keys, key)), name)
            if item is not None:
                result.append(item)
        if len(result) == len(have) and all(left is right for left, right in zip(result, have, strict=True)):
            return have
        if list(expected) != list(existing) and set(expected) == set(existing) and self._ours(path):
            self.changes.append(FieldChange(show(path), live=[*existing], desired=[*expected], reason=ORDER_DIFFERS))
        return result

    def _settle_whole(self, have: Any, then: Any, path: Path) -> Any:
        if _same(have, then) or not (self._ours(path) or self._follows(path)):
            return have
        writer = self._before.writer(path) if have is not None else None
        self.changes.append(
            FieldChange(
                show(path),
                live=have,
                desired=then,
                manager=writer.manager if writer else None,
                changed_at=writer.time if writer else None,
                reason=GONE_FROM_GIT if then is None else None,
            )
        )
        return then

    def _follows(self, path: Path) -> bool:
        """Whether our apply gives up a field beside it: what the server then fills in comes of that (the way of a
        strategy whose type has left the manifest)."""
        return path is not None and not self._before.others_at(path) and self._before.gives_up(path[0], self._after)

    def _ours(self, path: Path) -> bool:
        """Whether our apply owns the place, or did and gives it up. Where nobody knows, everything is ours."""
        if self._everything or (self._after.ours is None and self._before.ours is None):
            return True
        return self._after.is_ours(path) or self._before.is_ours(path)


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(_same(*pair) for pair in zip(left, right, strict=True))
    return same_value(left, right)
