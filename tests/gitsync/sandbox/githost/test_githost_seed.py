"""Commits made on the host itself."""

import asyncio
from pathlib import Path

import pytest

from gitsync.sandbox.githost import Author, GitHost
from gitsync.sandbox.githost.errors import InvalidName, UnknownRepository
from tests.support.git_host import AUTHOR, Git, clone, seed


async def test_files_are_added_changed_and_removed(host: GitHost, git: Git, tmp_path: Path) -> None:
    await host.commit_files("apps", "main", {"a": b"1", "d/b": b"2", "c": b"3"}, message="One", author=AUTHOR)
    await host.commit_files("apps", "main", {"a": b"4", "c": None, 'd/"ü x': b"\x00"}, message="Two", author=AUTHOR)
    folder = await clone(host, git, tmp_path / "clone")
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {path: content for path, content in files.items() if not path.startswith(".git/")} == {
        "a": b"4",
        "d/b": b"2",
        'd/"ü x': b"\x00",
    }


async def test_author_and_time_are_those_given(host: GitHost, git: Git, tmp_path: Path) -> None:
    await host.commit_files("apps", "main", {"a": b""}, message="Line\n\nbody", author=Author("A <b>\n", "a@x>"))
    folder = await clone(host, git, tmp_path / "clone")
    said = (await git("log", "-1", "--format=%an|%ae|%aI|%s", cwd=folder)).text.strip()
    assert said == "A b|a@x|2026-01-02T03:04:05+00:00|Line"


async def test_thousands_of_files_are_one_commit(host: GitHost, git: Git) -> None:
    files = {f"apps/app-{number}/manifest.yaml": b"kind: ConfigMap\n" for number in range(4000)}
    commit = await host.commit_files("apps", "main", files, message="Many", author=AUTHOR)
    assert len(commit) == 40


async def test_concurrent_commits_to_one_branch_all_land(host: GitHost, git: Git, tmp_path: Path) -> None:
    await asyncio.gather(
        *(host.commit_files("apps", "main", {f"f{n}": b"x"}, message=f"{n}", author=AUTHOR) for n in range(4))
    )
    folder = await clone(host, git, tmp_path / "clone")
    assert sorted(path.name for path in folder.glob("f*")) == ["f0", "f1", "f2", "f3"]


@pytest.mark.parametrize("path", ["/a", "../a", "a/../b", ".git/config", "a/.GIT/x", "a//b", "", "a\0b"])
async def test_a_path_stays_inside_the_repository(host: GitHost, path: str) -> None:
    with pytest.raises(InvalidName):
        await host.commit_files("apps", "main", {path: b""}, message="x", author=AUTHOR)


@pytest.mark.parametrize("branch", ["", "-x", "a..b", "a.lock", "a b", "a/", "../x"])
async def test_a_branch_has_a_plain_name(host: GitHost, branch: str) -> None:
    with pytest.raises(InvalidName):
        await host.commit_files("apps", branch, {"a": b""}, message="x", author=AUTHOR)


async def test_an_unknown_repository_is_said(host: GitHost) -> None:
    with pytest.raises(UnknownRepository):
        await host.commit_files("other", "main", {"a": b""}, message="x", author=AUTHOR)
    with pytest.raises(InvalidName):
        await host.create_repository("../x")


async def test_branches_with_a_common_beginning_are_told_apart(host: GitHost) -> None:
    await host.commit_files("apps", "a-b/c", {"a": b"1"}, message="x", author=AUTHOR)
    await host.commit_files("apps", "a-b-c", {"a": b"1"}, message="x", author=AUTHOR)
    await seed(host, a=b"2")
    assert host.repositories.names() == ["apps"]
