"""What a Git host says its refs are, and which commit a revision of an Application means. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_FULL = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT = re.compile(r"[0-9a-f]{4,39}")
HEAD = "HEAD"


@dataclass(frozen=True, slots=True)
class RefListing:
    """All refs with the commits they lead to (annotated tags already followed); `default_branch` is a full name."""

    refs: Mapping[str, str]
    default_branch: str = ""


@dataclass(frozen=True, slots=True)
class RefMove:
    """A ref that was created (`old` None), moved, or deleted (`new` None)."""

    ref: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class RefsMoved:
    """Refs of one repository moved. `recovered`: it can be read again after it could not; `moves` may be empty then."""

    url: str
    moves: tuple[RefMove, ...]
    recovered: bool = False


def is_full_commit(revision: str) -> bool:
    return _FULL.fullmatch(revision) is not None


def is_short_commit(revision: str) -> bool:
    return _SHORT.fullmatch(revision) is not None


def ref_of(revision: str, refs: Mapping[str, str]) -> str | None:
    """The ref that a revision names: HEAD, a full name, a tag or a branch. A tag wins over a branch, as in git."""
    if revision in ("", HEAD):
        return HEAD if HEAD in refs else None
    candidates = (revision,) if revision.startswith("refs/") else (f"refs/tags/{revision}", f"refs/heads/{revision}")
    return next((ref for ref in candidates if ref in refs), None)


def moves_between(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[RefMove, ...]:
    """Every ref that is not the same in both."""
    changed = [RefMove(ref, old.get(ref), commit) for ref, commit in new.items() if old.get(ref) != commit]
    return (*changed, *(RefMove(ref, commit, None) for ref, commit in old.items() if ref not in new))
