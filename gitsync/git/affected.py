"""Which applications a set of changed paths concerns: an index of closures by path. Pure.

The cost of a question is that of the changed paths and their depth; how many applications there are does not matter.
"""

import enum
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gitsync.git.closure import Closure, EntryKind
from gitsync.git.listing import is_manifest_name

Key = TypeVar("Key", bound=Hashable)


class ChangeKind(enum.Enum):
    """REPLACED: the path is something else now, such as a link instead of a file."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class PathChange:
    """One file or link that differs between two trees."""

    path: str
    kind: ChangeKind


ChangedPaths = tuple[PathChange, ...]


@dataclass(slots=True)
class _Node:
    """One path. `readers`: who read what is at this path, by the kind of reading."""

    children: "dict[str, _Node]" = field(default_factory=dict)
    readers: "dict[EntryKind, set[Hashable]]" = field(default_factory=dict)

    def of(self, kind: EntryKind) -> "Iterable[Hashable]":
        return self.readers.get(kind, ())


class AffectedIndex(Generic[Key]):
    """Closures by path. One per repository and followed ref."""

    def __init__(self) -> None:
        self._root = _Node()
        self._closures: dict[Key, Closure] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._closures

    def __len__(self) -> int:
        return len(self._closures)

    def put(self, key: Key, closure: Closure) -> None:
        """`key` reads what the closure names, and nothing of what it read before."""
        if self._closures.get(key) == closure:
            return
        self.remove(key)
        self._closures[key] = closure
        for entry in closure.entries:
            node = self._root
            for name in _names(entry.path):
                node = node.children.setdefault(name, _Node())
            node.readers.setdefault(entry.kind, set()).add(key)

    def remove(self, key: Key) -> None:
        """Forgets `key`; unknown keys are no error."""
        closure = self._closures.pop(key, None)
        for entry in closure.entries if closure else ():
            self._forget(key, entry.kind, _names(entry.path))

    def affected(self, changed: Iterable[PathChange]) -> set[Key]:
        """Everyone whose closure names something that changed."""
        found: set[Hashable] = set()
        for change in changed:
            for readers in self._readers(change):
                found.update(readers)
        return found  # type: ignore[return-value]  # nodes hold nothing but keys

    def _readers(self, change: PathChange) -> Iterator[Iterable[Hashable]]:
        names = _names(change.path)
        relists = change.kind is not ChangeKind.MODIFIED and is_manifest_name(names[-1])
        node: _Node | None = self._root
        for depth, name in enumerate(names):
            assert node is not None
            yield node.of(EntryKind.TREE)
            yield node.of(EntryKind.ABSENT)
            if relists:
                yield node.of(EntryKind.LISTING_BELOW)
                if depth == len(names) - 1:
                    yield node.of(EntryKind.LISTING)
            node = node.children.get(name)
            if node is None:
                return
        assert node is not None
        yield from node.readers.values()

    def _forget(self, key: Key, kind: EntryKind, names: tuple[str, ...]) -> None:
        trail = [self._root]
        for name in names:
            trail.append(trail[-1].children[name])
        readers = trail[-1].readers[kind]
        readers.discard(key)
        if not readers:
            del trail[-1].readers[kind]
        for parent, name in zip(reversed(trail[:-1]), reversed(names), strict=True):
            child = parent.children[name]
            if child.children or child.readers:
                break
            del parent.children[name]


def _names(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")) if path else ()
