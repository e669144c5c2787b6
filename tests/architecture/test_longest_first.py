"""The order of test files: it names files that are there, and mixes those that wait with those that compute."""

from pathlib import Path

from tests.support.longest_first import LONGEST, TESTS, in_order


def test_files_that_begin_first_are_there() -> None:
    assert [file for file in LONGEST if not (TESTS / file).exists()] == []


def test_the_longest_come_first_and_what_computes_is_spread_between() -> None:
    longest, long, short = TESTS / LONGEST[0], TESTS / LONGEST[1], Path("test_short.py")
    quick = [Path(f"test_quick_{number}.py") for number in range(6)]
    order = in_order([short, long, longest, long], [long, *quick])
    assert [file for file in order if file not in quick] == [longest, long, short]
    assert [order.index(file) for file in (longest, long, short)] == [0, 3, 6]
