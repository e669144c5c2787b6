"""Quantities and durations that are one amount in two spellings."""

import pytest

from gitsync.diff.quantity import parse_quantity, rewritten_duration, same_quantity


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1000m", "1"),
        (0.5, "500m"),
        (1, "1"),
        ("1024Mi", "1Gi"),
        ("0.5Gi", "512Mi"),
        ("134217728", "128Mi"),
        ("1e3", "1k"),
        ("1000M", "1G"),
        ("100n", "0.1u"),
        ("+1", "1"),
        (".5", "500m"),
    ],
)
def test_spellings_of_one_amount_are_the_same(left: object, right: object) -> None:
    assert same_quantity(left, right)


@pytest.mark.parametrize(
    ("left", "right"), [("1", "2"), ("1Gi", "1G"), ("1m", "1M"), (True, "1"), ("a", "a"), ("", "0")]
)
def test_other_amounts_and_other_things_are_not(left: object, right: object) -> None:
    assert not same_quantity(left, right)


def test_absurdly_long_numbers_are_no_quantities() -> None:
    assert parse_quantity("9" * 1000) is None


@pytest.mark.parametrize(
    ("written", "stored"),
    [("1h", "1h0m0s"), ("90m", "1h30m0s"), ("1.5s", "1.5s"), ("2160h", "2160h0m0s"), ("90s", "1m30s")],
)
def test_a_duration_that_go_printed_is_what_was_written(written: str, stored: str) -> None:
    assert rewritten_duration(written, stored)


@pytest.mark.parametrize(("written", "stored"), [("1h", "60m"), ("1h", "2h0m0s"), ("x", "x"), ("1", "1s")])
def test_any_other_spelling_is_a_change(written: str, stored: str) -> None:
    assert not rewritten_duration(written, stored)
