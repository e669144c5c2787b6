import pytest

from gitsync.git.address import check_address, commit_page, normalized, redact, same_place
from gitsync.git.affected import ChangeKind, PathChange
from gitsync.git.errors import PathRefused
from gitsync.git.tree import EntryType, Files, clean_path, find
from tests.support.git_rig import GitRig
from tests.support.memory_files import MemoryFiles

FILES = MemoryFiles(
    {
        "app/a.yaml": "A",
        "lib/b.yaml": "B",
        "app/here": "link:a.yaml",
        "app/there": "link:../lib/b.yaml",
        "app/dir": "link:../lib",
        "app/nowhere": "link:../lib/gone.yaml",
        "app/out": "link:../../etc/passwd",
        "app/absolute": "link:/etc/passwd",
        "app/circle": "link:circle",
        "app/through": "link:out/../a.yaml",
        "odd": "link:app/./../lib//b.yaml",
    }
)


@pytest.mark.parametrize(
    ("path", "real", "links"),
    [
        ("app/a.yaml", "app/a.yaml", []),
        ("app/here", "app/a.yaml", ["app/here"]),
        ("app/there", "lib/b.yaml", ["app/there"]),
        ("app/dir/b.yaml", "lib/b.yaml", ["app/dir"]),
        ("odd", "lib/b.yaml", ["odd"]),
        ("", "", []),
    ],
)
def test_paths_are_followed_inside_the_repository(path: str, real: str, links: list[str]) -> None:
    found = find(FILES, path)
    assert (found.path, [link.path for link in found.links]) == (real, links)
    assert found.entry is not None


def test_what_is_missing_is_told_by_its_first_missing_part() -> None:
    found = find(FILES, "app/nowhere")
    assert (found.path, found.entry) == ("lib/gone.yaml", None)
    assert find(FILES, "gone/dir/file").path == "gone"
    assert find(FILES, "app/a.yaml/x").entry is None


@pytest.mark.parametrize("path", ["app/out", "app/absolute", "app/circle", "app/through"])
def test_links_that_lead_out_are_refused(path: str) -> None:
    with pytest.raises(PathRefused, match="symbolic link"):
        find(FILES, path)


@pytest.mark.parametrize(
    ("path", "cleaned"), [("", ""), (".", ""), ("/", ""), ("./a/../b/", "b"), ("a//b", "a/b"), ("a\\b", "a/b")]
)
def test_paths_of_sources_are_cleaned(path: str, cleaned: str) -> None:
    assert clean_path(path) == cleaned


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "..\\x", "a\0b"])
def test_paths_of_sources_that_lead_out_are_refused(path: str) -> None:
    with pytest.raises(PathRefused):
        clean_path(path)


async def test_trees_of_git_tell_files_links_and_directories(rig: GitRig) -> None:
    commit = rig.origin.create("apps", {"d/x": "text", "l": "link:d/x", "é.yaml": "1"})
    reader = await rig.repositories.tree(rig.origin.url("apps"), commit)

    def look(files: Files) -> list[tuple[str, EntryType]]:
        link = files.child(files.root().id, "l")
        assert link is not None
        assert (files.read(link.id), files.size(link.id)) == (b"d/x", 3)
        assert files.child(files.root().id, "gone") is None
        return [(entry.name, entry.type) for entry in files.children(files.root().id)]

    assert await reader.run(look) == [
        ("d", EntryType.TREE),
        ("l", EntryType.LINK),
        ("é.yaml", EntryType.BLOB),
    ]


async def test_changed_paths_are_told_with_their_kind(rig: GitRig) -> None:
    old = rig.origin.create("apps", {"a": "1", "b": "1", "c": "1", "d/x": "1", "same": "1", "e": "1"})
    new = rig.origin.commit("apps", {"a": "2", "b": None, "c": "link:a", "d/x": None, "d": "1", "new/é": "1"})
    url = rig.origin.url("apps")
    assert set(await rig.repositories.changed_paths(url, old, new)) == {
        PathChange("a", ChangeKind.MODIFIED),
        PathChange("b", ChangeKind.REMOVED),
        PathChange("c", ChangeKind.REPLACED),
        PathChange("d/x", ChangeKind.REMOVED),
        PathChange("d", ChangeKind.ADDED),
        PathChange("new/é", ChangeKind.ADDED),
    }
    assert await rig.repositories.changed_paths(url, new, new) == ()


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/team/apps.git",
        "https://bob:secret@GitHub.com/team/apps/",
        "ssh://git@github.com/team/apps.git",
        "git@github.com:team/apps.git",
    ],
)
def test_spellings_of_one_place_are_one(url: str) -> None:
    check_address(url)
    assert same_place(url) == "github.com/team/apps"
    assert commit_page(url, "abc") == "https://github.com/team/apps/commit/abc"


def test_normal_forms_keep_what_makes_a_difference() -> None:
    assert normalized("https://Bob:pw@Host:8443/a.git/") == normalized("https://Bob:pw@host:8443/a")
    assert normalized("https://bob@host/a") != normalized("https://host/a")
    assert normalized("git@host:a.git") == "git@host:a"


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://gitlab.example.org/g/p.git", "https://gitlab.example.org/g/p/-/commit/abc"),
        ("https://bitbucket.org/g/p", "https://bitbucket.org/g/p/commits/abc"),
        ("http://127.0.0.1:8000/git/apps.git", None),
    ],
)
def test_commit_pages_are_those_of_known_hosts(url: str, page: str | None) -> None:
    assert commit_page(url, "abc") == page


@pytest.mark.parametrize(
    "text",
    [
        "failed https://user:canary@host/x",
        "https://canary@host/x and http://a:canary@b",
        "ssh://canary:canary@h:22/p",
        "https://user:canary@canary@host/x",
    ],
)
def test_credentials_are_cut_out_of_any_text(text: str) -> None:
    assert "canary" not in redact(text)
    assert "host/x" in redact(text) or "b" in redact(text) or "h:22" in redact(text)
