"""The order of test files names files that are there and mixes what waits with what computes; some go together."""

from pathlib import Path

from tests.support.longest_first import LONGEST, TESTS, in_order
from tests.support.together import FOLDER, TOGETHER


def test_files_that_begin_first_are_there() -> None:
    assert [file for file in LONGEST if not (TESTS / file).exists()] == []


def test_the_longest_come_first_and_what_computes_is_spread_between() -> None:
    longest, long, short = TESTS / LONGEST[0], TESTS / LONGEST[1], Path("test_short.py")
    quick = [Path(f"test_quick_{number}.py") for number in range(6)]
    order = in_order([short, long, longest, long], [long, *quick])
    assert [file for file in order if file not in quick] == [longest, long, short]
    assert [order.index(file) for file in (longest, long, short)] == [0, 3, 6]


def test_each_file_of_the_console_and_the_demo_goes_with_those_that_share_its_server() -> None:
    """What is in no group would start a browser, a server or a demo of its own."""
    grouped = sorted(file for files in TOGETHER.values() for file in files)
    folder = TESTS.parent / FOLDER
    there = (path for part in ("console", "demo") for path in (folder / part).glob("test_*.py"))
    assert grouped == sorted(str(path.relative_to(folder)) for path in there)
