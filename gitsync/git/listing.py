"""Which files of a directory may be manifests. One rule for renderers, for closures and for the affected set."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitsync.git.tree import Entry, EntryType, Files

_EXTENSIONS = (".yaml", ".yml", ".json", ".jsonnet")


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file or symbolic link by its path from the top of the repository."""

    path: str
    entry: Entry


def is_manifest_name(name: str) -> bool:
    return name.endswith(_EXTENSIONS)


def list_manifests(files: Files, path: str, tree_id: str, *, below: bool, any_name: bool = False) -> list[ListedFile]:
    """Files and links with a manifest's name in a directory; `below`: at any depth.

    They come as a walk meets them that takes files and directories by name: `in/x.yaml` before `in.yaml`.
    """
    found = _walk(files, path, tree_id, below)
    wanted = (one for one in found if any_name or is_manifest_name(one.path))
    return sorted(wanted, key=lambda listed: listed.path.split("/"))


def _walk(files: Files, path: str, tree_id: str, below: bool) -> Iterator[ListedFile]:
    todo = [(path, tree_id)]
    while todo:
        here, here_id = todo.pop()
        for entry in files.children(here_id):
            place = f"{here}/{entry.name}" if here else entry.name
            if entry.type is EntryType.TREE:
                if below:
                    todo.append((place, entry.id))
            elif entry.type is not EntryType.SUBMODULE:
                yield ListedFile(place, entry)


def listing_id(listed: Iterable[ListedFile]) -> str:
    """Stands for which names there are and which of them are links; not for what is in them."""
    names = "\0".join(f"{file.entry.type.value} {file.path}" for file in listed)
    return hashlib.blake2b(names.encode(errors="surrogateescape"), digest_size=16).hexdigest()
