"""Chart archives, unpacked into memory and never onto the disk: no links, devices or bombs, no paths that lead out."""

import gzip
import hashlib
import io
import posixpath
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from gitsync.git.tree import Entry, EntryType
from gitsync.render.errors import ChartUnavailable

_Tree = dict[str, "bytes | _Tree"]


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    packed_bytes: int = 20_000_000
    unpacked_bytes: int = 100_000_000
    files: int = 10_000


_DEFAULT_LIMITS = ArchiveLimits()


def unpack(archive: bytes, *, name: str, limits: ArchiveLimits = _DEFAULT_LIMITS) -> dict[str, bytes]:
    """Content by path below the chart's own directory. Raises ChartUnavailable."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(archive)) as inner:
            counted = _Counted(inner, name, limits.unpacked_bytes)
            with tarfile.open(fileobj=counted, mode="r|") as tar:
                return _members(tar, name, limits)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise _bad(name, "is no archive that can be unpacked") from error


def _members(tar: tarfile.TarFile, name: str, limits: ArchiveLimits) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for count, member in enumerate(tar):
        if count >= limits.files:
            raise _bad(name, f"has more than the {limits.files} files that are allowed")
        if member.isdir():
            continue
        path = posixpath.normpath(member.name)
        if not member.isreg():
            raise _bad(name, f"has {member.name!r:.200}, which is no ordinary file")
        if path.startswith(("/", "../")) or "\\" in path or "\0" in path:
            raise _bad(name, f"has the path {member.name!r:.200}, which leads out of it")
        content = tar.extractfile(member)
        assert content is not None
        inside = path.partition("/")[2]
        if inside:
            found[inside] = content.read()
    if "Chart.yaml" not in found:
        raise _bad(name, "has no Chart.yaml")
    return found


class _Counted(io.RawIOBase):
    """Reads up to a number of bytes, whatever an archive says of its sizes."""

    def __init__(self, inner: gzip.GzipFile, name: str, most: int) -> None:
        super().__init__()
        self._inner = inner
        self._name = name
        self._left = most

    def read(self, size: int = -1) -> bytes:
        data = self._inner.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise _bad(self._name, "unpacks to more bytes than are allowed")
        return data


def _bad(name: str, what: str) -> ChartUnavailable:
    return ChartUnavailable(f"the archive of chart {name} {what}", suggestion="Use another version of the chart.")


class ArchiveFiles:
    """`gitsync.git.tree.Files` of an archive. Ids stand for content."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._blobs: dict[str, bytes] = {}
        self._trees: dict[str, dict[str, Entry]] = {}
        top: _Tree = {}
        for path, data in files.items():
            here = top
            *directories, name = path.split("/")
            for directory in directories:
                inner = here.setdefault(directory, {})
                if not isinstance(inner, dict):
                    inner = here[directory] = {}
                here = inner
            here[name] = data
        self._root = Entry("", EntryType.TREE, self._add(top))

    def root(self) -> Entry:
        return self._root

    def child(self, tree_id: str, name: str) -> Entry | None:
        return self._trees[tree_id].get(name)

    def children(self, tree_id: str) -> list[Entry]:
        return list(self._trees[tree_id].values())

    def size(self, blob_id: str) -> int:
        return len(self._blobs[blob_id])

    def read(self, blob_id: str) -> bytes:
        return self._blobs[blob_id]

    def _add(self, tree: _Tree) -> str:
        entries = {}
        for name, content in sorted(tree.items()):
            if isinstance(content, dict):
                entries[name] = Entry(name, EntryType.TREE, self._add(content))
                continue
            blob_id = hashlib.blake2b(content, digest_size=20).hexdigest()
            self._blobs[blob_id] = content
            entries[name] = Entry(name, EntryType.BLOB, blob_id)
        tree_id = hashlib.blake2b(repr(entries).encode(), digest_size=20).hexdigest()
        self._trees[tree_id] = entries
        return tree_id
