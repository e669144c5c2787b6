"""Takes over what client-side apply owned, once per object.

Argo CD and kubectl, applying on the client's side, are recorded in managedFields as having *updated* the fields. If
nothing is done, they own these fields for ever beside our server-side apply, and a field that leaves Git never leaves
the cluster. So their entries become part of ours, in one patch bound to the object's resourceVersion.
"""

from typing import Any

import msgspec

from gitsync.diff.normalize import LAST_APPLIED
from gitsync.diff.ownership import union
from gitsync.kube.client import Cluster
from gitsync.kube.errors import Conflict, NotFound
from gitsync.manifest.object import JsonObject, LiveObject
from gitsync.manifest.tracking import CLIENT_SIDE_APPLY, FIELD_MANAGER

_CLIENT_SIDE = frozenset({CLIENT_SIDE_APPLY, FIELD_MANAGER})
_HINT = b'"Update"'


class _Meta(msgspec.Struct, frozen=True):
    managed_fields: list[dict[str, Any]] = msgspec.field(default_factory=list, name="managedFields")


class _Body(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()


_decoder = msgspec.json.Decoder(_Body)


async def migrate_client_side(cluster: Cluster, live: LiveObject | None, *, also: str = "") -> None:
    """Patches the object's managedFields if client-side apply still owns fields of it.

    `also` is a manager of another name whose updates were such applies too.
    """
    if live is None:
        return
    version, entries = await _managed_fields(cluster, live)
    taken_over = migrated(entries, also=also)
    if taken_over is None:
        return
    patch = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": version},
        {"op": "replace", "path": "/metadata/managedFields", "value": taken_over},
    ]
    try:
        await cluster.patch(live.key, live.version, patch, kind="json", manager=FIELD_MANAGER)
    except (Conflict, NotFound):
        return  # it changed meanwhile, or is gone: the next sync sees the newer state and takes over then


async def _managed_fields(cluster: Cluster, live: LiveObject) -> tuple[str, list[JsonObject]]:
    """And the resourceVersion that has them. What is not ours yet is read from the cluster: no cache keeps it whole."""
    if live.raw is not None:
        found = _decoder.decode(live.raw).metadata.managed_fields if _HINT in live.raw else []
        return live.resource_version, found
    body = await cluster.get(live.gvk, live.key.namespace, live.key.name)
    metadata = body["metadata"] if body is not None else {}
    return metadata.get("resourceVersion", ""), metadata.get("managedFields") or []


def migrated(entries: list[JsonObject], *, also: str = "") -> list[JsonObject] | None:
    """The managedFields after the take-over, None when there is nothing to take over."""
    theirs = [entry for entry in entries if _is_client_side(entry, also)]
    if not theirs:
        return None
    ours = next((entry for entry in entries if _is_ours(entry)), None)
    fields: JsonObject = dict(ours.get("fieldsV1") or {}) if ours else {}
    for entry in theirs:
        fields = union(fields, entry.get("fieldsV1") or {})
    first = ours or theirs[0]
    mine = {
        "manager": FIELD_MANAGER,
        "operation": "Apply",
        "apiVersion": first.get("apiVersion", ""),
        "time": first.get("time"),
        "fieldsType": "FieldsV1",
        "fieldsV1": _without_last_applied(fields),
    }
    rest = [entry for entry in entries if entry is not ours and entry not in theirs]
    return [{key: value for key, value in mine.items() if value is not None}, *rest]


def _is_client_side(entry: JsonObject, also: str) -> bool:
    manager = entry.get("manager")
    applied = manager in _CLIENT_SIDE or (bool(also) and manager == also)
    return entry.get("operation") == "Update" and applied and not entry.get("subresource")


def _is_ours(entry: JsonObject) -> bool:
    return entry.get("operation") == "Apply" and entry.get("manager") == FIELD_MANAGER and not entry.get("subresource")


def _without_last_applied(fields: JsonObject) -> JsonObject:
    """Nobody applies that annotation any more; owning it would delete it from under kubectl."""
    metadata: JsonObject = fields.get("f:metadata") or {}
    annotations: JsonObject = metadata.get("f:annotations") or {}
    if f"f:{LAST_APPLIED}" not in annotations:
        return fields
    kept = {key: value for key, value in annotations.items() if key != f"f:{LAST_APPLIED}"}
    return {**fields, "f:metadata": {**metadata, "f:annotations": kept}}
