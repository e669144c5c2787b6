"""The closure of a render: what was read of a repository to make it, no more and no less.

Two uses. A closure whose ids are all the same in another commit renders to the same manifests. And a commit concerns an
application only if it changes something that the closure names.
"""

import enum
import hashlib
from collections.abc import Sequence

import msgspec

from gitsync.git.listing import list_manifests, listing_id
from gitsync.git.tree import Entry, EntryType, Files


class EntryKind(enum.StrEnum):
    """BLOB: content of a file, or target of a symbolic link. ABSENT: there was nothing of that name. LISTING: names of
    manifests in a directory; LISTING_BELOW: in it and all beneath. TREE: everything beneath, the widest of them."""

    BLOB = "blob"
    ABSENT = "absent"
    LISTING = "listing"
    LISTING_BELOW = "below"
    TREE = "tree"


class ClosureEntry(msgspec.Struct, frozen=True, array_like=True, order=True):
    """`path` is from the top of the repository and leads through no link. `id` is "" for what is absent."""

    kind: EntryKind
    path: str
    id: str = ""


class Closure(msgspec.Struct, frozen=True, array_like=True):
    """`scope` is a directory that all entries lie in, with its tree id: if that is the same, so is every entry."""

    entries: tuple[ClosureEntry, ...]
    scope: str = ""
    scope_id: str = ""

    def digest(self) -> str:
        """Equal for equal entries, whatever else changed around them."""
        return hashlib.blake2b(msgspec.msgpack.encode(self.entries), digest_size=16).hexdigest()


def closure_of(files: Files, entries: set[ClosureEntry], scope: str) -> Closure:
    """`scope` helps only if everything lies in it; otherwise it is left out."""
    inside = all(entry.path == scope or entry.path.startswith(f"{scope}/") for entry in entries) if scope else True
    scope_id = _tree_id(_at(files, scope)) if inside else ""
    return Closure(tuple(sorted(entries)), scope if scope_id else "", scope_id)


def union(closures: Sequence[Closure]) -> Closure:
    """What several closures of the same commit name, once each."""
    named = [closure for closure in closures if closure.entries]
    if len(named) <= 1:
        return named[0] if named else Closure(())
    return Closure(tuple(sorted({entry for closure in named for entry in closure.entries})))


def tree_closure(files: Files, path: str) -> Closure:
    """Everything at a path: for what is read in ways that cannot be told exactly, and for paths that do not exist."""
    return Closure((ClosureEntry(EntryKind.TREE, path, _tree_id(_at(files, path))),))


def holds(closure: Closure, files: Files) -> bool:
    """Whether all that the closure names is the same in these files."""
    if closure.scope_id and _tree_id(_at(files, closure.scope)) == closure.scope_id:
        return True
    return all(_current_id(entry, files) == entry.id for entry in closure.entries)


def blob_id(entry: Entry) -> str:
    """Id of a file in closures. A link and a file of the same bytes are not the same."""
    return f"link {entry.id}" if entry.type is EntryType.LINK else entry.id


def _current_id(expected: ClosureEntry, files: Files) -> str | None:
    entry = _at(files, expected.path)
    match expected.kind:
        case EntryKind.BLOB:
            return blob_id(entry) if entry is not None and _is_file(entry) else None
        case EntryKind.ABSENT:
            return "" if entry is None else None
        case EntryKind.TREE:
            return _tree_id(entry)
        case EntryKind.LISTING | EntryKind.LISTING_BELOW:
            if entry is None or entry.type is not EntryType.TREE:
                return None
            below = expected.kind is EntryKind.LISTING_BELOW
            return listing_id(list_manifests(files, expected.path, entry.id, below=below))


def _at(files: Files, path: str) -> Entry | None:
    """The entry at a path that leads through no link, since that is what closures hold."""
    entry: Entry | None = files.root()
    for name in path.split("/") if path else ():
        if entry is None or entry.type is not EntryType.TREE:
            return None
        entry = files.child(entry.id, name)
    return entry


def _is_file(entry: Entry | None) -> bool:
    return entry is not None and entry.type in (EntryType.BLOB, EntryType.LINK)


def _tree_id(entry: Entry | None) -> str:
    return entry.id if entry is not None and entry.type is EntryType.TREE else ""
