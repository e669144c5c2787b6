"""Objects that controllers look at, in memory: found by key, kind, namespace and owner. No I/O.

A write's answer is put in at once; the watch tells the same later and changes nothing. An older state never replaces
a newer one, and what was deleted here does not come back from a late event.
"""

from collections import deque
from collections.abc import Iterator

from gitsync.manifest.object import JsonObject
from model.identity import ResourceKey

_REMEMBERED = 2_000  # uids of deleted objects, so that late events of theirs are recognised


def key_of(body: JsonObject) -> ResourceKey:
    group, _, _ = body["apiVersion"].rpartition("/")
    metadata = body["metadata"]
    return ResourceKey(group, body["kind"], metadata.get("namespace") or "", metadata["name"])


def owner_uids(body: JsonObject) -> list[str]:
    return [str(one.get("uid") or "") for one in body["metadata"].get("ownerReferences") or ()]


class Store:
    """All objects that are followed, of one cluster."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str], dict[str, dict[str, JsonObject]]] = {}
        self._by_uid: dict[str, JsonObject] = {}
        self._owned: dict[str, dict[ResourceKey, JsonObject]] = {}
        self._gone: set[str] = set()
        self._gone_order: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._by_uid)

    def get(self, key: ResourceKey) -> JsonObject | None:
        return self._kinds.get((key.group, key.kind), {}).get(key.namespace, {}).get(key.name)

    def with_uid(self, uid: str) -> JsonObject | None:
        return self._by_uid.get(uid)

    def in_namespace(self, group: str, kind: str, namespace: str) -> dict[str, JsonObject]:
        """By name. The dictionary is the store's own: it is only read."""
        return self._kinds.get((group, kind), {}).get(namespace, {})

    def of_kind(self, group: str, kind: str) -> Iterator[JsonObject]:
        for names in self._kinds.get((group, kind), {}).values():
            yield from names.values()

    def owned_by(self, uid: str, kind: str) -> list[JsonObject]:
        return [body for key, body in self._owned.get(uid, {}).items() if key.kind == kind]

    def put(self, body: JsonObject) -> bool:
        """True when this is news."""
        metadata, key = body["metadata"], key_of(body)
        uid = str(metadata.get("uid") or "")
        if uid in self._gone:
            return False
        known = self.get(key)
        if known is not None:
            if known["metadata"].get("uid") == uid and not _is_newer(body, known):
                return False
            self._unlink(key, known)
        self._kinds.setdefault((key.group, key.kind), {}).setdefault(key.namespace, {})[key.name] = body
        self._by_uid[uid] = body
        for owner in owner_uids(body):
            self._owned.setdefault(owner, {})[key] = body
        return True

    def remove(self, key: ResourceKey, uid: str = "") -> JsonObject | None:
        """The last state; None when it was not there, or is another object by now."""
        known = self.get(key)
        if known is None or (uid and known["metadata"].get("uid") != uid):
            return None
        self._unlink(key, known)
        del self._kinds[key.group, key.kind][key.namespace][key.name]
        self._remember(str(known["metadata"].get("uid") or ""))
        return known

    def _unlink(self, key: ResourceKey, body: JsonObject) -> None:
        self._by_uid.pop(str(body["metadata"].get("uid") or ""), None)
        for owner in owner_uids(body):
            children = self._owned.get(owner)
            if children is not None:
                children.pop(key, None)
                if not children:
                    del self._owned[owner]

    def _remember(self, uid: str) -> None:
        if uid:
            self._gone.add(uid)
            self._gone_order.append(uid)
            if len(self._gone_order) > _REMEMBERED:
                self._gone.discard(self._gone_order.popleft())


def _is_newer(body: JsonObject, known: JsonObject) -> bool:
    """Versions are numbers in every API server that exists; where one is not, the latest word counts."""
    new, old = str(body["metadata"].get("resourceVersion")), str(known["metadata"].get("resourceVersion"))
    if new.isdigit() and old.isdigit():
        return int(new) > int(old)
    return new != old
