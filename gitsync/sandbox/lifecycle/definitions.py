"""CustomResourceDefinitions: served soon after they are written, gone with all their objects."""

from functools import partial

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.clock import SandboxClock
from gitsync.sandbox.cluster import ClusterObjects
from gitsync.sandbox.deletion import DEFINITION_FINALIZER
from gitsync.sandbox.errors import ConflictError, NotFoundError
from gitsync.sandbox.lifecycle.slices import Slices
from gitsync.sandbox.objects import EventType, StoreEvent
from gitsync.sandbox.registry import Family, Registry
from gitsync.sandbox.store import Store
from model.identity import ResourceKey

GROUP, KIND = "apiextensions.k8s.io", "CustomResourceDefinition"
_MANAGER = "kube-apiserver"


class DefinitionKeeper:
    """Puts definitions into the registry, tells so in their status, and cleans up behind them."""

    def __init__(
        self, objects: ClusterObjects, store: Store, registry: Registry, slices: Slices, clock: SandboxClock
    ) -> None:
        self._objects = objects
        self._store = store
        self._registry = registry
        self._slices = slices
        self._clock = clock
        self._cleaning: set[str] = set()

    def note(self, event: StoreEvent) -> None:
        body = event.object
        if body["kind"] != KIND:
            self._note_object(event)
            return
        name = body["metadata"]["name"]
        if event.type is EventType.DELETED:
            self._registry.remove_custom(body)
        elif body["metadata"].get("deletionTimestamp"):
            self._clean_up_soon(name)
        elif event.old is None or event.old["spec"] != body["spec"]:
            self._registry.put_custom(body)
            self._slices.add(lambda: self._establish(name))

    def serve(self, body: JsonObject) -> None:
        """Serves a definition of a snapshot."""
        self._registry.put_custom(body)

    def _note_object(self, event: StoreEvent) -> None:
        if event.type is EventType.DELETED:
            group = event.object["apiVersion"].rpartition("/")[0]
            type_ = self._registry.by_kind(group, event.object["kind"])
            if type_ is not None and type_.is_custom:
                name = f"{type_.plural}.{type_.group}"
                definition = self._definition(name)
                if definition is not None and definition["metadata"].get("deletionTimestamp"):
                    self._clean_up_soon(name)

    def _definition(self, name: str) -> JsonObject | None:
        return self._objects.get(ResourceKey(GROUP, KIND, "", name))

    def _establish(self, name: str) -> None:
        body = self._definition(name)
        if body is None or body["metadata"].get("deletionTimestamp"):
            return
        names = body["spec"]["names"]
        stored = [version["name"] for version in body["spec"]["versions"] if version.get("storage")]
        status = body.get("status") or {}
        known = [version for version in status.get("storedVersions") or () if version not in stored]
        status = status | {
            "acceptedNames": names,
            "storedVersions": [*known, *stored],
            "conditions": status.get("conditions") or self._conditions(),
        }
        self._objects.update_status(body | {"status": status}, manager=_MANAGER)

    def _conditions(self) -> list[JsonObject]:
        now = self._clock.timestamp()
        accepted = {"type": "NamesAccepted", "reason": "NoConflicts", "message": "no conflicts found"}
        established = {
            "type": "Established",
            "reason": "InitialNamesAccepted",
            "message": "the initial names have been accepted",
        }
        return [item | {"status": "True", "lastTransitionTime": now} for item in (accepted, established)]

    def _clean_up_soon(self, name: str) -> None:
        if name not in self._cleaning:
            self._cleaning.add(name)
            self._slices.add(lambda: self._clean_up(name))

    def _clean_up(self, name: str) -> None:
        self._cleaning.discard(name)
        body = self._definition(name)
        if body is None:
            return
        family = Family(body["spec"]["group"], body["spec"]["names"]["kind"])
        objects = list(self._store.shelf(family).versions())
        for version in objects:
            metadata = version.body["metadata"]
            if metadata.get("deletionTimestamp"):
                continue
            key = ResourceKey(family.group, family.kind, metadata.get("namespace", ""), metadata["name"])
            uid = metadata["uid"]
            self._slices.add(partial(self._delete, key, uid))
        if not objects:
            left = [item for item in body["metadata"].get("finalizers", ()) if item != DEFINITION_FINALIZER]
            self._objects.update(body | {"metadata": body["metadata"] | {"finalizers": left}}, manager=_MANAGER)

    def _delete(self, key: ResourceKey, uid: str) -> None:
        try:
            self._objects.delete(key, uid=uid)
        except (NotFoundError, ConflictError):
            return  # gone already
