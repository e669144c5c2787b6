"""Deletes one object of an application, and only that very object.

The mark is checked on a known state of the object, and the deletion is bound to that state (uid and resourceVersion):
if anything about the object changed in between, its mark included, the cluster refuses, and the check is done anew on
what the object has become.
"""

import enum
from dataclasses import dataclass
from typing import Literal

from gitsync.execute.ownership import MarkOf, annotated_mark, live_state, read_state, why_not_ours
from gitsync.kube.client import Cluster
from gitsync.kube.errors import Conflict, UnknownKind
from gitsync.manifest.object import LiveObject
from model.identity import GroupVersionKind

Propagation = Literal["Foreground", "Background", "Orphan"]
_PROPAGATIONS: dict[str, Propagation] = {"Background": "Background", "Orphan": "Orphan"}
_MAX_CHECKS = 8  # an object whose status changes all the time is checked and bound anew that often


class Removal(enum.Enum):
    DELETED = enum.auto()
    GONE = enum.auto()
    KEPT = enum.auto()


@dataclass(frozen=True, slots=True)
class Removed:
    """`why` explains KEPT."""

    outcome: Removal
    why: str = ""


def propagation(name: str) -> Propagation:
    return _PROPAGATIONS.get(name, "Foreground")


async def remove_object(
    cluster: Cluster,
    live: LiveObject,
    application: str,
    *,
    policy: Propagation,
    dry_run: bool = False,
    mark_of: MarkOf = annotated_mark,
) -> Removed:
    """Deletes `live` if it is still the application's. Raises a ClusterError when the cluster does not let it."""
    gvk = live.gvk
    mark, uid, version = live_state(live)
    for _ in range(_MAX_CHECKS):
        if why := why_not_ours(mark, live.key, application):
            return Removed(Removal.KEPT, why)
        try:
            return await _delete(cluster, live, gvk, uid=uid, version=version, policy=policy, dry_run=dry_run)
        except UnknownKind:
            return Removed(Removal.GONE)  # the kind went, and every object of it
        except Conflict as error:
            conflict = error
        body = await cluster.get(gvk, live.key.namespace, live.key.name)
        if body is None:
            return Removed(Removal.GONE)
        mark, uid, version = mark_of(body), *read_state(body)
        if body["metadata"].get("deletionTimestamp"):
            return Removed(Removal.DELETED)
    raise conflict


async def _delete(
    cluster: Cluster,
    live: LiveObject,
    gvk: GroupVersionKind,
    *,
    uid: str,
    version: str,
    policy: Propagation,
    dry_run: bool,
) -> Removed:
    namespace, name = live.key.namespace, live.key.name
    found = await cluster.delete(
        gvk, namespace, name, propagation=policy, uid=uid, resource_version=version, dry_run=dry_run
    )
    return Removed(Removal.DELETED if found else Removal.GONE)
