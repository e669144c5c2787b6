"""Which revisions an operation means, and what several sources read of which place."""

from typing import Any

import msgspec
import pytest

from gitsync.application.source_read import Place, places_of, reads_of
from gitsync.git.closure import Closure, ClosureEntry, EntryKind
from gitsync.render.references import OtherClosure
from gitsync.render.render import Rendered
from gitsync.sourcing.desired_sources import (
    UnusableSource,
    asked_revisions,
    asks_for_what_is_followed,
    usable_sources,
    which,
)
from model.kinds.application import ApplicationSource, ApplicationSpec, SyncOperation

URL, OTHER = "https://git.example.com/a.git", "https://git.example.com/b.git"


@pytest.mark.parametrize(
    ("sync", "expected"),
    [
        (SyncOperation(), ("", "")),
        (SyncOperation(revision="v1"), ("v1", "")),
        (SyncOperation(revisions=("v1", "v2")), ("v1", "v2")),
        (SyncOperation(revisions=("v1",)), ("v1", "")),
        (SyncOperation(revisions=("v2",), source_positions=(2,)), ("", "v2")),
        (SyncOperation(revisions=("v2", "v1"), source_positions=(2, 1)), ("v1", "v2")),
    ],
)
def test_an_operation_names_revisions_by_position(sync: SyncOperation, expected: tuple[str, ...]) -> None:
    assert asked_revisions(sync, 2) == expected


@pytest.mark.parametrize(
    "sync",
    [
        SyncOperation(revisions=("a", "b", "c")),
        SyncOperation(revisions=("a",), source_positions=(0,)),
        SyncOperation(revisions=("a",), source_positions=(3,)),
        SyncOperation(revisions=("a",), source_positions=(1, 2)),
        SyncOperation(source_positions=(1,)),
    ],
)
def test_revisions_of_sources_that_are_not_there_are_refused(sync: SyncOperation) -> None:
    with pytest.raises(UnusableSource, match="2 sources"):
        asked_revisions(sync, 2)


def test_an_operation_at_what_is_shown_or_written_asks_for_nothing_else() -> None:
    sources = (ApplicationSource(repo_url=URL, target_revision="main"), ApplicationSource(repo_url=OTHER))
    assert asks_for_what_is_followed(("", ""), ("c1", "c2"), sources)
    assert asks_for_what_is_followed(("main", "c2"), ("c1", "c2"), sources)
    assert not asks_for_what_is_followed(("c1", "c3"), ("c1", "c2"), sources)
    assert not asks_for_what_is_followed(("c1", "c2"), ("c1",), sources)


@pytest.mark.parametrize(
    "options",
    [
        {"directory": {"recurse": False}},
        {"directory": {"jsonnet": {"extVars": [], "tlas": None}}},
        {"helm": {}},
        {"helm": {"valueFiles": [], "releaseName": ""}},
        {"kustomize": {"commonLabels": {}}},
    ],
)
def test_options_that_say_nothing_name_no_tool(options: dict[str, Any]) -> None:
    source = {"repoURL": URL, "path": "app", **options}
    plain = (ApplicationSource(repo_url=URL, path="app"),)
    assert msgspec.convert({"source": source}, ApplicationSpec).all_sources == plain
    assert msgspec.convert({"sources": [source]}, ApplicationSpec).all_sources != plain, "but one of several does"


@pytest.mark.parametrize(
    "options", [{"directory": {"include": "a*"}}, {"helm": {"valuesObject": {}}}, {"kustomize": {"namePrefix": "x"}}]
)
def test_options_that_say_something_name_their_tool(options: dict[str, Any]) -> None:
    (source,) = msgspec.convert({"source": {"repoURL": URL, "path": "app", **options}}, ApplicationSpec).all_sources
    assert source != ApplicationSource(repo_url=URL, path="app")


def test_a_source_without_repository_is_named() -> None:
    with pytest.raises(UnusableSource, match=r"spec\.sources\[1\]\.repoURL"):
        usable_sources((ApplicationSource(repo_url=URL), ApplicationSource(path="a")))
    with pytest.raises(UnusableSource, match=r"spec\.source is required"):
        usable_sources(())


def test_people_are_told_which_source_is_meant_without_its_password() -> None:
    sources = (ApplicationSource(repo_url="https://me:secret@git.example.com/a.git", path="web"),) * 2
    assert which(sources, 1) == "source 2 of 2 (https://git.example.com/a.git web)"


def test_what_is_read_through_a_reference_is_followed_where_it_lies() -> None:
    chart = ApplicationSource(repo_url=URL, path="chart")
    values = ApplicationSource(repo_url=OTHER, ref="values")
    own, read = Closure((entry("chart/Chart.yaml"),)), Closure((entry("prod.yaml"),))
    reads = reads_of(
        (chart, values),
        ("refs/heads/main", "refs/heads/prod"),
        (rendered(own, OtherClosure("values", read)), rendered(Closure(()))),
    )
    assert places_of(reads) == {
        Place("https://git.example.com/a", "refs/heads/main"): own,
        Place("https://git.example.com/b", "refs/heads/prod"): read,
    }
    assert [one.source_type for one in reads] == ["Helm", ""]


def test_sources_of_one_place_are_followed_as_one() -> None:
    sources = (ApplicationSource(repo_url=URL, path="a"), ApplicationSource(repo_url=URL + "/", path="b"))
    reads = reads_of(
        sources, ("refs/heads/main",) * 2, (rendered(Closure((entry("b"),))), rendered(Closure((entry("a"),))))
    )
    (closure,) = places_of(reads).values()
    assert [one.path for one in closure.entries] == ["a", "b"]


def test_nothing_is_followed_of_charts_and_pinned_commits() -> None:
    sources = (ApplicationSource(repo_url=URL, chart="web"), ApplicationSource(repo_url=URL, path="b"))
    reads = reads_of(sources, (None, None), (rendered(Closure((entry("b"),))),) * 2)
    assert places_of(reads) == {}


def entry(path: str) -> ClosureEntry:
    return ClosureEntry(EntryKind.BLOB, path, "1" * 40)


def rendered(closure: Closure, *others: OtherClosure) -> Rendered:
    return Rendered((), closure, "Helm", "c", "k", from_cache=False, others=others)
