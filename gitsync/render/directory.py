"""Reading a directory of plain manifests: which files, through which links, and what was looked at.

Runs in the owner thread of a mirror: it reads and decides, and leaves parsing to others.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gitsync.git.closure import Closure, ClosureEntry, EntryKind, blob_id, closure_of
from gitsync.git.errors import PathNotFound
from gitsync.git.listing import ListedFile, list_manifests, listing_id
from gitsync.git.tree import Entry, EntryType, Files, Found, clean_path, find
from gitsync.render.detect import detect, refuse_jsonnet
from gitsync.render.errors import SourceTooLarge
from gitsync.render.glob import compile_glob
from model.kinds.application import ApplicationSource, DirectoryOptions


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """`max_bytes` is over all files of one source."""

    max_bytes: int = 10_000_000
    max_files: int = 20_000


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be parsed. `path` is the one that people know it by, which may be a link to the content."""

    path: str
    blob: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source consists of in one commit."""

    files: tuple[SourceFile, ...]
    closure: Closure


def read_directory(files: Files, source: ApplicationSource, *, limits: RenderLimits) -> Reading:
    """The manifest files of a source. Raises PathNotFound, PathRefused and RenderErrors."""
    path = clean_path(source.path)
    found = find(files, path)
    if found.entry is None or found.entry.type is not EntryType.TREE:
        raise PathNotFound(
            f"there is no directory {path!r:.200} in the repository",
            suggestion="Correct the path of the source, or the revision.",
        )
    options = source.directory or DirectoryOptions()
    detected = detect(files, found.path, found.entry.id, source)
    entries = _links(found) | detected.looked
    if detected.kustomization is not None:
        return _read(files, detected.kustomization, entries, found.path, limits)
    listed = list_manifests(files, found.path, found.entry.id, below=options.recurse)
    if not listed:
        # Git has no empty directories: if nothing here is a manifest, even the last other file may take it away.
        return Reading((), closure_of(files, entries | {_tree(found.path, found.entry)}, found.path))
    kind = EntryKind.LISTING_BELOW if options.recurse else EntryKind.LISTING
    entries.add(ClosureEntry(kind, found.path, listing_id(listed)))
    chosen = _chosen(listed, found.path, options)
    targets = [(file.path, target) for file in chosen if (target := _target(files, file, entries)) is not None]
    return _read(files, targets, entries, found.path, limits)


def _read(
    files: Files, targets: list[tuple[str, Entry]], entries: set[ClosureEntry], scope: str, limits: RenderLimits
) -> Reading:
    _check_size(files, targets, limits)
    sources = tuple(SourceFile(shown, entry.id, files.read(entry.id)) for shown, entry in targets)
    return Reading(sources, closure_of(files, entries, scope))


def _chosen(listed: list[ListedFile], top: str, options: DirectoryOptions) -> list[ListedFile]:
    selects = _selector(options)
    chosen = [file for file in listed if selects(file.path.removeprefix(f"{top}/") if top else file.path)]
    for file in chosen:
        if file.path.endswith(".jsonnet"):
            raise refuse_jsonnet(file.path)
    return chosen


def _selector(options: DirectoryOptions) -> Callable[[str], bool]:
    excluded = compile_glob(options.exclude) if options.exclude else lambda _: False
    included = compile_glob(options.include) if options.include else lambda _: True
    return lambda path: not excluded(path) and included(path)


def _target(files: Files, file: ListedFile, entries: set[ClosureEntry]) -> Entry | None:
    """The file itself or what its link leads to; None for a link to nothing or to a directory, which is passed over."""
    if file.entry.type is EntryType.BLOB:
        entries.add(ClosureEntry(EntryKind.BLOB, file.path, file.entry.id))
        return file.entry
    found = find(files, file.path)
    entries |= _links(found)
    if found.entry is None:
        entries.add(ClosureEntry(EntryKind.ABSENT, found.path))
        return None
    if found.entry.type is EntryType.BLOB:
        entries.add(ClosureEntry(EntryKind.BLOB, found.path, found.entry.id))
        return found.entry
    entries.add(_tree(found.path, found.entry))
    return None


def _links(found: Found) -> set[ClosureEntry]:
    return {
        ClosureEntry(EntryKind.BLOB, link.path, blob_id(Entry("", EntryType.LINK, link.id))) for link in found.links
    }


def _tree(path: str, entry: Entry) -> ClosureEntry:
    return ClosureEntry(EntryKind.TREE, path, entry.id)


def _check_size(files: Files, targets: list[tuple[str, Entry]], limits: RenderLimits) -> None:
    if len(targets) > limits.max_files:
        raise SourceTooLarge(
            f"the source has {len(targets)} manifest files, more than the {limits.max_files} that are allowed",
            suggestion="Split the application, or narrow directory.include.",
        )
    total = 0
    for path, entry in targets:
        total += files.size(entry.id)
        if total > limits.max_bytes:
            raise SourceTooLarge(
                f"the manifest files of the source have more than the {limits.max_bytes} bytes that are allowed,"
                f" reached at {path}",
                suggestion="Split the application, or narrow directory.include.",
            )
