"""Ranges of versions as Helm's and Argo CD's users write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.git.semver import newest_in_range, parse_range, parse_version


@pytest.mark.parametrize(
    ("wanted", "within", "outside"),
    [
        ("1.2.3", ["1.2.3", "v1.2.3", "1.2.3+build"], ["1.2.4", "1.2.3-rc1"]),
        ("=1.2.3", ["1.2.3"], ["1.2.4"]),
        ("1.2", ["1.2.0", "1.2.9"], ["1.3.0", "1.1.9", "1.3.0-rc1"]),
        ("1", ["1.0.0", "1.99.0"], ["2.0.0", "0.9.0"]),
        ("1.2.x", ["1.2.0", "1.2.9"], ["1.3.0"]),
        ("1.*", ["1.0.0", "1.9.9"], ["2.0.0"]),
        ("*", ["0.0.1", "99.0.0"], ["1.0.0-rc1"]),
        ("*-0", ["0.0.1", "1.0.0-rc1"], []),
        ("^1.2.3", ["1.2.3", "1.9.0"], ["1.2.2", "2.0.0", "2.0.0-rc1", "1.5.0-rc1"]),
        ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("^0.0", ["0.0.0", "0.0.9"], ["0.1.0"]),
        ("^0", ["0.0.0", "0.9.9"], ["1.0.0"]),
        ("^1.2.3-0", ["1.5.0-rc1", "1.2.3"], ["2.0.0-rc1"]),
        ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0"]),
        ("~1", ["1.0.0", "1.9.0"], ["2.0.0"]),
        (">=1.2.0, <2", ["1.2.0", "1.9.9"], ["2.0.0", "1.1.0"]),
        (">=1.2.0 <1.5", ["1.4.9"], ["1.5.0"]),
        ("> 1.2", ["1.3.0"], ["1.2.9", "1.2.0"]),
        ("<= 1.2", ["1.2.9"], ["1.3.0"]),
        ("!=1.2.3", ["1.2.4"], ["1.2.3"]),
        ("1.2 - 1.4", ["1.2.0", "1.4.9"], ["1.5.0", "1.1.9"]),
        ("1.2.0 - 1.4.5", ["1.4.5"], ["1.4.6"]),
        ("<1 || >=3", ["0.5.0", "3.1.0"], ["1.0.0", "2.9.0"]),
        (">=1.0.0-0", ["1.0.0-alpha", "2.0.0-rc1"], ["0.9.0"]),
    ],
)
def test_ranges_hold_what_lies_in_them(wanted: str, within: list[str], outside: list[str]) -> None:
    holds = parse_range(wanted)
    assert holds is not None
    versions = {text: parse_version(text) for text in [*within, *outside]}
    assert {text for text, version in versions.items() if version is not None and holds(version)} == set(within)


@pytest.mark.parametrize(
    "text", ["", " ", "main", "release-1.2", ">=", "1.2.3.4", "^x1", "1.2 ||", "a || b", "1" * 300]
)
def test_names_are_no_ranges(text: str) -> None:
    assert parse_range(text) is None


def test_prereleases_are_ordered_as_semver_says() -> None:
    ordered = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"]
    versions = [parse_version(text) for text in [*ordered, "1.0.0-rc.1", "1.0.0"]]
    assert versions == sorted(version for version in versions if version is not None)


def test_the_newest_of_a_range_is_chosen_by_number_and_not_by_text() -> None:
    names = ["v1.9.0", "v1.10.0", "v2.0.0", "nightly", "v1.11.0-rc1"]
    assert newest_in_range(names, "^1") == "v1.10.0"
    assert newest_in_range(names, "^1-0") == "v1.11.0-rc1"
    assert newest_in_range(names, "^3") is None


@given(st.text("0123456789.x*^~<>=|, -v", max_size=30))
def test_no_text_breaks_the_reading_of_ranges(text: str) -> None:
    newest_in_range(["1.0.0", "0.1.0"], text)
