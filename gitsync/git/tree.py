"""Reading files of one commit, and walking paths in them without ever leaving the repository.

`Files` is what renderers read from: `CommitFiles` is a commit in a mirror, to be used in its owner thread only. Ids
stand for content: equal ids, equal content.
"""

import enum
import posixpath
from dataclasses import dataclass
from typing import Protocol

import pygit2
from pygit2.enums import FileMode

from gitsync.git.errors import MirrorDamaged, PathRefused

_MAX_LINKS = 40  # as many as Linux follows in one path


class EntryType(enum.Enum):
    TREE = "tree"
    BLOB = "blob"
    LINK = "link"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a directory."""

    name: str
    type: EntryType
    id: str


class Files(Protocol):
    """The files of one commit."""

    def root(self) -> Entry:
        """The top directory."""

    def child(self, tree_id: str, name: str) -> Entry | None:
        """The entry of that name in a directory."""

    def children(self, tree_id: str) -> list[Entry]:
        """All entries of a directory."""

    def size(self, blob_id: str) -> int:
        """Number of bytes of a file."""

    def read(self, blob_id: str) -> bytes:
        """Content of a file, or target of a symbolic link."""


class CommitFiles:
    """`Files` of a commit in a mirror. A missing object is damage, never an empty directory."""

    def __init__(self, repository: pygit2.Repository, commit: str) -> None:
        self._repository = repository
        self._root = Entry("", EntryType.TREE, str(self._object(commit).peel(pygit2.Tree).id))
        self._trees: dict[str, pygit2.Tree] = {}

    def root(self) -> Entry:
        return self._root

    def child(self, tree_id: str, name: str) -> Entry | None:
        tree = self._tree(tree_id)
        return _entry(tree[name]) if name in tree else None

    def children(self, tree_id: str) -> list[Entry]:
        return [_entry(item) for item in self._tree(tree_id)]

    def size(self, blob_id: str) -> int:
        try:
            _, size = self._repository.odb.read_header(pygit2.Oid(hex=blob_id))
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise _lacking(blob_id) from error
        return size

    def read(self, blob_id: str) -> bytes:
        return bytes(self._blob(blob_id).data)

    def _blob(self, blob_id: str) -> pygit2.Blob:
        blob = self._object(blob_id)
        assert isinstance(blob, pygit2.Blob), f"{blob_id} is no file"
        return blob

    def _tree(self, tree_id: str) -> pygit2.Tree:
        tree = self._trees.get(tree_id)
        if tree is None:
            loaded = self._object(tree_id)
            assert isinstance(loaded, pygit2.Tree), f"{tree_id} is no directory"
            tree = self._trees[tree_id] = loaded
        return tree

    def _object(self, object_id: str) -> pygit2.Object:
        try:
            return self._repository[object_id]
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise _lacking(object_id) from error


def _lacking(object_id: str) -> MirrorDamaged:
    return MirrorDamaged(
        f"the local copy of a repository lacks object {object_id}",
        suggestion="It is thrown away and fetched again; if this stays, check the disk of the runtime.",
    )


_TYPES = {
    FileMode.TREE: EntryType.TREE,
    FileMode.LINK: EntryType.LINK,
    FileMode.COMMIT: EntryType.SUBMODULE,
}


def _entry(item: pygit2.Object) -> Entry:
    return Entry(item.name or "", _TYPES.get(FileMode(item.filemode), EntryType.BLOB), str(item.id))


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link on the way to a file."""

    path: str
    id: str


@dataclass(frozen=True, slots=True)
class Found:
    """Where a path leads after all links. `entry` is None when there is nothing; `path` then is what is missing."""

    path: str
    entry: Entry | None
    links: tuple[Link, ...] = ()


def clean_path(path: str) -> str:
    """The path relative to the top of the repository, "" for the top. Raises PathRefused when it points above it."""
    cleaned = posixpath.normpath(path.replace("\\", "/").strip("/") or ".")
    if cleaned == ".." or cleaned.startswith("../") or "\0" in cleaned:
        raise PathRefused(
            f"the path {path!r:.200} leaves the repository", suggestion="Use a path inside the repository."
        )
    return "" if cleaned == "." else cleaned


def find(files: Files, path: str) -> Found:
    """Follows a path, through symbolic links too, inside the repository. Raises PathRefused where one leads out."""
    todo = [part for part in path.split("/") if part]
    walked: list[Entry] = [files.root()]
    links: list[Link] = []
    while todo:
        name = todo.pop(0)
        if name in (".", ".."):
            if name == ".." and len(walked) == 1:
                raise _leads_out(links, path)
            walked = walked[:-1] if name == ".." else walked
            continue
        here = "/".join([*(entry.name for entry in walked[1:]), name])
        parent = walked[-1]
        entry = files.child(parent.id, name) if parent.type is EntryType.TREE else None
        if entry is None:
            return Found(here, None, tuple(links))
        if entry.type is EntryType.LINK:
            links.append(Link(here, entry.id))
            todo = [*_target(files, entry, links, path), *todo]
            continue
        walked.append(entry)
    return Found("/".join(entry.name for entry in walked[1:]), walked[-1], tuple(links))


def _target(files: Files, link: Entry, links: list[Link], path: str) -> list[str]:
    target = files.read(link.id).decode(errors="surrogateescape")
    if target.startswith("/") or "\0" in target or len(links) > _MAX_LINKS:
        raise _leads_out(links, path)
    return [part for part in target.split("/") if part]


def _leads_out(links: list[Link], path: str) -> PathRefused:
    if not links:
        return PathRefused(f"the path {path!r:.200} leaves the repository", suggestion="Use a path inside it.")
    return PathRefused(
        f"the symbolic link {links[-1].path} leads out of the repository or in a circle",
        suggestion="Point the link at a file of this repository by a relative path, or remove it.",
    )
