"""The garbage collector: what is owned goes with its owners, in the background, in the foreground, or not at all."""

from functools import partial

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.cluster import ClusterObjects
from gitsync.sandbox.deletion import FOREGROUND, ORPHAN
from gitsync.sandbox.errors import ConflictError, NotFoundError
from gitsync.sandbox.lifecycle.slices import Slices
from gitsync.sandbox.objects import EventType, Propagation, StoreEvent
from model.identity import GroupVersionKind, ResourceKey

_GRACEFUL: Propagation = "Background"


class GarbageCollector:
    """Listens to the store; never looks at objects that nobody owns."""

    def __init__(self, objects: ClusterObjects, slices: Slices) -> None:
        self._objects = objects
        self._slices = slices
        self._alive: dict[str, ResourceKey] = {}

    def note(self, event: StoreEvent) -> None:
        body = event.object
        uid = body["metadata"]["uid"]
        if event.type is EventType.DELETED:
            self._alive.pop(uid, None)
            if self._objects.owned_by(uid):
                self._slices.add(lambda: self._owner_is_gone(uid))
            self._look_at_owners(body)
            return
        self._alive[uid] = key_of(body)
        if event.type is EventType.ADDED and body["metadata"].get("ownerReferences"):
            self._slices.add(lambda: self._look_at_dependent(key_of(body), uid))
        finalizers = body["metadata"].get("finalizers") or ()
        if body["metadata"].get("deletionTimestamp") and (FOREGROUND in finalizers or ORPHAN in finalizers):
            self._slices.add(lambda: self._look_at_deleting(key_of(body), uid))

    def _look_at_owners(self, body: JsonObject) -> None:
        """A dependent went: an owner may wait for that in the foreground."""
        for reference in body["metadata"].get("ownerReferences") or ():
            owner = self._alive.get(reference["uid"])
            if owner is not None:
                self._slices.add(partial(self._look_at_deleting, owner, reference["uid"]))

    def _owner_is_gone(self, uid: str) -> None:
        for dependent in self._objects.owned_by(uid):
            key, own = key_of(dependent), dependent["metadata"]["uid"]
            self._slices.add(partial(self._look_at_dependent, key, own))

    def _look_at_dependent(self, key: ResourceKey, uid: str) -> None:
        body = self._objects.get(key)
        if body is None or body["metadata"]["uid"] != uid:
            return
        references = body["metadata"].get("ownerReferences") or []
        left = [reference for reference in references if reference["uid"] in self._alive]
        if references and not left:
            self._delete(key, uid, _GRACEFUL)
        elif len(left) < len(references):
            self._objects.update(_with_owners(body, left))

    def _look_at_deleting(self, key: ResourceKey, uid: str) -> None:
        body = self._objects.get(key)
        if body is None or body["metadata"]["uid"] != uid or not body["metadata"].get("deletionTimestamp"):
            return
        finalizers = body["metadata"].get("finalizers") or ()
        if ORPHAN in finalizers:
            for dependent in self._objects.owned_by(uid):
                references = dependent["metadata"]["ownerReferences"]
                left = [reference for reference in references if reference["uid"] != uid]
                self._objects.update(_with_owners(dependent, left))
            self._remove_finalizer(body, ORPHAN)
        elif FOREGROUND in finalizers:
            self._delete_dependents_first(body, uid)

    def _delete_dependents_first(self, body: JsonObject, uid: str) -> None:
        blocking = False
        for dependent in self._objects.owned_by(uid):
            references = dependent["metadata"]["ownerReferences"]
            blocking |= any(item["uid"] == uid and item.get("blockOwnerDeletion") for item in references)
            if not dependent["metadata"].get("deletionTimestamp"):
                self._delete(key_of(dependent), dependent["metadata"]["uid"], "Foreground")
        if not blocking or not self._objects.owned_by(uid):
            self._remove_finalizer(body, FOREGROUND)

    def _remove_finalizer(self, body: JsonObject, finalizer: str) -> None:
        left = [name for name in body["metadata"].get("finalizers", ()) if name != finalizer]
        self._objects.update(body | {"metadata": body["metadata"] | {"finalizers": left}})

    def _delete(self, key: ResourceKey, uid: str, propagation: Propagation) -> None:
        try:
            self._objects.delete(key, propagation=propagation, uid=uid)
        except (NotFoundError, ConflictError):
            return  # gone, or another object by now


def _with_owners(body: JsonObject, references: list[JsonObject]) -> JsonObject:
    return body | {"metadata": body["metadata"] | {"ownerReferences": references}}


def key_of(body: JsonObject) -> ResourceKey:
    gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
    return ResourceKey(gvk.group, gvk.kind, body["metadata"].get("namespace", ""), body["metadata"]["name"])
