"""The order of test files names files that are there."""

from tests.support.longest_first import LONGEST, TESTS


def test_files_that_begin_first_are_there() -> None:
    assert [file for file in LONGEST if not (TESTS / file).exists()] == []
