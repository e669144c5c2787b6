"""Objects in memory: every write gets the next resourceVersion, and each family keeps a log that watches resume from.

The store knows nothing of kinds, defaults or owners of fields; it keeps, counts and tells. Objects are never changed
once they are in.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import TypeVar

import orjson

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.errors import ExpiredError
from gitsync.sandbox.objects import EventType, StoreEvent, Unsubscribe
from gitsync.sandbox.registry import Family

LOG_LENGTH = 5000
_Told = TypeVar("_Told")


class Version:
    """One state of one object. Its bytes are made once, whoever asks."""

    __slots__ = ("_raw", "body", "revision")

    def __init__(self, body: JsonObject, revision: int) -> None:
        self.body = body
        self.revision = revision
        self._raw: bytes | None = None

    @property
    def raw(self) -> bytes:
        if self._raw is None:
            self._raw = orjson.dumps(self.body)
        return self._raw


class Change:
    """One entry of the log. For DELETED `version` is the last state under the revision of the deletion."""

    __slots__ = ("_line", "old", "type", "version")

    def __init__(self, type_: EventType, version: Version, old: Version | None) -> None:
        self.type = type_
        self.version = version
        self.old = old
        self._line: bytes | None = None

    @property
    def revision(self) -> int:
        return self.version.revision

    @property
    def line(self) -> bytes:
        """The change as a line of a watch: made once for all watchers."""
        if self._line is None:
            self._line = b'{"type":"' + self.type.value.encode() + b'","object":' + self.version.raw + b"}\n"
        return self._line


class Shelf:
    """All objects of one family."""

    def __init__(self) -> None:
        self.namespaces: dict[str, dict[str, Version]] = {}
        self.log: list[Change] = []
        self._orders: dict[str, list[str]] = {}  # names of a namespace in order, until one comes or goes
        self.compacted = 0  # revisions up to this one cannot be resumed from
        self.watchers: dict[int, Callable[[Change], None]] = {}

    def get(self, namespace: str, name: str) -> Version | None:
        return self.namespaces.get(namespace, {}).get(name)

    def versions(self, namespace: str | None = None, after: tuple[str, str] = ("", "")) -> Iterator[Version]:
        """In the order of a list, by namespace and name; only what stands behind the position `after`."""
        wanted = sorted(self.namespaces) if namespace is None else [namespace]
        for each in wanted[bisect_left(wanted, after[0]) :]:
            names, order = self.namespaces.get(each, {}), self._order(each)
            start = bisect_right(order, after[1]) if each == after[0] else 0
            for name in order[start:]:
                if name in names:  # it may go while somebody iterates
                    yield names[name]

    def count_after(self, namespace: str | None, after: tuple[str, str]) -> int:
        """How many objects stand behind a position of the list."""
        wanted = self.namespaces if namespace is None else [namespace]
        count = sum(len(self.namespaces.get(each, ())) for each in wanted if each > after[0])
        return count + len(self._order(after[0])) - bisect_right(self._order(after[0]), after[1])

    def _order(self, namespace: str) -> list[str]:
        order = self._orders.get(namespace)
        if order is None:
            order = self._orders[namespace] = sorted(self.namespaces.get(namespace, ()))
        return order

    def put(self, namespace: str, name: str, version: Version) -> Version | None:
        """Returns what stood there before."""
        names = self.namespaces.setdefault(namespace, {})
        old = names.get(name)
        names[name] = version
        if old is None:
            self._orders.pop(namespace, None)
        return old

    def take(self, namespace: str, name: str) -> Version:
        names = self.namespaces[namespace]
        old = names.pop(name)
        self._orders.pop(namespace, None)
        if not names:
            del self.namespaces[namespace]
        return old

    def __len__(self) -> int:
        return sum(len(names) for names in self.namespaces.values())


class Store:
    """All objects of the cluster."""

    def __init__(self) -> None:
        self.revision = 0
        self._shelves: dict[Family, Shelf] = {}
        self._owned: dict[str, dict[str, Version]] = {}  # owner uid -> uid -> object
        self._listeners: dict[int, Callable[[StoreEvent], None]] = {}
        self._next_id = 0

    def shelf(self, family: Family) -> Shelf:
        found = self._shelves.get(family)
        if found is None:
            found = self._shelves[family] = Shelf()
        return found

    def shelves(self) -> dict[Family, Shelf]:
        return self._shelves

    def get(self, family: Family, namespace: str, name: str) -> Version | None:
        return self.shelf(family).get(namespace, name)

    def owned_by(self, uid: str) -> list[JsonObject]:
        return [version.body for version in self._owned.get(uid, {}).values()]

    def next_revision(self) -> int:
        self.revision += 1
        return self.revision

    def put(self, family: Family, body: JsonObject) -> JsonObject:
        """Stores the object under a new resourceVersion, and tells. `body` must be the caller's own."""
        metadata = body["metadata"]
        revision = self.next_revision()
        metadata["resourceVersion"] = str(revision)
        version = Version(body, revision)
        old = self.shelf(family).put(metadata.get("namespace", ""), metadata["name"], version)
        self._reindex(old, version)
        self._tell(family, Change(EventType.MODIFIED if old else EventType.ADDED, version, old))
        return body

    def remove(self, family: Family, namespace: str, name: str) -> JsonObject:
        """Takes the object out, and tells."""
        old = self.shelf(family).take(namespace, name)
        revision = self.next_revision()
        body = old.body | {"metadata": old.body["metadata"] | {"resourceVersion": str(revision)}}
        self._reindex(old, None)
        self._tell(family, Change(EventType.DELETED, Version(body, revision), old))
        return body

    def _reindex(self, old: Version | None, new: Version | None) -> None:
        before = _owner_uids(old.body) if old else ()
        after = _owner_uids(new.body) if new else ()
        for uid in before:
            if uid not in after and old is not None:
                owned = self._owned.get(uid, {})
                owned.pop(old.body["metadata"]["uid"], None)
                if not owned:
                    self._owned.pop(uid, None)
        if new is not None:
            for uid in after:
                self._owned.setdefault(uid, {})[new.body["metadata"]["uid"]] = new

    def _tell(self, family: Family, change: Change) -> None:
        shelf = self.shelf(family)
        shelf.log.append(change)
        if len(shelf.log) > 2 * LOG_LENGTH:
            self._shorten(shelf, LOG_LENGTH)
        for watcher in list(shelf.watchers.values()):
            watcher(change)
        event = StoreEvent(change.type, change.version.body, change.old.body if change.old else None)
        for listener in list(self._listeners.values()):
            listener(event)

    def _shorten(self, shelf: Shelf, keep: int) -> None:
        cut = len(shelf.log) - keep
        if cut > 0:
            shelf.compacted = shelf.log[cut - 1].revision
            del shelf.log[:cut]

    def compact(self) -> None:
        """Forgets every log: whoever resumes from an older resourceVersion gets 410."""
        for shelf in self._shelves.values():
            shelf.log.clear()
            shelf.compacted = self.revision

    def changes_since(self, family: Family, revision: int) -> list[Change]:
        """What happened after `revision`. Raises ExpiredError when that is no longer known."""
        shelf = self.shelf(family)
        if revision < shelf.compacted:
            raise ExpiredError(f"too old resource version: {revision} ({shelf.compacted})")
        return shelf.log[bisect_right(shelf.log, revision, key=lambda change: change.revision) :]

    def watch(self, family: Family, callback: Callable[[Change], None]) -> Unsubscribe:
        return _subscribe(self.shelf(family).watchers, self._new_id(), callback)

    def listen(self, callback: Callable[[StoreEvent], None]) -> Unsubscribe:
        return _subscribe(self._listeners, self._new_id(), callback)

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def resume(self, revision: int) -> None:
        """Goes on from the revision of a snapshot; nobody can resume a watch from before."""
        self.revision = max(self.revision, revision)
        self.compact()

    def restore(self, family: Family, body: JsonObject) -> None:
        """Puts an object of a snapshot back as it was; tells nobody."""
        metadata = body["metadata"]
        version = Version(body, int(metadata["resourceVersion"]))
        self.shelf(family).put(metadata.get("namespace", ""), metadata["name"], version)
        self._reindex(None, version)


def _owner_uids(body: JsonObject) -> tuple[str, ...]:
    owners = body["metadata"].get("ownerReferences")
    return tuple(owner["uid"] for owner in owners) if owners else ()


def _subscribe(targets: dict[int, Callable[[_Told], None]], key: int, callback: Callable[[_Told], None]) -> Unsubscribe:
    targets[key] = callback

    def unsubscribe() -> None:
        targets.pop(key, None)

    return unsubscribe
