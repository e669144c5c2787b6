"""An application is reported again when its sync begins to take long, by a clock that is an argument."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from gitsync.application.record import Record
from gitsync.reporting.remarks import THRESHOLD_ANNOTATION, remarks
from gitsync.reporting.reminders import Cancel, Reminders
from model.identity import ApplicationKey
from model.report import LONG_SYNC
from tests.gitsync.reporting.test_remarks import START, record

CART = ApplicationKey("argosy", "cart")


@dataclass
class Clock:
    """What is to be called, by the seconds after which."""

    waiting: dict[float, Callable[[], None]] = field(default_factory=dict)

    def later(self, seconds: float, call: Callable[[], None]) -> Cancel:
        def cancel() -> None:
            self.waiting.pop(seconds, None)

        self.waiting[seconds] = call
        return cancel


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[ApplicationKey]:
    return []


@pytest.fixture
def reminders(clock: Clock, told: list[ApplicationKey]) -> Reminders:
    return Reminders(told.append, clock.later)


def due(clock: Clock, seconds: float) -> None:
    clock.waiting.pop(seconds)()


def test_a_sync_that_hangs_is_reported_again_at_the_moment_it_takes_long(
    clock: Clock, told: list[ApplicationKey], reminders: Reminders
) -> None:
    running, now = record(), START + timedelta(minutes=10)
    for _ in range(3):  # every report looks; one reminder is enough
        reminders.look(running, now)
    assert list(clock.waiting) == [20 * 60]
    due(clock, 20 * 60)
    assert told == [CART]
    at = now + timedelta(minutes=20)
    assert [one.type for one in remarks(running, now=at)] == [LONG_SYNC]
    reminders.look(running, at)  # the report that follows carries the warning, and asks for no other
    assert not clock.waiting


def test_another_threshold_moves_the_reminder(clock: Clock, reminders: Reminders) -> None:
    reminders.look(record(), START)
    reminders.look(record(**{THRESHOLD_ANNOTATION: "45"}), START + timedelta(minutes=1))
    assert list(clock.waiting) == [44 * 60]


@pytest.mark.parametrize(
    "ended", [lambda: record("Succeeded"), lambda: record(**{THRESHOLD_ANNOTATION: "1"})], ids=["ended", "long already"]
)
def test_what_needs_no_reminder_any_more_has_none(
    clock: Clock, reminders: Reminders, ended: Callable[[], Record]
) -> None:
    reminders.look(record(), START)
    reminders.look(ended(), START + timedelta(minutes=2))
    assert not clock.waiting


def test_an_application_that_is_gone_is_not_reported_again(clock: Clock, reminders: Reminders) -> None:
    reminders.look(record(), START)
    reminders.forget(CART)
    assert not clock.waiting
