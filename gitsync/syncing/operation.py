"""Life of an operation as values: start, end of an attempt, retry with back-off, termination, history.

The state is what Applications carry in `status.operationState`, in Argo CD's spelling. Pure: `now` is an argument.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from gitsync.duration import parse_duration
from gitsync.manifest.object import JsonObject
from model.kinds.application import (
    Application,
    ApplicationSource,
    Operation,
    OperationState,
    ResourceResult,
    RetryStrategy,
    SyncOperation,
    SyncOperationResult,
    sources_in_force,
)
from model.operation import Phase, advance

_BACK_OFF_SECONDS = 5.0
_BACK_OFF_FACTOR = 2
_BACK_OFF_MAX_SECONDS = 180.0

HISTORY_LIMIT = 10
_RETRYING = ". Retrying attempt #"
SUCCEEDED_MESSAGE = "successfully synced (all tasks run)"
TERMINATED_MESSAGE = "Operation terminated"


def retry_delay_seconds(strategy: RetryStrategy, retry_count: int) -> float:
    """Wait before the retry that follows `retry_count` retries."""
    back_off = strategy.backoff
    first = (parse_duration(back_off.duration) if back_off else None) or _BACK_OFF_SECONDS
    most = (parse_duration(back_off.max_duration) if back_off else None) or _BACK_OFF_MAX_SECONDS
    factor = (back_off.factor if back_off else None) or _BACK_OFF_FACTOR
    return min(most, first * float(factor) ** min(retry_count, 64))


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt to sync ended: `phase` is a completed one."""

    phase: Phase
    message: str
    result: SyncOperationResult | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state after an attempt. `retry_after_seconds` is None when the operation is over."""

    state: OperationState
    retry_after_seconds: float | None = None


def begin(operation: Operation, *, now: datetime) -> OperationState:
    return OperationState(operation=operation, phase=Phase.RUNNING, started_at=now)


def progress(
    state: OperationState, message: str, result: SyncOperationResult | None, *, phase: Phase = Phase.RUNNING
) -> OperationState:
    """The running state with what has been done so far."""
    reached = advance(Phase(state.phase), phase)
    return msgspec.structs.replace(state, phase=reached, message=message, sync_result=result or state.sync_result)


def conclude(state: OperationState, attempt: Attempt, *, now: datetime, patience_seconds: float = 0.0) -> Verdict:
    """The state after `attempt`: completed, or running again after a wait when retries are left. The cluster asks for
    `patience_seconds`, which no wait is shorter than."""
    retry = state.operation.retry
    terminating = state.phase == Phase.TERMINATING
    failed = attempt.phase in (Phase.FAILED, Phase.ERROR)
    if failed and not terminating and retry and (retry.limit < 0 or state.retry_count < retry.limit):
        delay_seconds = max(retry_delay_seconds(retry, state.retry_count), patience_seconds)
        at = now + timedelta(seconds=delay_seconds)
        count = state.retry_count + 1
        waiting = msgspec.structs.replace(
            state,
            message=f"{attempt.message.rstrip('.')}{_RETRYING}{count} at {at:%H:%M:%S} UTC.",
            sync_result=attempt.result or state.sync_result,
            retry_count=count,
        )
        return Verdict(waiting, delay_seconds)
    message = attempt.message
    if failed and state.retry_count and not terminating:
        message = f"{message} (retried {state.retry_count} times)."
    if terminating and failed:
        message = TERMINATED_MESSAGE
    done = msgspec.structs.replace(
        state,
        phase=advance(Phase(state.phase), attempt.phase if failed or not terminating else Phase.FAILED),
        message=message,
        sync_result=attempt.result or state.sync_result,
        finished_at=now,
    )
    return Verdict(done)


def is_between_attempts(state: OperationState) -> bool:
    """Whether the next attempt is still to begin: results are those of the one before."""
    return _RETRYING in state.message


def supersede(state: OperationState, revision: str, *, now: datetime) -> OperationState:
    """The state of an operation that gave way to a newer commit."""
    message = f"superseded by {revision[:8]}: a newer commit arrived before this one was applied completely"
    return msgspec.structs.replace(state, phase=Phase.FAILED, message=message, finished_at=now)


def failure_message(results: tuple[ResourceResult, ...]) -> str:
    """Sentence for an attempt in which objects failed: how many, and the first of them with its reason."""
    failed = [one for one in results if one.status == "SyncFailed"]
    if not failed:
        return "one or more synchronization tasks are not valid"
    first = failed[0]
    return f"one or more objects failed to apply ({len(failed)} of {len(results)}), reason: {first.message}"


def deserves_history(operation: Operation, phase: str) -> bool:
    """Full, real, successful syncs are history; selective syncs and dry runs are not."""
    sync = operation.sync
    return phase == Phase.SUCCEEDED and sync is not None and not sync.dry_run and not sync.resources


def extend_history(history: tuple[JsonObject, ...], entry: JsonObject, *, limit: int | None) -> tuple[JsonObject, ...]:
    """`history` with `entry` at its end under the next id, no longer than `limit`."""
    keep = HISTORY_LIMIT if limit is None else limit
    if keep <= 0:
        return ()
    next_id = int(history[-1].get("id") or 0) + 1 if history else 0
    return (*history, {"id": next_id, **entry})[-keep:]


def sources_to_sync(application: Application, sync: SyncOperation) -> tuple[ApplicationSource, ...]:
    """What this operation applies: its own sources (a rollback), else the application's."""
    return sources_in_force(sync.source, sync.sources) or application.spec.all_sources
