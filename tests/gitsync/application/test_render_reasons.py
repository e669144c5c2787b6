"""Why an application was rendered is told from what was read before and is read now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gitsync.application.render_reasons import RenderNote, answer, files_of_tree, note_of
from gitsync.application.source_read import SourceRead
from gitsync.git.affected import ChangeKind, PathChange
from gitsync.git.closure import Closure, ClosureEntry, EntryKind
from gitsync.render.render import Rendered
from model.kinds.application import ApplicationSource

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SOURCE = ApplicationSource(repo_url="https://me:secret@git.example.com/a.git", path="web")


def read(*entries: ClosureEntry, key: str = "k", cached: bool = False, **changes: object) -> SourceRead:
    closure = Closure(entries)
    consulted = changes.pop("consulted", ())
    made = Rendered((), closure, "Helm", "c", key, from_cache=cached, consulted=consulted)  # type: ignore[arg-type]
    fields = {"source": SOURCE, "commit": "c", "ref": "main", "closure": closure, "rendered": made, **changes}
    return SourceRead(**fields)  # type: ignore[arg-type]


def blob(path: str, content: str = "1") -> ClosureEntry:
    return ClosureEntry(EntryKind.BLOB, path, content)


def told(note: RenderNote) -> list[str]:
    return [reason.told for reason in note.reasons]


def why(before: SourceRead, now: SourceRead) -> list[str]:
    return told(note_of(RenderNote(()), [before], [now], at=NOW))


def test_the_first_render_is_told_and_so_is_one_that_was_not_needed() -> None:
    first = note_of(None, (), [read(blob("a"))], at=NOW)
    assert (told(first), first.at) == (["rendered for the first time"], NOW)
    held = note_of(None, (), [read(blob("a"), cached=True)], at=NOW)
    assert held.at is None
    assert "nothing that it reads has changed" in told(held)[0]


def test_a_look_that_renders_nothing_keeps_the_note() -> None:
    first = note_of(None, (), [read(blob("a"))], at=NOW)
    again = note_of(first, [read(blob("a"))], [read(blob("a"), cached=True)], at=LATER)
    assert again is first


def test_the_blobs_that_changed_are_named() -> None:
    before, now = read(blob("a"), blob("b"), blob("c")), read(blob("a"), blob("b", "2"), blob("d"), key="other")
    assert why(before, now) == ["blob b changed", "blob d was added", "blob c is not read any more"]


def test_what_it_was_told_counts_too() -> None:
    before = read(blob("a"), consulted=(("KUBE_VERSION", "1.30"),))
    assert why(before, read(blob("a"), key="other", consulted=(("KUBE_VERSION", "1.31"),))) == ["KUBE_VERSION changed"]


def test_changed_options_are_told() -> None:
    other = replace(read(blob("a"), key="other"), source=ApplicationSource(SOURCE.repo_url, "web", helm={}))
    assert why(read(blob("a")), other) == ["the options of the source changed"]


def test_a_hard_refresh_is_told() -> None:
    before = read(blob("a"))
    assert why(before, before) == ["rendered anew because a hard refresh asked for it"]


def test_of_several_sources_the_one_that_changed_is_named() -> None:
    before, now = read(blob("a")), read(blob("a", "2"), key="other")
    assert told(note_of(RenderNote(()), [before, before], [before, now], at=NOW)) == ["source 2: blob a changed"]


def test_in_a_directory_that_was_read_whole_the_changed_files_are_named() -> None:
    before = read(ClosureEntry(EntryKind.TREE, "chart", "1"))
    now = read(ClosureEntry(EntryKind.TREE, "chart", "2"), key="other", commit="d")
    (reason,) = note_of(RenderNote(()), [before], [now], at=NOW).reasons
    assert (reason.told, reason.commits) == ("directory chart changed", ("c", "d"))
    changed = (
        PathChange("chart/values.yaml", ChangeKind.MODIFIED),
        PathChange("chart/a.yaml", ChangeKind.ADDED),
        PathChange("charter/b.yaml", ChangeKind.MODIFIED),
    )
    assert files_of_tree(reason, changed) == ["blob chart/values.yaml changed", "blob chart/a.yaml was added"]
    assert files_of_tree(reason, ()) == ["directory chart changed"]


def test_what_is_shown_has_no_password_and_is_bounded() -> None:
    shown = answer(RenderNote((), NOW), [read(*(blob(f"f{number:05}") for number in range(3000)))], ["x"] * 99)
    (source,) = shown.sources
    assert source.repo_url == "https://git.example.com/a.git"
    assert (len(source.reads), source.reads_total, len(shown.reasons)) == (2000, 3000, 20)
