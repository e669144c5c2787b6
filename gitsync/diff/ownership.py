"""managedFields: which manager set which field, and when.

Read as the plain JSON that the API server sends, since this runs for every object on every change of it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from gitsync.diff.path import Path, steps
from gitsync.manifest.object import JsonObject
from gitsync.manifest.tracking import CLIENT_SIDE_APPLY

FieldSet = dict[str, Any]

NOTHING: FieldSet = {}


@dataclass(frozen=True, slots=True)
class Writer:
    """Who last wrote a field."""

    manager: str
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Ownership:
    """The claims on one live object.

    `ours` is what our apply owns; None when we never applied it. `others` are the field sets of everybody else.
    """

    manager: str
    entries: tuple[JsonObject, ...]
    ours: FieldSet | None

    def client_side(self, managers: Collection[str]) -> FieldSet:
        """What these managers own by applies on the client's side, which the next sync takes over."""
        fields: FieldSet = NOTHING
        for entry in self.entries:
            applied = entry.get("operation") == "Update" and not entry.get("subresource")
            if applied and entry.get("manager") in managers:
                fields = union(fields, _fields(entry))
        return fields

    def others_at(self, path: Path) -> list[FieldSet]:
        """What managers own at and below a path that keep it when we give it up."""
        found = (_locate(_fields(entry), path) for entry in self.entries if not self._is_ours(entry))
        return [node for node in found if node is not None]

    def anybody_at(self, path: Path) -> Iterator[FieldSet]:
        """What every manager owns at and below a path."""
        for entry in self.entries:
            node = _locate(_fields(entry), path)
            if node is not None:
                yield node

    def fields_of(self, managers: Sequence[str]) -> list[FieldSet]:
        """What each of these managers owns, in any way."""
        return [_fields(entry) for entry in self.entries if entry.get("manager") in managers]

    def is_ours(self, path: Path) -> bool:
        """Whether our apply owns the place, something in it, or the atomic value around it."""
        return self.ours is not None and _claims(self.ours, path)

    def gives_up(self, path: Path, later: "Ownership") -> bool:
        """Whether a field right below the path is our apply's now and not later."""
        now, then = (_locate(one.ours or NOTHING, path) or NOTHING for one in (self, later))
        return any(step[:2] == "f:" and step not in then for step in now)

    def is_taken(self, path: Path) -> bool:
        """Whether a field that we apply belongs to somebody else now: had our apply set it last, it were ours still."""
        return self.ours is not None and not self.is_ours(path) and self.writer(path) is not None

    def writer(self, path: Path) -> Writer | None:
        """Who last wrote the field, or something in it; else who wrote what contains it as a whole (atomic)."""
        claims = [entry for entry in self.entries if _claims(_fields(entry), path)]
        if not claims:
            return None
        newest = max(claims, key=lambda entry: str(entry.get("time") or ""))
        return Writer(str(newest.get("manager") or ""), _time(newest.get("time")))

    def _is_ours(self, entry: JsonObject) -> bool:
        """Ours, or taken over by the next sync (`gitsync.execute.migrate`)."""
        manager = entry.get("manager")
        return not entry.get("subresource") and (
            manager == self.manager or (manager == CLIENT_SIDE_APPLY and entry.get("operation") == "Update")
        )


def read_ownership(live: JsonObject, manager: str) -> Ownership:
    entries = tuple(live.get("metadata", NOTHING).get("managedFields") or ())
    if live.get("kind") == "Secret":
        entries = tuple(_store_string_data(entry) for entry in entries)
    ours = next((_fields(entry) for entry in entries if is_apply_of(entry, manager)), None)
    return Ownership(manager, entries, ours)


def _store_string_data(entry: JsonObject) -> JsonObject:
    """Claims on stringData are claims on the data that the server made of it."""
    fields = _fields(entry)
    if "f:stringData" not in fields:
        return entry
    stored = {**fields.get("f:data", NOTHING), **fields["f:stringData"]}
    return {**entry, "fieldsV1": {**fields, "f:data": stored}}


def is_apply_of(entry: JsonObject, manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource")


def is_told_in_its_version(live: JsonObject, manager: str) -> bool:
    """Whether the fields that the manager owns are those of the object's version: other versions may have others."""
    version = live.get("apiVersion")
    entries = live.get("metadata", NOTHING).get("managedFields") or ()
    return all(one.get("apiVersion", version) == version for one in entries if is_apply_of(one, manager))


def is_applied_by(live: JsonObject, manager: str) -> bool:
    """Whether the manager ever applied the object on the server's side."""
    return any(is_apply_of(entry, manager) for entry in live.get("metadata", NOTHING).get("managedFields") or ())


def union(left: FieldSet, right: FieldSet) -> FieldSet:
    """Both sets of fields; each is a tree whose leaves are empty objects."""
    both = dict(left)
    for step, below in right.items():
        both[step] = union(both[step], below) if step in both else below
    return both


def restrict(value: Any, owners: Sequence[FieldSet]) -> Any:
    """The part of a value that these field sets own; the very value when that is all of it."""
    if any(not owner for owner in owners):
        return value
    if isinstance(value, dict):
        return _restrict_map(value, owners)
    return _restrict_list(value, owners) if isinstance(value, list) else value


def _restrict_map(value: JsonObject, owners: Sequence[FieldSet]) -> JsonObject:
    kept = {}
    for field, child in value.items():
        nodes = [node for owner in owners if (node := owner.get("f:" + field)) is not None]
        if nodes:
            kept[field] = restrict(child, nodes)
    return value if len(kept) == len(value) and all(kept[field] is value[field] for field in kept) else kept


def _restrict_list(value: list[Any], owners: Sequence[FieldSet]) -> list[Any]:
    kept = []
    for item in value:
        nodes = [owner[step] for owner in owners for step in owner if describes(step, item)]
        if nodes:
            kept.append(item)
    return value if len(kept) == len(value) else kept


def describes(step: str, item: Any) -> bool:
    """Whether a step of managedFields is that of this list item."""
    if step[0] == "v":
        return bool(msgspec.json.decode(step[2:]) == item)
    if step[0] != "k" or not isinstance(item, dict):
        return False
    keys: JsonObject = msgspec.json.decode(step[2:])
    return all(item.get(name) == value for name, value in keys.items())


def _fields(entry: JsonObject) -> FieldSet:
    fields: FieldSet = entry.get("fieldsV1") or NOTHING
    return fields


def _locate(fields: FieldSet, path: Path) -> FieldSet | None:
    """The node of the field set at exactly this path."""
    node: FieldSet | None = fields
    for step in steps(path):
        node = node.get(step) if node else None
        if node is None:
            return None
    return node


def _claims(fields: FieldSet, path: Path) -> bool:
    """Whether the field set holds the path, something below it, or an atomic value around it."""
    node = fields
    for step in steps(path):
        child = node.get(step)
        if child is None:
            return not node and node is not fields
        node = child
    return True


def _time(value: Any) -> datetime | None:
    try:
        return msgspec.convert(value, datetime) if value else None
    except msgspec.ValidationError:
        return None
