"""Bases of a kustomization in other repositories: parsed here, fetched as mirrors, and given to kustomize as files.

So no program needs a network, a push to such a repository concerns exactly those who read what it changed, and the
project decides which repositories may be read.
"""

import hashlib
import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

import msgspec

from gitsync.git.closure import Closure, closure_of
from gitsync.git.tree import Files, clean_path
from gitsync.render.errors import SourceInvalid
from gitsync.render.gathering import Gathering

MAX_BASES = 50
_MARK = "base "
_FILES = (".yaml", ".yml", ".json")
_LISTS = ("resources", "bases", "components")


@dataclass(frozen=True, slots=True)
class BaseAddress:
    """A directory of another repository; `revision` "" is its default branch."""

    url: str
    path: str = ""
    revision: str = ""

    @property
    def ref(self) -> str:
        """How closures name the repository and the revision."""
        return f"{_MARK}{self.url} {self.revision}"

    @property
    def folder(self) -> str:
        """Where kustomize finds the repository."""
        return f".argosy-bases/{hashlib.blake2b(self.ref.encode(), digest_size=8).hexdigest()}"


@dataclass(frozen=True, slots=True)
class BaseUse:
    """The kustomization in `directory` names the base as `name`."""

    directory: str
    name: str
    base: BaseAddress


@dataclass(frozen=True, slots=True)
class BaseFiles:
    """What of a base's repository is read: content by path, and further bases."""

    tree: Mapping[str, bytes]
    closure: Closure
    uses: tuple[BaseUse, ...]


def base_of_ref(ref: str) -> BaseAddress | None:
    """The repository that a closure's `ref` means; None: it is that of another source."""
    if not ref.startswith(_MARK):
        return None
    url, _, revision = ref.removeprefix(_MARK).partition(" ")
    return BaseAddress(url, "", revision)


def parse_base(name: str) -> BaseAddress | None:
    """A base as kustomize spells it; None for what is none, such as a single file on a server."""
    address, _, query = name.removeprefix("git::").partition("?")
    options = parse_qs(query)
    revision = next(iter(options.get("ref") or options.get("version") or ()), "")
    scheme, separated, rest = address.partition("://")
    if not separated:
        scheme, rest = ("ssh", address.replace(":", "/", 1)) if "@" in address else ("https", address)
    if scheme not in ("https", "http", "ssh") or (rest.endswith(_FILES) and not revision and "//" not in rest):
        return None
    host, _, path = rest.partition("/")
    repository, inside = _split(path)
    if not host or not repository:
        return None
    return BaseAddress(f"{scheme}://{host}/{repository}", inside.strip("/"), revision)


def _split(path: str) -> tuple[str, str]:
    """Repository and directory in it: parted by `//`, by `.git`, or after owner and name."""
    repository, parted, inside = path.partition("//")
    if parted:
        return repository, inside
    before, ended, after = f"{path}/".partition(".git/")
    if ended:
        return f"{before}.git", after
    parts = path.strip("/").split("/")
    return "/".join(parts[:2]), "/".join(parts[2:])


def gather_base(
    files: Files,
    base: BaseAddress,
    walk: Callable[[Gathering, str], Sequence[BaseUse]],
    *,
    max_bytes: int,
    max_files: int,
) -> BaseFiles:
    """What `walk` reads of the base. Runs in the owner thread of the other repository's mirror."""
    gathering = Gathering(files, max_bytes=max_bytes, max_files=max_files)
    path = clean_path(base.path)
    uses = walk(gathering, path)
    if not gathering.tree:
        raise SourceInvalid(
            f"{base.url} has no kustomization in {base.path!r:.200}",
            suggestion="Correct the base in the kustomization, or its ref.",
        )
    tree = {f"{base.folder}/{place}": data for place, data in gathering.tree.items()}
    moved = tuple(replace(one, directory=f"{base.folder}/{one.directory}".rstrip("/")) for one in uses)
    return BaseFiles(tree, closure_of(files, gathering.entries, ""), moved)


def pointed_at(body: Mapping[str, Any], use: BaseUse) -> bytes:
    """The kustomization with the base as a directory beside it."""
    place = posixpath.relpath(f"{use.base.folder}/{use.base.path}".rstrip("/"), use.directory or ".")
    edited = dict(body)
    for field in _LISTS:
        if isinstance(edited.get(field), list):
            edited[field] = [place if one == use.name else one for one in edited[field]]
    return msgspec.json.format(msgspec.json.encode(edited), indent=1)
