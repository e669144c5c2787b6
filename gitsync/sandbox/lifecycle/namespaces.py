"""Namespaces: what each gets when it is made, and how it empties when it goes."""

from functools import partial

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.cluster import ClusterObjects
from gitsync.sandbox.errors import AlreadyExistsError, ConflictError, ForbiddenError, NotFoundError
from gitsync.sandbox.lifecycle.garbage import key_of
from gitsync.sandbox.lifecycle.slices import Slices
from gitsync.sandbox.objects import EventType, StoreEvent
from gitsync.sandbox.store import Store
from model.identity import ResourceKey

INITIAL = ("default", "kube-system", "kube-public", "kube-node-lease")


class NamespaceKeeper:
    """Fills new namespaces and empties dying ones."""

    def __init__(self, objects: ClusterObjects, store: Store, slices: Slices, certificate_authority: str) -> None:
        self._objects = objects
        self._store = store
        self._slices = slices
        self._certificate_authority = certificate_authority
        self._dying: set[str] = set()

    def create_initial(self) -> None:
        for name in INITIAL:
            self._create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def note(self, event: StoreEvent) -> None:
        body = event.object
        namespace = body["metadata"].get("namespace", "")
        if body["kind"] == "Namespace" and body["apiVersion"] == "v1":
            self._note_namespace(event)
        elif event.type is EventType.DELETED and namespace:
            if namespace in self._dying:
                self._slices.add(lambda: self._finish(namespace))
            elif body["kind"] == "ServiceAccount" or body["metadata"]["name"] == "kube-root-ca.crt":
                self._slices.add(lambda: self._fill(namespace))

    def _note_namespace(self, event: StoreEvent) -> None:
        name = event.object["metadata"]["name"]
        if event.type is EventType.DELETED:
            self._dying.discard(name)
        elif event.object["metadata"].get("deletionTimestamp"):
            if name not in self._dying:
                self._dying.add(name)
                self._slices.add(lambda: self._empty(name))
        elif event.type is EventType.ADDED:
            self._slices.add(lambda: self._fill(name))

    def _fill(self, namespace: str) -> None:
        if self._objects.get(ResourceKey("", "Namespace", "", namespace)) is None:
            return
        metadata = {"namespace": namespace}
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata | {"name": "default"}}
        authority = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata | {"name": "kube-root-ca.crt"},
            "data": {"ca.crt": self._certificate_authority},
        }
        for body in (account, authority):
            if self._objects.get(key_of(body)) is None:
                self._create(body)

    def _create(self, body: JsonObject) -> None:
        try:
            self._objects.create(body)
        except (AlreadyExistsError, ForbiddenError, NotFoundError):
            return  # there already, or the namespace is going

    def _empty(self, namespace: str) -> None:
        for family, shelf in self._store.shelves().items():
            for name, version in list(shelf.namespaces.get(namespace, {}).items()):
                key = ResourceKey(family.group, family.kind, namespace, name)
                uid = version.body["metadata"]["uid"]
                self._slices.add(partial(self._delete, key, uid))
        self._slices.add(lambda: self._finish(namespace))

    def _delete(self, key: ResourceKey, uid: str) -> None:
        try:
            self._objects.delete(key, uid=uid)
        except (NotFoundError, ConflictError):
            return  # gone already

    def _finish(self, namespace: str) -> None:
        if any(shelf.namespaces.get(namespace) for shelf in self._store.shelves().values()):
            return
        body = self._objects.get(ResourceKey("", "Namespace", "", namespace))
        if body is not None and body["metadata"].get("deletionTimestamp"):
            left = [name for name in body.get("spec", {}).get("finalizers", ()) if name != "kubernetes"]
            self._objects.update(body | {"spec": {"finalizers": left}})
