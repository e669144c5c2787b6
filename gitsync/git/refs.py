"""What a Git host says its refs are, and which commit a revision of an Application means. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gitsync.git.semver import newest_in_range

_FULL = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT = re.compile(r"[0-9a-f]{4,39}")
HEAD = "HEAD"
_TAGS = "refs/tags/"


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


@dataclass(frozen=True, slots=True)
class TagRange:
    """A range of versions over the tags that begin with `prefix`, which is not part of the version."""

    revision: str
    prefix: str = ""

    @property
    def ref(self) -> str:
        """A name for its newest tag, to be followed like a ref. No host has a ref of such a name."""
        return f"range {self.revision} {self.prefix}".rstrip()


def tag_of(wanted: TagRange, refs: Mapping[str, str]) -> str | None:
    """The ref of the newest tag in a range of versions; None if this is no range, or no tag lies in it."""
    start = _TAGS + wanted.prefix
    tags = {ref.removeprefix(start): ref for ref in refs if ref.startswith(start)}
    newest = newest_in_range(tags, wanted.revision)
    return tags[newest] if newest is not None else None


def moves_of_ranges(
    ranges: Iterable[TagRange], old: Mapping[str, str], new: Mapping[str, str]
) -> tuple[tuple[RefMove, ...], tuple[str, ...]]:
    """Ranges that lead to another commit now, as moves of their names, and the tags that they lead to."""
    moves, tags = [], []
    for one in ranges:
        before, after = tag_of(one, old), tag_of(one, new)
        commits = old[before] if before else None, new[after] if after else None
        if commits[0] != commits[1]:
            moves.append(RefMove(one.ref, *commits))
            tags += [after] if after else []
    return tuple(moves), tuple(tags)


def moves_between(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[RefMove, ...]:
    """Every ref that is not the same in both."""
    changed = [RefMove(ref, old.get(ref), commit) for ref, commit in new.items() if old.get(ref) != commit]
    return (*changed, *(RefMove(ref, commit, None) for ref, commit in old.items() if ref not in new))
