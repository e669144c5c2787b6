"""Collects what a program is to see of a repository, and what was looked at to find that out.

Symbolic links are never handed on: what they lead to stands in their place, and a link that leads out is an error.
Runs in the owner thread of a mirror.
"""

from gitsync.git.closure import ClosureEntry, EntryKind, blob_id
from gitsync.git.tree import Entry, EntryType, Files, Found, clean_path, find
from gitsync.render.errors import SourceTooLarge

_MAX_DEPTH = 64


class Gathering:
    """`tree`: content by path from the top of the repository. `entries`: the closure.

    `names_only` reads no file: for finding out which there are.
    """

    def __init__(self, files: Files, *, max_bytes: int, max_files: int, names_only: bool = False) -> None:
        self.files = files
        self.entries: set[ClosureEntry] = set()
        self.tree: dict[str, bytes] = {}
        self.max_bytes = max_bytes
        self.max_files = max_files
        self._bytes = 0
        self._names_only = names_only

    def find(self, path: str) -> Found:
        """What is at a path. Raises PathRefused. Nothing there is remembered too."""
        found = find(self.files, clean_path(path))
        self.entries |= {
            ClosureEntry(EntryKind.BLOB, link.path, blob_id(Entry("", EntryType.LINK, link.id))) for link in found.links
        }
        if found.entry is None:
            self.entries.add(ClosureEntry(EntryKind.ABSENT, found.path))
        return found

    def file(self, path: str) -> bytes | None:
        """Content of a file, which the program sees at this path; None if there is no such file."""
        found = self.find(path)
        if found.entry is None or found.entry.type is not EntryType.BLOB:
            return None
        self.entries.add(ClosureEntry(EntryKind.BLOB, found.path, found.entry.id))
        return self._keep(clean_path(path), found.entry)

    def directory(self, path: str) -> bool:
        """Everything in a directory and beneath; False if there is none."""
        found = self.find(path)
        if found.entry is None or found.entry.type is not EntryType.TREE:
            return False
        self.entries.add(ClosureEntry(EntryKind.TREE, found.path, found.entry.id))
        self._walk(clean_path(path), found.path, found.entry.id, (found.entry.id,))
        return True

    def _walk(self, shown: str, path: str, tree_id: str, above: tuple[str, ...]) -> None:
        """`shown` is where the program sees it. Links to a directory above would have no end and are left out."""
        if len(above) > _MAX_DEPTH:
            raise SourceTooLarge(
                f"directories are nested too deep at {path:.200}", suggestion="Flatten the directory of the source."
            )
        for entry in self.files.children(tree_id):
            place, target, target_path = _join(shown, entry.name), entry, _join(path, entry.name)
            if entry.type is EntryType.LINK:
                found = self.find(target_path)
                if found.entry is None:
                    continue
                target, target_path = found.entry, found.path
                kind = EntryKind.TREE if target.type is EntryType.TREE else EntryKind.BLOB
                self.entries.add(ClosureEntry(kind, target_path, target.id))
            if target.type is EntryType.BLOB:
                self._keep(place, target)
            elif target.type is EntryType.TREE and target.id not in above:
                self._walk(place, target_path, target.id, (*above, target.id))

    def _keep(self, path: str, entry: Entry) -> bytes:
        known = self.tree.get(path)
        if known is not None:
            return known
        if self._names_only:
            self.tree[path] = b""
            return b""
        self._bytes += self.files.size(entry.id)
        if self._bytes > self.max_bytes or len(self.tree) >= self.max_files:
            raise SourceTooLarge(
                f"the source reads more than the {self.max_bytes} bytes or {self.max_files} files that are allowed,"
                f" reached at {path:.200}",
                suggestion="Narrow what the source reads, or split the application.",
            )
        self.tree[path] = self.files.read(entry.id)
        return self.tree[path]


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name
