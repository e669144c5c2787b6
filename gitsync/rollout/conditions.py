"""Conditions of a Rollout: set, found, removed; and what they are decided from."""

from datetime import datetime, timedelta

from gitsync.rollout import defaults
from model.kinds.rollout import Condition, Rollout, RolloutStatus

PROGRESSING, AVAILABLE, PAUSED, HEALTHY = "Progressing", "Available", "Paused", "Healthy"
COMPLETED, INVALID_SPEC, REPLICA_FAILURE = "Completed", "InvalidSpec", "ReplicaFailure"
TRAFFIC_ROUTING = "TrafficRouting"  # only while a router's object is not as it must be

ABORTED = "RolloutAborted"
TIMED_OUT = "ProgressDeadlineExceeded"
NEW_AVAILABLE = "NewReplicaSetAvailable"
ROUTING_ERROR = "TrafficRoutingError"

Conditions = tuple[Condition, ...]


def condition_of(conditions: Conditions, type_: str) -> Condition | None:
    return next((one for one in conditions if one.type == type_), None)


def with_condition(
    conditions: Conditions, type_: str, status: str, reason: str, message: str, now: datetime
) -> tuple[Conditions, bool]:
    """The conditions afterwards, and whether that changed anything: a new message alone does not."""
    current = condition_of(conditions, type_)
    if current and current.status == status and current.reason == reason:
        return conditions, False
    since = current.last_transition_time if current and current.status == status else now
    return (*without(conditions, type_), Condition(type_, status, now, since, reason, message)), True


def without(conditions: Conditions, *types: str) -> Conditions:
    return tuple(one for one in conditions if one.type not in types)


def with_problem(conditions: Conditions, problem: Condition) -> Conditions:
    """A condition that is there as long as what it tells of: another message is another problem."""
    known = condition_of(conditions, problem.type)
    if known is not None and known.message == problem.message:
        return conditions
    return (*without(conditions, problem.type), problem)


def is_healthy(rollout: Rollout, status: RolloutStatus) -> bool:
    """All replicas are the new ones, available, and get the traffic."""
    count, strategy = defaults.replicas(rollout), rollout.spec.strategy
    done = True
    if strategy.blue_green:
        done = status.blue_green.active_selector == status.current_pod_hash
        if strategy.blue_green.preview_service:
            done = done and status.blue_green.preview_selector == status.current_pod_hash
    if strategy.canary:
        steps = len(strategy.canary.steps)
        through = not steps or status.current_step_index is None or status.current_step_index == steps
        done = through and is_completed(status) and status.replicas == count
    return (
        status.updated_replicas == count
        and status.available_replicas == count
        and rollout.status.observed_generation == str(rollout.metadata.generation)
        and done
    )


def is_completed(status: RolloutStatus) -> bool:
    return bool(status.stable_rs) and status.stable_rs == status.current_pod_hash


def made_progress(rollout: Rollout, status: RolloutStatus) -> bool:
    """Something moved between the status that was and the one that will be."""
    old, strategy = rollout.status, rollout.spec.strategy
    moved = False
    if strategy.blue_green:
        moved = (old.blue_green.active_selector, old.blue_green.preview_selector) != (
            status.blue_green.active_selector,
            status.blue_green.preview_selector,
        )
    if strategy.canary:
        stepped = (
            old.current_step_index is not None
            and status.current_step_index is not None
            and old.current_step_index != status.current_step_index
        )
        moved = stepped or status.stable_rs != old.stable_rs or status.current_step_hash != old.current_step_hash
    return (
        moved
        or status.updated_replicas != old.updated_replicas
        or status.replicas - status.updated_replicas < old.replicas - old.updated_replicas
        or status.ready_replicas > old.ready_replicas
        or status.available_replicas > old.available_replicas
    )


def deadline(rollout: Rollout, status: RolloutStatus) -> datetime | None:
    """When lack of progress becomes a failure; None when nothing is measured."""
    progressing = condition_of(status.conditions, PROGRESSING)
    if progressing is None or progressing.last_update_time is None or progressing.reason in (ABORTED, TIMED_OUT):
        return None
    return progressing.last_update_time + timedelta(seconds=defaults.progress_deadline_seconds(rollout))


def has_timed_out(rollout: Rollout, status: RolloutStatus, now: datetime) -> bool:
    progressing = condition_of(status.conditions, PROGRESSING)
    if progressing is not None and progressing.reason == TIMED_OUT:
        return True
    end = deadline(rollout, status)
    return end is not None and end < now
