"""What a rollback changes: the sources in the manifest, and the files that they read. Pure.

A source that follows a branch is taken back in its files. One that is fixed (a chart, a tag, a range, a commit) is
taken back in the manifest, where it gets the very revision that was deployed; and so is everything else in which the
sources of the release differ from the present ones.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from gitsync.changes.application import Holder, rewriting
from gitsync.git.affected import AffectedIndex, ChangedPaths
from gitsync.git.change import Contents
from gitsync.git.closure import Closure
from gitsync.git.tree import EntryType, Files, find
from gitsync.manifest.object import JsonObject
from model.kinds.application import ApplicationSource


@dataclass(frozen=True, slots=True)
class ReleasedSource:
    """A source as a release deployed it. `written` is its place in the manifest, `branch` the full name of the branch
    that it follows, "" when it is fixed."""

    written: JsonObject
    revision: str
    branch: str

    @property
    def wanted(self) -> JsonObject:
        return self.written if self.branch else {**self.written, "targetRevision": self.revision}


def sources_of_manifest(spec: JsonObject) -> tuple[JsonObject, ...]:
    return tuple(spec.get("sources") or ([spec["source"]] if spec.get("source") else []))


def manifest_edit(
    holder: Callable[[], Holder], spec: JsonObject, released: Sequence[ReleasedSource]
) -> Callable[[Files], Contents] | None:
    """The edit that gives the manifest the sources of the release; None when they are the present ones, so that it
    does not matter who holds the manifest. Raises what `holder` raises."""
    present = sources_of_manifest(spec)
    wanted = [next((own for own in present if _same(own, one.wanted)), one.wanted) for one in released]
    if list(present) == wanted:
        return None

    def taken_back(body: JsonObject) -> JsonObject:
        kept = {name: value for name, value in (body.get("spec") or {}).items() if name not in ("source", "sources")}
        several = "sources" in spec or len(wanted) > 1
        return {**body, "spec": {**kept, **({"sources": wanted} if several else {"source": wanted[0]})}}

    return rewriting(holder(), taken_back)


def paths_to_restore(then: Closure, now: Closure | None, changed: ChangedPaths) -> tuple[list[str], list[str]]:
    """Of the changed paths those that the release read, and the others that are read now.

    `now` None: what is there now cannot be read, which is what people roll back from; files that were added since
    are then told by the directories that the release read.
    """
    index: AffectedIndex[str] = AffectedIndex()
    index.put("then", then)
    if now is not None:
        index.put("now", now)
    readers = {one.path: index.affected((one,)) for one in changed}
    before = [path for path, who in readers.items() if "then" in who]
    return before, [path for path, who in readers.items() if who == {"now"}]


def contents_of(paths: Sequence[str]) -> Callable[[Files], dict[str, bytes | None]]:
    """Reads the files; None: there is none."""
    return lambda files: {path: _content(files, path) for path in paths}


def restoring(contents: Mapping[str, bytes | None]) -> Callable[[Files], Contents]:
    return lambda files: contents


def _same(one: JsonObject, other: JsonObject) -> bool:
    """By what they mean: histories spell out what manifests leave to defaults."""
    typed = (msgspec.convert(source, ApplicationSource, strict=False) for source in (one, other))
    return next(typed) == next(typed)


def _content(files: Files, path: str) -> bytes | None:
    entry = find(files, path).entry
    return files.read(entry.id) if entry is not None and entry.type is EntryType.BLOB else None
