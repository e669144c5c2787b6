"""The past of the demo fits its files, ends where they are, and says of itself that it is made up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import gitsync.sandbox
from gitsync.sandbox.demo_history import BrokenHistory, Episode, past_commits, read_episodes
from gitsync.sandbox.githost import Author, SeededCommit
from model.demo_data import line

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
TEAM = Author("Platform team", "platform@shop.example.com")
APPS = Path(gitsync.sandbox.__file__).parent / "demo" / "apps"


def commits(files: dict[str, bytes], *episodes: Episode) -> list[SeededCommit]:
    return past_commits(files, list(episodes), first_author=TEAM, now=NOW)


def episode(before: str, after: str, **more: object) -> Episode:
    fields = {"days_ago": 3.0, "author": "Dana <dana@example.com>", "title": "A change", "file": "a.yaml"}
    return Episode(**{**fields, **more}, before=before, after=after)  # type: ignore[arg-type] # fields of the test


def test_the_history_of_the_demo_ends_where_its_files_are() -> None:
    files = {path.relative_to(APPS).as_posix(): path.read_bytes() for path in APPS.rglob("*") if path.is_file()}
    state: dict[str, bytes | None] = {}
    for commit in commits(files, *read_episodes()):
        changed = {path: content for path, content in commit.files.items() if state.get(path) != content}
        assert changed, commit.message
        state |= commit.files
    assert state == files


def test_the_history_of_the_demo_goes_forward() -> None:
    first = commits({})[0].at
    moments = [first, *(NOW - timedelta(days=one.days_ago) for one in read_episodes())]
    assert moments == sorted(moments)
    assert moments[-1] < NOW


def test_episodes_are_taken_back_newest_first() -> None:
    first, second, third = commits({"a.yaml": b"v3"}, episode("v1", "v2"), episode("v2", "v3"))
    assert [one.files["a.yaml"] for one in (first, second, third)] == [b"v1", b"v2", b"v3"]
    assert (second.author, second.at) == (Author("Dana", "dana@example.com"), NOW - timedelta(days=3))


def test_a_deployed_episode_says_so_in_its_message() -> None:
    told = episode("v1", "v2", body="SHOP-1", deployed_after_minutes=9, degraded_minutes=20)
    assert told.message == f"A change\n\nSHOP-1\n\n{line(9, 20)}"
    assert "Demo-Data" not in episode("v1", "v2").message


def test_an_episode_that_does_not_fit_is_named() -> None:
    with pytest.raises(BrokenHistory, match=r"a\.yaml has 'v2' 0 times"):
        commits({"a.yaml": b"v3"}, episode("v1", "v2"))
