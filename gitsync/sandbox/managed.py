"""Who owns which field: `managedFields` through updates and server-side applies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.errors import ApiError, Cause, ConflictError
from gitsync.sandbox.fieldset import (
    FieldSet,
    difference,
    intersection,
    is_subset,
    paths,
    union,
    with_named_fields,
)
from gitsync.sandbox.schema import Node
from gitsync.sandbox.typed import Comparison, compare, field_set, first_duplicate, merge, remove

_SERVER_META: Final = ("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation")
NEVER_OWNED: Final[FieldSet] = {
    "f:apiVersion": {},
    "f:kind": {},
    "f:metadata": {".": {}} | {f"f:{name}": {} for name in (*_SERVER_META, "managedFields", "resourceVersion")},
}
STATUS: Final = frozenset({"f:status"})
EVERYTHING: Final = frozenset({"f:metadata", "f:spec", "f:status"})


class FieldOwner(NamedTuple):
    """Identity of an owner. For an apply the version does not count: it stays one owner through all versions."""

    name: str
    operation: str
    api_version: str
    subresource: str

    def __str__(self) -> str:
        text = f'"{self.name}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


@dataclass(frozen=True, slots=True)
class Ownership:
    """What one manager owns."""

    api_version: str
    fields: FieldSet
    time: str


Owners = dict[FieldOwner, Ownership]


def manager_id(name: str, operation: str, api_version: str, subresource: str = "") -> FieldOwner:
    return FieldOwner(name, operation, "" if operation == "Apply" else api_version, subresource)


def decode_owners(entries: Iterable[JsonObject]) -> Owners:
    """Owners from `metadata.managedFields`. Entries that make no sense are left out, as the server does."""
    owners: Owners = {}
    for entry in entries:
        operation, api_version = entry.get("operation", ""), entry.get("apiVersion", "")
        if operation in ("Apply", "Update") and api_version:
            identity = manager_id(entry.get("manager", ""), operation, api_version, entry.get("subresource", ""))
            owners[identity] = Ownership(api_version, entry.get("fieldsV1") or {}, entry.get("time", ""))
    return owners


def encode_owners(owners: Owners) -> list[JsonObject]:
    """`metadata.managedFields`, in the order of the API server."""
    items = sorted(owners.items(), key=lambda item: (item[0].operation, item[1].time, *item[0]))
    return [_entry(manager, owned) for manager, owned in items if owned.fields]


def _entry(manager: FieldOwner, owned: Ownership) -> JsonObject:
    entry: JsonObject = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": owned.api_version,
        "time": owned.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": owned.fields,
    }
    return entry | {"subresource": manager.subresource} if manager.subresource else entry


def without_owners(body: JsonObject) -> JsonObject:
    """The object without managedFields: what comparisons look at."""
    metadata = body.get("metadata") or {}
    if "managedFields" not in metadata:
        return body
    return body | {"metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


def track_update(
    live: JsonObject,
    new: JsonObject,
    node: Node,
    owners: Owners,
    manager: FieldOwner,
    *,
    now: str,
    ignored: frozenset[str],
) -> Owners:
    """Owners after `manager` wrote `new` over `live`: it owns what it changed, the others lose that."""
    changes = compare(live, new, node)
    rest = _without_lost(owners, changes, keeper=None)
    won = difference(union(changes.added, changes.modified), NEVER_OWNED)
    won = {key: below for key, below in won.items() if key not in ignored}
    if won:
        before = rest.get(manager)
        fields = union(before.fields, won) if before else won
        version = before.api_version if before else _version_of(new)
        rest[manager] = Ownership(version, fields, now)
    return rest


def _version_of(body: JsonObject) -> str:
    version: str = body["apiVersion"]
    return version


def _without_lost(owners: Owners, changes: Comparison, keeper: FieldOwner | None) -> Owners:
    """Everybody but `keeper` loses what was changed or removed."""
    lost = union(union(changes.added, changes.modified), changes.removed)
    if not lost:
        return dict(owners)
    out: Owners = {}
    for manager, owned in owners.items():
        fields = owned.fields if manager == keeper else difference(owned.fields, lost)
        if fields:
            out[manager] = owned if fields is owned.fields else replace(owned, fields=fields)
    return out


@dataclass(frozen=True, slots=True)
class Applied:
    """Outcome of an apply. `body` is None when it changed nothing."""

    body: JsonObject | None
    owners: Owners


def apply(
    live: JsonObject,
    config: JsonObject,
    node: Node,
    owners: Owners,
    manager: FieldOwner,
    *,
    force: bool,
    now: str,
    ignored: frozenset[str],
) -> Applied:
    """`config` as the whole will of `manager`: merged over `live`; what it owned and no longer names goes.

    Raises ConflictError for values of other managers that it would change, unless `force`, and ApiError for lists that
    cannot be merged.
    """
    if twice := first_duplicate(config, node):
        raise ApiError(f"failed to create typed patch object: {twice}")
    wanted = difference(field_set(config, node), NEVER_OWNED)
    wanted = {key: below for key, below in wanted.items() if key not in ignored}
    before = owners.get(manager)
    after = dict(owners)
    after[manager] = Ownership(_version_of(config), wanted, before.time if before else now)
    merged = merge(live, config, node)
    if before and not is_subset(before.fields, wanted):
        merged = _prune(merged, before.fields, after, node)
    changes = compare(live, merged, node)
    if not force:
        _refuse_conflicts(after, manager, changes)
    after = _without_lost(after, changes, keeper=manager)
    if not wanted:
        after.pop(manager, None)
    if merged == live and owners == after:
        return Applied(None, owners)
    if manager in after and (merged != live or owners.get(manager) != after[manager]):
        after[manager] = replace(after[manager], time=now)
    return Applied(merged, after)


def _prune(merged: JsonObject, last: FieldSet, owners: Mapping[FieldOwner, Ownership], node: Node) -> JsonObject:
    """Takes away what the last apply set, this one does not, and nobody else owns."""
    last = with_named_fields(last, node)
    managed: FieldSet = {}
    for owned in owners.values():
        managed = union(managed, owned.fields)
    present = with_named_fields(field_set(merged, node), node)
    pruned = remove(merged, last, node) or {}
    kept = union(with_named_fields(field_set(pruned, node), node), with_named_fields(managed, node))
    with_owned = remove(merged, difference(present, kept), node) or {}
    gone = intersection(difference(present, with_named_fields(field_set(with_owned, node), node)), last)
    result: JsonObject = remove(merged, gone, node) or {}
    return result


def _refuse_conflicts(owners: Owners, applier: FieldOwner, changes: Comparison) -> None:
    taken = union(changes.modified, changes.added)
    conflicts: list[tuple[FieldOwner, str]] = []
    for manager, owned in sorted(owners.items()):
        if manager != applier:
            shown = manager._replace(api_version=owned.api_version)
            conflicts += [(shown, path) for path in paths(intersection(owned.fields, taken))]
    if conflicts:
        causes = tuple(Cause("FieldManagerConflict", f"conflict with {who}", path) for who, path in conflicts)
        raise ConflictError(_conflict_message(conflicts), causes=causes)


def _conflict_message(conflicts: list[tuple[FieldOwner, str]]) -> str:
    if len(conflicts) == 1:
        who, path = conflicts[0]
        return f"Apply failed with 1 conflict: conflict with {who}: {path}"
    lines: list[str] = []
    for who in dict.fromkeys(manager for manager, _ in conflicts):
        lines.append(f"conflicts with {who}:")
        lines += [f"- {path}" for manager, path in conflicts if manager == who]
    return f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines)


def accept_owners(body: JsonObject, live: JsonObject | None) -> Owners:
    """Owners to go on from: those that the request carries if it carries any, else those of the live object.

    A request with one empty entry (`managedFields: [{}]`) asks to forget them all.
    """
    given: Any = (body.get("metadata") or {}).get("managedFields")
    known = ((live or {}).get("metadata") or {}).get("managedFields") or []
    if given is None or given == []:
        return decode_owners(known)
    return decode_owners(given)
