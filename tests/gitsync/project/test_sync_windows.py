"""Sync windows: when they are open, whom they concern, and who wins."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.manifest.object import JsonObject
from gitsync.project.cron import NotASchedule, parse_schedule
from gitsync.project.windows import UnreadableWindow, decide, windows_of
from model.kinds.application import Destination

PLACE = Destination(server="https://cluster", name="prod", namespace="shop-eu")
NIGHT = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)
DAY = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def window(kind: str = "allow", schedule: str = "0 22 * * *", duration: str = "1h", **more: Any) -> JsonObject:
    return {"kind": kind, "schedule": schedule, "duration": duration, "applications": ["*"], **more}


def allowed(*windows: JsonObject, at: datetime = NIGHT, manual: bool = False, began: datetime | None = None) -> bool:
    found = windows_of({"spec": {"syncWindows": list(windows)}}, "web", PLACE)
    return decide(found, at, manual=manual, began=began).allowed


def test_no_window_means_no_limit() -> None:
    assert allowed()


@pytest.mark.parametrize(("at", "open_"), [(NIGHT, True), (DAY, False)])
def test_an_allow_window_means_only_inside_one(at: datetime, open_: bool) -> None:
    assert allowed(window(), at=at) is open_
    assert allowed(window(), window(schedule="0 12 * * *"), at=DAY)
    assert allowed(window("deny"), at=at) is not open_


def test_deny_beats_allow() -> None:
    assert not allowed(window(), window("deny"))


def test_a_window_is_open_from_its_start_up_to_its_end() -> None:
    start = datetime(2026, 3, 10, 22, tzinfo=UTC)
    opened = [start + timedelta(seconds=seconds) for seconds in (-1, 0, 3599, 3600)]
    assert [allowed(window(), at=at) for at in opened] == [False, True, True, False]


def test_manual_sync_has_to_be_granted_by_all_that_are_in_the_way() -> None:
    assert allowed(window("deny", manualSync=True), manual=True)
    assert not allowed(window("deny", manualSync=True))
    assert not allowed(window("deny", manualSync=True), window("deny"), manual=True)
    assert allowed(window(manualSync=True), at=DAY, manual=True)
    assert not allowed(window(manualSync=True), window(), at=DAY, manual=True)


def test_overrun_needs_the_word_of_all_and_a_start_that_was_allowed() -> None:
    later = NIGHT + timedelta(hours=1)
    assert allowed(window(syncOverrun=True), at=later, began=NIGHT)
    assert not allowed(window(), at=later, began=NIGHT)
    assert not allowed(window(syncOverrun=True), window(), at=later, began=NIGHT)
    assert not allowed(window(syncOverrun=True), at=later, began=DAY)
    assert allowed(window("deny", syncOverrun=True), at=NIGHT, began=DAY)
    assert not allowed(window("deny", syncOverrun=True), at=NIGHT, began=NIGHT)


@pytest.mark.parametrize(
    ("lists", "concerned"),
    [
        ({"applications": ["we?"]}, True),
        ({"applications": ["api"]}, False),
        ({"applications": ["api"], "namespaces": ["shop-*"]}, True),
        ({"applications": ["api"], "clusters": ["prod"]}, True),
        ({"applications": [], "clusters": ["https://cluster"]}, True),
        ({"applications": ["web"], "namespaces": ["other"], "andOperator": True}, False),
        ({"applications": ["web"], "namespaces": ["shop-*"], "andOperator": True}, True),
        ({"applications": []}, False),
    ],
)
def test_whom_a_window_concerns(lists: dict[str, Any], concerned: bool) -> None:
    assert allowed(window("deny", **lists)) is not concerned


@pytest.mark.parametrize(
    ("zone", "at", "open_"),
    [
        ("Europe/Berlin", datetime(2026, 7, 1, 20, 30, tzinfo=UTC), True),
        ("Europe/Berlin", datetime(2026, 7, 1, 21, 30, tzinfo=UTC), False),
        ("Europe/Berlin", datetime(2026, 1, 1, 21, 30, tzinfo=UTC), True),
        ("America/New_York", datetime(2026, 3, 9, 2, 30, tzinfo=UTC), True),
        ("UTC", datetime(2026, 7, 2, 0, 30, tzinfo=timezone(timedelta(hours=2))), True),
    ],
)
def test_schedules_are_read_in_their_zone_on_both_sides_of_a_clock_change(zone: str, at: datetime, open_: bool) -> None:
    assert allowed(window(timeZone=zone), at=at) is open_


def test_a_window_over_a_clock_change_lasts_as_long_as_it_says() -> None:
    """At 2:00 in Berlin the clock goes to 3:00: four hours after 23:00 is 4:00 there."""
    over = window(schedule="0 23 28 3 *", duration="4h", timeZone="Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    assert allowed(over, at=datetime(2026, 3, 29, 3, 59, tzinfo=berlin))
    assert not allowed(over, at=datetime(2026, 3, 29, 4, 0, tzinfo=berlin))


def test_a_start_that_the_clock_skips_is_not_lost() -> None:
    skipped = window(schedule="30 2 * * *", timeZone="Europe/Berlin")
    assert allowed(skipped, at=datetime(2026, 3, 29, 1, 45, tzinfo=UTC))


def test_the_ruling_tells_when_it_changes() -> None:
    found = windows_of({"spec": {"syncWindows": [window()]}}, "web", PLACE)
    assert decide(found, DAY, manual=False).changes_at == datetime(2026, 3, 10, 22, tzinfo=UTC)
    assert decide(found, NIGHT, manual=False).changes_at == datetime(2026, 3, 10, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "broken",
    [{"kind": "maybe"}, {"duration": "soon"}, {"duration": ""}, {"schedule": "* * *"}, {"timeZone": "Mars/Olympus"}],
)
def test_a_window_that_nobody_can_read_is_told_of(broken: dict[str, str]) -> None:
    with pytest.raises(UnreadableWindow, match="sync window 1"):
        windows_of({"spec": {"syncWindows": [{**window(), **broken}]}}, "web", PLACE)


@pytest.mark.parametrize(
    ("schedule", "at", "expected"),
    [
        ("*/15 * * * *", "2026-03-10T10:01", "2026-03-10T10:15"),
        ("0 9-17/4 * * *", "2026-03-10T10:00", "2026-03-10T13:00"),
        ("0 0 * * MON", "2026-03-10T10:00", "2026-03-16T00:00"),
        ("0 0 * * 7", "2026-03-10T10:00", "2026-03-15T00:00"),
        ("0 0 13 * fri", "2026-03-01T10:00", "2026-03-06T00:00"),
        ("0 0 29 2 *", "2026-03-10T10:00", "2028-02-29T00:00"),
        ("5/20 * * jan,mar ?", "2026-03-10T10:30", "2026-03-10T10:45"),
    ],
)
def test_next_starts(schedule: str, at: str, expected: str) -> None:
    found = parse_schedule(schedule).next_start(datetime.fromisoformat(at + "+00:00"), ZoneInfo("UTC"))
    assert found == datetime.fromisoformat(expected + "+00:00")


def test_a_date_that_never_comes_has_no_start() -> None:
    assert parse_schedule("0 0 30 2 *").next_start(DAY, ZoneInfo("UTC")) is None


@pytest.mark.parametrize("text", ["", "* * * *", "60 * * * *", "a * * * *", "* * 0 * *", "*/0 * * * *", "5-1 * * * *"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(NotASchedule):
        parse_schedule(text)


@given(
    st.sampled_from(["0 * * * *", "*/7 3 * * 1-5", "30 2 1,15 * *"]),
    st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"]),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),
)
def test_the_start_after_the_last_one_is_never_before_now(schedule: str, zone: str, moment: datetime) -> None:
    at, read = moment.replace(tzinfo=UTC), parse_schedule(schedule)
    last = read.last_start(at, ZoneInfo(zone), not_before=at - timedelta(days=40))
    following = read.next_start(at, ZoneInfo(zone))
    assert last is not None
    assert following is not None
    assert last <= at < following
