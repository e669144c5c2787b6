"""The outbox: bounded whatever the control plane does."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gitsync.reporting.outbox import Outbox, Subject
from model.link import ClusterRemoved, FromRuntime, Report, ReportItem


def removed(subject: Subject) -> ReportItem | None:
    return ClusterRemoved(str(subject[1]))


def decoded(frame: bytes) -> Report:
    message = msgspec.msgpack.decode(frame, type=FromRuntime)
    assert isinstance(message, Report)
    return message


def test_a_subject_that_changes_often_is_reported_once() -> None:
    outbox = Outbox(removed, window=10)
    for _ in range(1000):
        outbox.changed(("cluster", "a"))
    frame = outbox.next_frame()
    assert frame is not None
    assert len(decoded(frame).items) == 1
    assert outbox.next_frame() is None


def test_a_full_window_waits_for_an_acknowledgement() -> None:
    outbox = Outbox(removed, window=2)
    frames = []
    for number in range(5):
        outbox.changed(("cluster", str(number)))
        frames.append(outbox.next_frame())
    assert [frame is not None for frame in frames] == [True, True, False, False, False]
    outbox.acknowledge(1)
    frame = outbox.next_frame()
    assert frame is not None
    assert len(decoded(frame).items) == 3


def test_a_resume_beyond_what_was_kept_needs_a_snapshot() -> None:
    outbox = Outbox(removed, window=9)
    for number in range(3):
        outbox.changed(("cluster", str(number)))
        outbox.next_frame()
    outbox.acknowledge(2)
    assert outbox.resume(1) is None
    assert outbox.resume(None) is None
    assert outbox.resume(99) is None
    again = outbox.resume(2)
    assert again is not None
    assert [decoded(frame).seq for frame in again] == [3]


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=200))
def test_nothing_is_lost_and_numbers_have_no_gaps(steps: list[tuple[int, bool]]) -> None:
    outbox = Outbox(removed, window=3)
    expected, reported, numbers = set(), set(), []
    for number, acknowledge in steps:
        outbox.changed(("cluster", str(number)))
        expected.add(str(number))
        if (frame := outbox.next_frame()) is not None:
            report = decoded(frame)
            numbers.append(report.seq)
            reported |= {item.server for item in report.items if isinstance(item, ClusterRemoved)}
        if acknowledge and numbers:
            outbox.acknowledge(numbers[-1])
        assert outbox.unacknowledged <= 3
    outbox.acknowledge(len(numbers))
    while (frame := outbox.next_frame()) is not None:
        reported |= {item.server for item in decoded(frame).items if isinstance(item, ClusterRemoved)}
        outbox.acknowledge(decoded(frame).seq)
    assert reported == expected
    assert numbers == list(range(1, len(numbers) + 1))
