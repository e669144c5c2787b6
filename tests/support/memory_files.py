"""Files of a commit that exists in memory only: paths and contents, where `link:<target>` makes a symbolic link."""

import hashlib
from collections.abc import Mapping

from gitsync.git.tree import Entry, EntryType

LINK = "link:"
_Tree = dict[str, "str | _Tree"]


class MemoryFiles:
    """`gitsync.git.tree.Files`, with ids that stand for content as Git's do."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._blobs: dict[str, bytes] = {}
        self._trees: dict[str, list[Entry]] = {}
        top: _Tree = {}
        for path, text in files.items():
            here = top
            *directories, name = path.split("/")
            for directory in directories:
                inner = here.setdefault(directory, {})
                assert isinstance(inner, dict), f"{path} lies in a file"
                here = inner
            here[name] = text
        self._root = Entry("", EntryType.TREE, self._add(top))

    def root(self) -> Entry:
        return self._root

    def child(self, tree_id: str, name: str) -> Entry | None:
        return next((entry for entry in self._trees[tree_id] if entry.name == name), None)

    def children(self, tree_id: str) -> list[Entry]:
        return list(self._trees[tree_id])

    def size(self, blob_id: str) -> int:
        return len(self._blobs[blob_id])

    def read(self, blob_id: str) -> bytes:
        return self._blobs[blob_id]

    def _add(self, tree: _Tree) -> str:
        entries = []
        for name, content in sorted(tree.items()):
            if isinstance(content, dict):
                entries.append(Entry(name, EntryType.TREE, self._add(content)))
                continue
            kind = EntryType.LINK if content.startswith(LINK) else EntryType.BLOB
            raw = content.removeprefix(LINK).encode()
            blob_id = hashlib.sha1(raw).hexdigest()
            self._blobs[blob_id] = raw
            entries.append(Entry(name, kind, blob_id))
        tree_id = hashlib.sha1(repr(entries).encode()).hexdigest()
        self._trees[tree_id] = entries
        return tree_id
