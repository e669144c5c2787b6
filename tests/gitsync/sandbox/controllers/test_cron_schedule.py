"""When a schedule is due."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.sandbox.controllers.schedule import NotASchedule, parse_schedule

CASES = [
    ("* * * * *", "2026-01-01T00:00:30", "2026-01-01T00:01:00"),
    ("*/15 * * * *", "2026-01-01T00:46:00", "2026-01-01T01:00:00"),
    ("5 4 * * *", "2026-01-01T04:05:00", "2026-01-02T04:05:00"),
    ("0 0 1 * *", "2026-01-31T12:00:00", "2026-02-01T00:00:00"),
    ("0 0 29 2 *", "2026-03-01T00:00:00", "2028-02-29T00:00:00"),
    ("0 9 * * mon-fri", "2026-01-02T10:00:00", "2026-01-05T09:00:00"),
    ("0 9 * * 7", "2026-01-01T00:00:00", "2026-01-04T09:00:00"),
    ("0 0 13 * fri", "2026-01-01T00:00:00", "2026-01-02T00:00:00"),
    ("30 1-5/2 * jan *", "2026-01-01T01:31:00", "2026-01-01T03:30:00"),
    ("10/20 * * * *", "2026-01-01T00:11:00", "2026-01-01T00:30:00"),
    ("@hourly", "2026-01-01T00:00:00", "2026-01-01T01:00:00"),
    ("@weekly", "2026-01-01T00:00:00", "2026-01-04T00:00:00"),
]


@pytest.mark.parametrize(("text", "at", "due"), CASES)
def test_the_next_due_minute(text: str, at: str, due: str) -> None:
    assert parse_schedule(text).next_after(datetime.fromisoformat(at)) == datetime.fromisoformat(due)


def test_a_day_that_never_comes_is_never_due() -> None:
    assert parse_schedule("0 0 31 2 *").next_after(datetime(2026, 1, 1)) is None


def test_the_zone_of_the_question_counts() -> None:
    zone = ZoneInfo("America/New_York")
    due = parse_schedule("0 9 * * *").next_after(datetime(2026, 7, 1, 12, tzinfo=zone))
    assert due == datetime(2026, 7, 2, 9, tzinfo=zone)


@pytest.mark.parametrize("text", ["", "* * * *", "60 * * * *", "* 24 * * *", "a * * * *", "*/0 * * * *", "5-1 * * * *"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(NotASchedule):
        parse_schedule(text)


@given(minute=st.integers(0, 59), hour=st.integers(0, 23), at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))
def test_the_next_due_minute_is_later_and_fits(minute: int, hour: int, at: datetime) -> None:
    due = parse_schedule(f"{minute} {hour} * * *").next_after(at)
    assert due is not None
    assert due > at
    assert (due.minute, due.hour) == (minute, hour)
