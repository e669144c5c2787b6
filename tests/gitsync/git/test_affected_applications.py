"""Who is concerned by a commit: exactly those for whom something that they read is not the same any more."""

import posixpath
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.errors import Failed
from gitsync.git.affected import AffectedIndex, ChangeKind, PathChange
from gitsync.git.closure import Closure, ClosureEntry, EntryKind, holds, tree_closure
from gitsync.git.tree import Files
from gitsync.render.context import RenderContext, Surroundings
from gitsync.render.directory import RenderLimits
from gitsync.render.reading import Reading, read_source
from model.kinds.application import ApplicationSource, DirectoryOptions
from tests.support.memory_files import MemoryFiles

NAMES = ["a.yaml", "b.yml", "c.json", "notes.md", "Chart.yaml", "kustomization.yaml"]
DIRECTORIES = ["one", "two", "one/in", "one/in/deep", "lib", "two/Chart.yaml"]
PATHS = [posixpath.join(directory, name) for directory in ["", *DIRECTORIES] for name in NAMES]
LINKS = ["link:../lib/a.yaml", "link:a.yaml", "link:../lib", "link:../nowhere/x.yaml", "link:../one/in/deep/a.yaml"]
SOURCES = {
    f"{path or 'top'} {'below' if recurse else 'flat'} {include}": ApplicationSource(
        repo_url="http://host/apps", path=path, directory=DirectoryOptions(recurse=recurse, include=include)
    )
    for path in ("", "one", "one/in", "two", "lib")
    for recurse in (False, True)
    for include in ("", "*a.yaml")
} | {f"{path} detected": ApplicationSource(repo_url="http://host/apps", path=path) for path in ("one", "two")}


def read(files: Files, source: ApplicationSource) -> Reading:
    return read_source(files, source, limits=RenderLimits(), context=RenderContext(), surroundings=Surroundings({}))


def present(closure: Closure) -> list[ClosureEntry]:
    """Without what is absent: of a path that leads nowhere, another part may be the first that is missing."""
    return [entry for entry in closure.entries if entry.kind is not EntryKind.ABSENT]


def whole(files: Mapping[str, str]) -> dict[str, str]:
    """Without files that would have to be directories too."""
    return {path: text for path, text in files.items() if not any(other.startswith(f"{path}/") for other in files)}


TREES = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(["1", "resources: [a.yaml]", *LINKS]), max_size=14).map(
    whole
)


def changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[PathChange]:
    found = []
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if before is None or after is None:
            found.append(PathChange(path, ChangeKind.REMOVED if after is None else ChangeKind.ADDED))
        elif before != after:
            same_type = before.startswith("link:") == after.startswith("link:")
            found.append(PathChange(path, ChangeKind.MODIFIED if same_type else ChangeKind.REPLACED))
    return found


def closures(files: MemoryFiles) -> dict[str, Closure]:
    found = {}
    for name, source in SOURCES.items():
        try:
            found[name] = read(files, source).closure
        except Failed:
            found[name] = tree_closure(files, source.path)
    return found


@settings(max_examples=70, deadline=None)
@given(TREES, TREES, st.booleans())
def test_the_affected_set_is_exact(old: dict[str, str], new: dict[str, str], little: bool) -> None:
    if little:  # most commits change little
        new = whole({**old, **dict(list(new.items())[:1])})
    before, after = MemoryFiles(old), MemoryFiles(new)
    index: AffectedIndex[str] = AffectedIndex()
    for name, closure in closures(before).items():
        index.put(name, closure)
    expected = {name for name, closure in closures(before).items() if not holds(closure, after)}
    assert index.affected(changes(old, new)) == expected


@settings(max_examples=60, deadline=None)
@given(TREES, TREES)
def test_a_closure_that_holds_means_that_the_same_is_read(old: dict[str, str], new: dict[str, str]) -> None:
    before, after = MemoryFiles(old), MemoryFiles(new)
    for source in SOURCES.values():
        try:
            first = read(before, source)
        except Failed:
            continue
        if holds(first.closure, after):
            second = read(after, source)
            assert second.files == first.files
            assert present(second.closure) == present(first.closure)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), TREES), max_size=12), TREES, TREES)
def test_an_index_forgets_what_was_removed_or_replaced(
    steps: list[tuple[int, dict[str, str]]], old: dict[str, str], new: dict[str, str]
) -> None:
    index: AffectedIndex[int] = AffectedIndex()
    expected: AffectedIndex[int] = AffectedIndex()
    last: dict[int, Closure | None] = {}
    for key, tree in steps:
        closure = closures(MemoryFiles(tree))["one below "]
        if last.get(key) == closure:
            index.remove(key)
            last[key] = None
        else:
            index.put(key, closure)
            last[key] = closure
    for key, kept in last.items():
        if kept is not None:
            expected.put(key, kept)
    assert index.affected(changes(old, new)) == expected.affected(changes(old, new))
    assert len(index) == len(expected)


@pytest.mark.parametrize(
    ("kind", "change", "hit"),
    [
        (EntryKind.BLOB, PathChange("d/a.yaml", ChangeKind.MODIFIED), True),
        (EntryKind.BLOB, PathChange("d/b.yaml", ChangeKind.MODIFIED), False),
        (EntryKind.LISTING, PathChange("d/a.yaml/b.yaml", ChangeKind.ADDED), True),
        (EntryKind.LISTING, PathChange("d/a.yaml/b.yaml", ChangeKind.MODIFIED), False),
        (EntryKind.LISTING, PathChange("d/a.yaml/b.md", ChangeKind.ADDED), False),
        (EntryKind.LISTING, PathChange("d/a.yaml/c/b.yaml", ChangeKind.ADDED), False),
        (EntryKind.LISTING_BELOW, PathChange("d/a.yaml/c/b.yaml", ChangeKind.REMOVED), True),
        (EntryKind.TREE, PathChange("d/a.yaml/c/b.md", ChangeKind.MODIFIED), True),
        (EntryKind.ABSENT, PathChange("d/a.yaml/c", ChangeKind.ADDED), True),
        (EntryKind.ABSENT, PathChange("d", ChangeKind.MODIFIED), False),
    ],
)
def test_each_kind_of_reading_is_concerned_by_its_changes(kind: EntryKind, change: PathChange, hit: bool) -> None:
    index: AffectedIndex[str] = AffectedIndex()
    index.put("app", Closure((ClosureEntry(kind, "d/a.yaml", ""),)))
    assert index.affected([change]) == ({"app"} if hit else set())
