"""Rendering a directory on disk, for `argosy inspect render`: what would this say if it were pushed?"""

from pathlib import Path

from gitsync.git.tree import Entry, EntryType
from gitsync.manifest.parse import ParsedDocument
from gitsync.render.detect import refuse_unsupported
from gitsync.render.directory import Reading, RenderLimits, read_directory
from gitsync.render.parsed_files import parse_file
from model.kinds.application import ApplicationSource

_DEFAULT_LIMITS = RenderLimits()


class LocalFiles:
    """`gitsync.git.tree.Files` of a directory on disk. Ids are paths: they stand for content only while nothing
    changes, so closures made from them are for showing."""

    def __init__(self, top: Path) -> None:
        self._top = top

    def root(self) -> Entry:
        return Entry("", EntryType.TREE, ".")

    def child(self, tree_id: str, name: str) -> Entry | None:
        path = self._top / tree_id / name
        if path.is_symlink():
            return Entry(name, EntryType.LINK, f"{tree_id}/{name}")
        if path.is_dir():
            return Entry(name, EntryType.TREE, f"{tree_id}/{name}")
        return Entry(name, EntryType.BLOB, f"{tree_id}/{name}") if path.is_file() else None

    def children(self, tree_id: str) -> list[Entry]:
        names = sorted(path.name for path in (self._top / tree_id).iterdir() if path.name != ".git")
        return [entry for name in names if (entry := self.child(tree_id, name)) is not None]

    def size(self, blob_id: str) -> int:
        return (self._top / blob_id).stat().st_size

    def read(self, blob_id: str) -> bytes:
        path = self._top / blob_id
        return str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()


def read_local(directory: Path, source: ApplicationSource, *, limits: RenderLimits = _DEFAULT_LIMITS) -> Reading:
    """What the source reads, if `directory` is the top of its repository."""
    refuse_unsupported(source)
    return read_directory(LocalFiles(directory), source, limits=limits)


def render_local(
    directory: Path, source: ApplicationSource, *, limits: RenderLimits = _DEFAULT_LIMITS
) -> tuple[ParsedDocument, ...]:
    """The manifests of the source, if `directory` is the top of its repository."""
    reading = read_local(directory, source, limits=limits)
    return tuple(document for file in reading.files for document in parse_file(file))
