"""What every controller is given, and the little that is common to their work."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import (
    is_controlled_by,
    is_deleting,
    key_of,
    labels_of,
    owner_reference,
    uid_of,
    with_metadata,
)
from gitsync.sandbox.controllers.event import EventRecorder
from gitsync.sandbox.controllers.selector import matches
from gitsync.sandbox.controllers.work import Clock, WorkQueue
from gitsync.sandbox.errors import NotFoundError
from gitsync.sandbox.objects import CONTROLLER_MANAGER, EventType, Objects, StoreEvent
from model.identity import ResourceKey

# Kinds that a controller takes over when they match its selector and nobody controls them.
_ADOPTABLE = frozenset({"Pod", "ReplicaSet"})


class Orphans:
    """Pods and ReplicaSets that nobody controls: few, so that looking for something to adopt costs next to nothing."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], dict[ResourceKey, None]] = defaultdict(dict)

    def note(self, event: StoreEvent) -> None:
        body = event.object
        if body["kind"] not in _ADOPTABLE:
            return
        key = key_of(body)
        place = self._keys[body["kind"], key.namespace]
        controlled = any(owner.get("controller") for owner in body["metadata"].get("ownerReferences") or ())
        if event.type is EventType.DELETED or controlled:
            place.pop(key, None)
        else:
            place[key] = None

    def of(self, kind: str, namespace: str) -> Iterable[ResourceKey]:
        return tuple(self._keys.get((kind, namespace), ()))


@dataclass(frozen=True, slots=True)
class Cluster:
    """The store, the time, the work and the events of one sandbox."""

    objects: Objects
    clock: Clock
    queue: WorkQueue
    events: EventRecorder
    orphans: Orphans = field(default_factory=Orphans)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def children(self, owner: JsonObject, kind: str) -> list[JsonObject]:
        """Objects of the kind that `owner` controls, oldest first; matching orphans are adopted on the way."""
        uid = uid_of(owner)
        self._adopt(owner, kind)
        found = [
            child for child in self.objects.owned_by(uid) if child["kind"] == kind and is_controlled_by(child, uid)
        ]
        return sorted(found, key=_age)

    def write_status(self, body: JsonObject, status: JsonObject, *, manager: str = CONTROLLER_MANAGER) -> None:
        """Writes the status if it differs."""
        if status != (body.get("status") or {}):
            self.objects.update_status({**body, "status": status}, manager=manager)

    def delete(self, body: JsonObject, *, grace_seconds: int | None = None) -> bool:
        """Deletes exactly this object; False when it is gone or another one by now."""
        try:
            self.objects.delete(key_of(body), uid=uid_of(body), grace_seconds=grace_seconds)
        except NotFoundError:
            return False
        return True

    def _adopt(self, owner: JsonObject, kind: str) -> None:
        if is_deleting(owner) or kind not in _ADOPTABLE:
            return
        selector = owner["spec"].get("selector")
        for key in self.orphans.of(kind, owner["metadata"]["namespace"]):
            orphan = self.objects.get(key)
            if orphan is None or is_deleting(orphan) or not matches(selector, labels_of(orphan)):
                continue
            references = [*(orphan["metadata"].get("ownerReferences") or ()), owner_reference(owner)]
            self.objects.update(with_metadata(orphan, ownerReferences=references))


def _age(body: JsonObject) -> tuple[str, str]:
    return body["metadata"]["creationTimestamp"], body["metadata"]["name"]


def newest_first(bodies: Sequence[JsonObject]) -> list[JsonObject]:
    return sorted(bodies, key=_age, reverse=True)
