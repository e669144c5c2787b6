"""The store as controllers see it: implements `objects.Objects` over the same writes that HTTP goes through."""

from collections.abc import Callable, Sequence

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.deletion import DeleteOptions, Deletion
from gitsync.sandbox.errors import NotFoundError
from gitsync.sandbox.objects import CONTROLLER_MANAGER, Propagation, StoreEvent, Unsubscribe
from gitsync.sandbox.registry import Registry, ResourceType
from gitsync.sandbox.store import Store
from gitsync.sandbox.writes import WriteOptions, Writes
from model.identity import GroupVersionKind, ResourceKey


class ClusterObjects:
    """In-process access. Writes are trusted: defaulted and owned like any other, but not validated."""

    def __init__(self, store: Store, registry: Registry, writes: Writes, deletion: Deletion) -> None:
        self._store = store
        self._registry = registry
        self._writes = writes
        self._deletion = deletion

    def get(self, key: ResourceKey) -> JsonObject | None:
        found = self._store.get(self._type(key.group, key.kind).family, key.namespace, key.name)
        return found.body if found else None

    def owned_by(self, uid: str) -> Sequence[JsonObject]:
        return self._store.owned_by(uid)

    def create(self, body: JsonObject, *, manager: str = CONTROLLER_MANAGER) -> JsonObject:
        type_ = self._type_of(body)
        namespace = body["metadata"].get("namespace") or ("default" if type_.namespaced else "")
        return self._writes.create(type_, namespace, body, WriteOptions(manager, trusted=True)).body

    def update(self, body: JsonObject, *, manager: str = CONTROLLER_MANAGER) -> JsonObject:
        return self._replace(body, manager, "")

    def update_status(self, body: JsonObject, *, manager: str = CONTROLLER_MANAGER) -> JsonObject:
        type_ = self._type_of(body)
        return self._replace(body, manager, "status" if type_.has_status else "")

    def _replace(self, body: JsonObject, manager: str, subresource: str) -> JsonObject:
        type_ = self._type_of(body)
        metadata = body["metadata"]
        namespace = metadata.get("namespace", "") if type_.namespaced else ""
        options = WriteOptions(manager, trusted=True)
        return self._writes.replace(type_, namespace, metadata["name"], body, options, subresource).body

    def delete(
        self,
        key: ResourceKey,
        *,
        propagation: Propagation = "Background",
        uid: str | None = None,
        grace_seconds: int | None = None,
    ) -> None:
        options = DeleteOptions(propagation=propagation, uid=uid, grace_seconds=grace_seconds)
        self._deletion.delete(self._type(key.group, key.kind), key.namespace, key.name, options)

    def listen(self, callback: Callable[[StoreEvent], None]) -> Unsubscribe:
        return self._store.listen(callback)

    def list(self, group: str, kind: str, namespace: str | None = None) -> Sequence[JsonObject]:
        shelf = self._store.shelf(self._type(group, kind).family)
        return [version.body for version in shelf.versions(namespace)]

    def _type_of(self, body: JsonObject) -> ResourceType:
        gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
        return self._registry.by_gvk(*gvk_parts(gvk)) or self._type(gvk.group, gvk.kind)

    def _type(self, group: str, kind: str) -> ResourceType:
        type_ = self._registry.by_kind(group, kind)
        if type_ is None:
            raise NotFoundError(f"the server does not know the kind {kind} of {group or 'the core group'}")
        return type_


def gvk_parts(gvk: GroupVersionKind) -> tuple[str, str, str]:
    return gvk.group, gvk.version, gvk.kind
