"""Reading a directory of plain manifests: which files, through which links, and what was looked at.

Runs in the owner thread of a mirror: it reads and decides, and leaves parsing to others.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gitsync.git.closure import ClosureEntry, EntryKind, blob_id
from gitsync.git.listing import ListedFile, list_manifests, listing_id
from gitsync.git.tree import Entry, EntryType, Files, Found, find
from gitsync.render.errors import SourceTooLarge
from gitsync.render.glob import compile_glob
from gitsync.render.program import ProgramLimits
from model.kinds.application import DirectoryOptions


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """`max_bytes` is over all manifest files of one source; `tree_bytes` over all that a program is given to see."""

    max_bytes: int = 10_000_000
    max_files: int = 20_000
    tree_bytes: int = 200_000_000
    program: ProgramLimits = field(default_factory=ProgramLimits)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be parsed. `path` is the one that people know it by, which may be a link to the content.

    `is_json`: it has to be one JSON object, as its name says.
    """

    path: str
    blob: str
    data: bytes
    is_json: bool = False


def read_plain(
    files: Files,
    path: str,
    tree_id: str,
    options: DirectoryOptions,
    entries: set[ClosureEntry],
    limits: RenderLimits,
) -> tuple[SourceFile, ...]:
    """The manifest files of a directory; what was read for them is added to `entries`."""
    every = options.disable_extension_filter
    listed = list_manifests(files, path, tree_id, below=options.recurse, any_name=every)
    if every or not listed:
        # Git has no empty directories: if nothing here is a manifest, even the last other file may take it away.
        entries.add(_tree(path, Entry("", EntryType.TREE, tree_id)))
    else:
        kind = EntryKind.LISTING_BELOW if options.recurse else EntryKind.LISTING
        entries.add(ClosureEntry(kind, path, listing_id(listed)))
    chosen = _chosen(listed, path, options)
    targets = [(file.path, target) for file in chosen if (target := _target(files, file, entries)) is not None]
    return read_files(files, targets, limits, by_name=not every)


def read_files(
    files: Files, targets: list[tuple[str, Entry]], limits: RenderLimits, *, by_name: bool = False
) -> tuple[SourceFile, ...]:
    """`by_name`: a file has to be what it is called. Raises SourceTooLarge before anything is read."""
    _check_size(files, targets, limits)
    return tuple(
        SourceFile(shown, entry.id, files.read(entry.id), is_json=by_name and shown.endswith(".json"))
        for shown, entry in targets
    )


def is_jsonnet(path: str) -> bool:
    return path.endswith(".jsonnet")


def links_of(found: Found) -> set[ClosureEntry]:
    """The links on the way to a file, which are part of what was read."""
    return {
        ClosureEntry(EntryKind.BLOB, link.path, blob_id(Entry("", EntryType.LINK, link.id))) for link in found.links
    }


def _chosen(listed: list[ListedFile], top: str, options: DirectoryOptions) -> list[ListedFile]:
    selects = selector(options)
    return [file for file in listed if selects(file.path.removeprefix(f"{top}/") if top else file.path)]


def selector(options: DirectoryOptions) -> Callable[[str], bool]:
    excluded = compile_glob(options.exclude) if options.exclude else lambda _: False
    included = compile_glob(options.include) if options.include else lambda _: True
    return lambda path: not excluded(path) and included(path)


def _target(files: Files, file: ListedFile, entries: set[ClosureEntry]) -> Entry | None:
    """The file itself or what its link leads to; None for a link to nothing or to a directory, which is passed over."""
    if file.entry.type is EntryType.BLOB:
        entries.add(ClosureEntry(EntryKind.BLOB, file.path, file.entry.id))
        return file.entry
    found = find(files, file.path)
    entries |= links_of(found)
    if found.entry is None:
        entries.add(ClosureEntry(EntryKind.ABSENT, found.path))
        return None
    if found.entry.type is EntryType.BLOB:
        entries.add(ClosureEntry(EntryKind.BLOB, found.path, found.entry.id))
        return found.entry
    entries.add(_tree(found.path, found.entry))
    return None


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
        total += 0 if is_jsonnet(path) else files.size(entry.id)
        if total > limits.max_bytes:
            raise SourceTooLarge(
                f"the manifest files of the source have more than the {limits.max_bytes} bytes that are allowed,"
                f" reached at {path}",
                suggestion="Split the application, or narrow directory.include.",
            )
