"""The phase of a Rollout: one word and one message, from spec and status."""

from gitsync.rollout import conditions, defaults
from model.kinds.rollout import WORKLOAD_GENERATION, Rollout, RolloutStatus

HEALTHY, PROGRESSING, PAUSED, DEGRADED = "Healthy", "Progressing", "Paused", "Degraded"
_FINISHED = ("Successful", "Failed", "Error", "Inconclusive")


def phase_of(rollout: Rollout, status: RolloutStatus) -> tuple[str, str]:
    """What a controller writes. The first reason counts."""
    for one in status.conditions:
        if one.type == conditions.INVALID_SPEC:
            return DEGRADED, f"{conditions.INVALID_SPEC}: {one.message}"
        if one.reason in (conditions.ABORTED, conditions.TIMED_OUT):
            return DEGRADED, f"{one.reason}: {one.message}"
    spec = rollout.spec
    if spec.paused:
        return PAUSED, "manually paused"
    if status.pause_conditions:
        return PAUSED, status.pause_conditions[0].reason
    if spec.restart_at is not None and spec.restart_at != status.restarted_at:
        return PROGRESSING, "rollout is restarting"
    if status.updated_replicas < defaults.replicas(rollout):
        return PROGRESSING, "more replicas need to be updated"
    if status.available_replicas < status.updated_replicas:
        return PROGRESSING, "updated replicas are still becoming available"
    waiting = _blue_green(rollout, status) if spec.strategy.blue_green else _canary(rollout, status)
    return (PROGRESSING, waiting) if waiting else (HEALTHY, "")


def _blue_green(rollout: Rollout, status: RolloutStatus) -> str:
    strategy = rollout.spec.strategy.blue_green
    assert strategy is not None
    active = status.blue_green.active_selector
    if not active or active != status.current_pod_hash:
        return "active service cutover pending"
    if conditions.is_completed(status):
        return ""
    run = status.blue_green.post_promotion_analysis_run_status
    if strategy.post_promotion_analysis is not None and (run is None or run.status not in _FINISHED):
        return "waiting for analysis to complete"
    return "waiting for post-promotion verification to complete"


def _canary(rollout: Rollout, status: RolloutStatus) -> str:
    strategy = rollout.spec.strategy.canary
    if strategy is None:
        return ""
    if strategy.traffic_routing is None and status.replicas > status.updated_replicas:
        return "old replicas are pending termination"
    return "" if conditions.is_completed(status) else "waiting for all steps to complete"


def shown_phase(rollout: Rollout) -> tuple[str, str]:
    """What a reader may say: the written phase only if the controller has seen the newest spec."""
    status = rollout.status
    observed = status.observed_generation
    if observed.isdigit() and int(observed) < rollout.metadata.generation:
        return PROGRESSING, "waiting for rollout spec update to be observed"
    if status.controller_pause and not status.pause_conditions:
        return PROGRESSING, "waiting for rollout to unpause"
    workload = (rollout.metadata.annotations or {}).get(WORKLOAD_GENERATION, "")
    seen = status.workload_observed_generation
    if rollout.spec.workload_ref and workload.isdigit() and seen.isdigit() and workload != seen:
        return PROGRESSING, "waiting for rollout spec update to be observed for the reference workload"
    return (status.phase, status.message) if status.phase else phase_of(rollout, status)
