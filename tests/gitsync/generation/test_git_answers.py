"""What git generators read of a commit, and which changes may make another answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.appset.git_files import chosen_directories
from gitsync.appset.inputs import GitQuestion
from gitsync.appset.path_glob import matches_file
from gitsync.generation.git_answers import may_differ, read_answer
from gitsync.git.affected import ChangeKind, PathChange
from tests.support.memory_files import MemoryFiles

TREE = {
    "apps/web/a.yaml": "a",
    "apps/web/deep/b.yaml": "b",
    "apps/api/a.yaml": "c",
    "conf/eu/one.json": "{}",
    "conf/eu/more/two.json": "{}",
    "readme.md": "",
}
DIRECTORIES = ("apps", "apps/web", "apps/web/deep", "apps/api", "conf", "conf/eu", "conf/eu/more")


def question(*, directories: tuple[str, ...] = (), files: tuple[str, ...] = ()) -> GitQuestion:
    return GitQuestion("r", "main", directories, files)


@pytest.mark.parametrize("pattern", ["*", "apps/*", "*/eu", "apps/web", "apps/*/deep", "apps/[a-w]eb", "none/*"])
def test_directories_are_those_that_the_glob_fits(pattern: str) -> None:
    answer = read_answer(MemoryFiles(TREE), question(directories=(pattern,)))
    assert sorted(answer.directories) == chosen_directories(DIRECTORIES, [{"path": pattern}])
    assert answer.files == {}


@pytest.mark.parametrize("pattern", ["conf/*.json", "**/*.json", "conf/eu/one.json", "apps", "*.md", "apps/w?b/*.yaml"])
def test_files_are_those_that_the_glob_fits(pattern: str) -> None:
    answer = read_answer(MemoryFiles(TREE), question(files=(pattern,)))
    assert answer.files == {path: data.encode() for path, data in TREE.items() if matches_file(pattern, path)}


def test_a_changed_file_is_no_reason_to_list_directories_again() -> None:
    modified, added = (PathChange("apps/x/a.yaml", kind) for kind in (ChangeKind.MODIFIED, ChangeKind.ADDED))
    assert not may_differ(question(directories=("apps/*",)), (modified,))
    assert may_differ(question(directories=("apps/*",)), (added,))
    assert not may_differ(question(files=("conf/*.json",)), (modified, added))


PATHS = st.lists(st.sampled_from(["a", "b", "c.json", "d"]), min_size=1, max_size=3).map("/".join)
GLOBS = st.lists(st.sampled_from(["a", "*", "b", "*.json", "**"]), min_size=1, max_size=3).map("/".join)


@pytest.mark.cpu_seconds(20)  # a hundred trees
@given(st.sets(PATHS, max_size=6), GLOBS, st.booleans())
def test_nothing_that_fits_is_passed_over(paths: set[str], pattern: str, new: bool) -> None:
    leaves = {path: "x" for path in paths if not any(other.startswith(path + "/") for other in paths)}
    answer = read_answer(MemoryFiles(leaves), question(files=(pattern,)), new_globbing=new)
    assert answer.files.keys() == {path for path in leaves if matches_file(pattern, path, new_globbing=new)}
    directories = {path.rsplit("/", depth)[0] for path in leaves for depth in range(1, path.count("/") + 1)}
    answer = read_answer(MemoryFiles(leaves), question(directories=(pattern,)))
    assert sorted(answer.directories) == chosen_directories(tuple(directories), [{"path": pattern}])
