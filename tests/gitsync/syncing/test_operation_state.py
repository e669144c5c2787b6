"""Life of an operation: attempts, retries, termination, history."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.duration import parse_duration
from gitsync.syncing.operation import (
    Attempt,
    begin,
    conclude,
    deserves_history,
    extend_history,
    failure_message,
    progress,
    retry_delay_seconds,
    supersede,
)
from model.kinds.application import (
    Backoff,
    Operation,
    ResourceResult,
    RetryStrategy,
    SyncOperation,
    SyncOperationResource,
)
from model.operation import Phase

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FAILED = Attempt(Phase.FAILED, "one object failed")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5), ("3m", 180), ("1m30s", 90), ("1.5h", 5400), ("250ms", 0.25), ("10", 10), ("", None), ("soon", None)],
)
def test_durations_are_those_of_go(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


def test_back_off_defaults_are_those_of_argo_cd() -> None:
    assert [retry_delay_seconds(RetryStrategy(limit=9), count) for count in (0, 1, 2, 9)] == [5, 10, 20, 180]


def test_back_off_obeys_the_policy() -> None:
    strategy = RetryStrategy(limit=9, backoff=Backoff(duration="1s", factor=3, max_duration="10s"))
    assert [retry_delay_seconds(strategy, count) for count in (0, 1, 2, 3)] == [1, 3, 9, 10]


@given(st.integers(min_value=0, max_value=10_000))
def test_back_off_never_exceeds_its_limit(count: int) -> None:
    assert 0 < retry_delay_seconds(RetryStrategy(limit=-1), count) <= 180


def test_a_failed_attempt_without_retry_ends_the_operation() -> None:
    verdict = conclude(begin(Operation(), now=NOW), FAILED, now=NOW + timedelta(seconds=1))
    assert verdict.retry_after_seconds is None
    assert verdict.state.phase == Phase.FAILED
    assert verdict.state.message == "one object failed"
    assert verdict.state.finished_at == NOW + timedelta(seconds=1)


def test_retries_run_until_the_limit_and_then_say_so() -> None:
    state = begin(Operation(retry=RetryStrategy(limit=2)), now=NOW)
    first = conclude(state, FAILED, now=NOW)
    assert first.state.phase == Phase.RUNNING
    assert first.retry_after_seconds == 5
    assert "Retrying attempt #1 at 03:04:10 UTC" in first.state.message
    second = conclude(first.state, FAILED, now=NOW)
    assert second.retry_after_seconds == 10
    third = conclude(second.state, FAILED, now=NOW)
    assert third.retry_after_seconds is None
    assert third.state.phase == Phase.FAILED
    assert third.state.message == "one object failed (retried 2 times)."


def test_no_retry_comes_before_the_cluster_wants_it() -> None:
    state = begin(Operation(retry=RetryStrategy(limit=9)), now=NOW)
    first = conclude(state, FAILED, now=NOW, patience_seconds=30.0)
    assert first.retry_after_seconds == 30
    assert "Retrying attempt #1 at 03:04:35 UTC" in first.state.message
    assert conclude(first.state, FAILED, now=NOW, patience_seconds=3.0).retry_after_seconds == 10


def test_an_operation_without_limit_is_retried_for_ever() -> None:
    state = begin(Operation(retry=RetryStrategy(limit=-1)), now=NOW)
    for _ in range(50):
        verdict = conclude(state, FAILED, now=NOW)
        assert verdict.retry_after_seconds is not None
        state = verdict.state


def test_a_terminated_operation_fails_and_is_not_retried() -> None:
    state = progress(begin(Operation(retry=RetryStrategy(limit=9)), now=NOW), "", None, phase=Phase.TERMINATING)
    verdict = conclude(state, FAILED, now=NOW)
    assert verdict.retry_after_seconds is None
    assert verdict.state.phase == Phase.FAILED
    assert verdict.state.message == "Operation terminated"


def test_a_superseded_operation_names_the_newer_commit() -> None:
    state = supersede(begin(Operation(), now=NOW), "0123456789abcdef", now=NOW)
    assert state.phase == Phase.FAILED
    assert "superseded by 01234567" in state.message


def test_the_failure_message_names_an_object() -> None:
    results = (
        ResourceResult(kind="Service", name="a", status="Synced"),
        ResourceResult(
            kind="Deployment", name="b", status="SyncFailed", message="Deployment b: spec.selector is immutable"
        ),
    )
    assert "1 of 2" in failure_message(results)
    assert "spec.selector" in failure_message(results)


@pytest.mark.parametrize(
    ("sync", "phase", "expected"),
    [
        (SyncOperation(), "Succeeded", True),
        (SyncOperation(), "Failed", False),
        (SyncOperation(dry_run=True), "Succeeded", False),
        (SyncOperation(resources=(SyncOperationResource(kind="Service", name="a"),)), "Succeeded", False),
        (None, "Succeeded", False),
    ],
)
def test_only_full_successful_syncs_are_history(sync: SyncOperation | None, phase: str, expected: bool) -> None:
    assert deserves_history(Operation(sync=sync), phase) is expected


def test_history_keeps_the_newest_under_growing_ids() -> None:
    history: tuple[dict[str, Any], ...] = ()
    for number in range(13):
        history = extend_history(history, {"revision": str(number)}, limit=None)
    assert [entry["id"] for entry in history] == list(range(3, 13))
    assert extend_history(history, {"revision": "x"}, limit=2)[-1] == {"id": 13, "revision": "x"}
    assert extend_history(history, {"revision": "x"}, limit=0) == ()
