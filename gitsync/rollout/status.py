"""The status that a pass leaves behind: counts, conditions, promotion, and the one patch that writes it."""

from datetime import timedelta
from typing import Any

import msgspec

from gitsync.manifest.merge_patch import merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.rollout import conditions, defaults, duration
from gitsync.rollout.hashing import steps_hash
from gitsync.rollout.phase import phase_of
from gitsync.rollout.replica_counts import current_step, is_fully_promoted
from gitsync.rollout.replica_set import (
    parse_time,
    total_available,
    total_ready,
    total_replicas,
    with_hash,
)
from gitsync.rollout.revision import current_hash
from gitsync.rollout.rollback import within_delay, within_window
from gitsync.rollout.service_switch import is_saturated
from gitsync.rollout.working import ROLLOUT, Pass
from model.kinds.rollout import WORKLOAD_GENERATION, Condition, RolloutStatus


def fresh(status: RolloutStatus) -> RolloutStatus:
    """What every pass begins with: only what nobody decides anew is kept."""
    draft = RolloutStatus(restarted_at=status.restarted_at, alb=status.alb, albs=status.albs, duration=status.duration)
    draft.canary.weights = status.canary.weights
    draft.canary.step_plugin_statuses = status.canary.step_plugin_statuses
    return draft


def fill_counts(work: Pass) -> None:
    status, draft = work.rollout.status, work.draft
    draft.current_pod_hash = current_hash(work)
    draft.replicas = total_replicas(work.all)
    draft.updated_replicas = total_replicas([work.new])
    draft.ready_replicas = total_ready(work.all)
    draft.collision_count = status.collision_count
    draft.conditions = conditions.without(status.conditions, conditions.INVALID_SPEC, conditions.TRAFFIC_ROUTING)
    draft.stable_rs = status.stable_rs
    draft.promote_full = status.promote_full


def canary_steps_hash(work: Pass) -> str:
    if not work.steps_hash:
        strategy = (work.body.get("spec") or {}).get("strategy") or {}
        recorded = work.rollout.status.current_step_hash
        work.steps_hash = steps_hash((strategy.get("canary") or {}).get("steps") or [], recorded)
    return work.steps_hash


def template_changed(work: Pass) -> bool:
    recorded = work.rollout.status.current_pod_hash
    return bool(recorded) and recorded != current_hash(work)


def template_or_steps_changed(work: Pass) -> bool:
    return work.rollout.status.current_step_hash != canary_steps_hash(work) or template_changed(work)


def reset(work: Pass) -> None:
    """As at the beginning of an update."""
    work.pausing.clear()
    work.pausing.remove_abort()
    draft, steps = work.draft, work.rollout.spec.strategy.canary
    draft.restarted_at = work.rollout.spec.restart_at
    # Set while nothing was under way, it was asked for together with this update, and must not get lost.
    draft.promote_full = work.rollout.status.promote_full and is_fully_promoted(work.rollout)
    draft.blue_green.pre_promotion_analysis_run_status = None
    draft.blue_green.post_promotion_analysis_run_status = None
    draft.blue_green.scale_up_preview_check_point = False
    draft.canary.current_step_analysis_run_status = None
    draft.canary.current_background_analysis_run_status = None
    draft.canary.step_plugin_statuses = ()
    draft.current_step_index = 0 if steps and steps.steps else None


def promote(work: Pass, reason: str) -> None:
    """The new ReplicaSet is the stable one from now on."""
    work.pausing.clear()
    work.pausing.remove_abort()
    draft, canary = work.draft, work.rollout.spec.strategy.canary
    draft.promote_full = False
    draft.blue_green.scale_up_preview_check_point = False
    if canary is not None:
        draft.current_step_index = len(canary.steps) or None
    if draft.stable_rs == draft.current_pod_hash:
        return
    if canary is not None and canary.ping_pong is not None:
        was = work.rollout.status.canary.stable_ping_pong
        draft.canary.stable_ping_pong = "pong" if was == "ping" else "ping"
    draft.stable_rs = draft.current_pod_hash
    message = f"Rollout completed update to revision {work.revision} ({draft.current_pod_hash}): {reason}"
    work.event("RolloutCompleted", message)


# ---- conditions


def _fill_conditions(work: Pass) -> None:
    became_unhealthy = _health(work)
    if work.pausing.aborted:
        message = f"Rollout aborted update to revision {work.revision}"
        if work.pausing.abort_message:
            message = f"{message}: {work.pausing.abort_message}"
        if _set(work, conditions.PROGRESSING, "False", conditions.ABORTED, message):
            work.event(conditions.ABORTED, message, warning=True)
    else:
        _progress(work, became_unhealthy)
    _availability(work)
    failure = _replica_failure(work)
    others = conditions.without(work.draft.conditions, conditions.REPLICA_FAILURE)
    known = conditions.condition_of(work.draft.conditions, conditions.REPLICA_FAILURE)
    if failure is None:
        work.draft.conditions = others
    elif known is None or (known.status, known.reason) != (failure.status, failure.reason):
        work.draft.conditions = (*others, failure)
    completed = conditions.is_completed(work.draft)
    changed = _set(work, conditions.COMPLETED, _text(completed), "RolloutCompleted", "RolloutCompleted")
    if changed and not completed:
        message = f"Rollout not completed, started update to revision {work.revision} ({work.draft.current_pod_hash})"
        work.event("RolloutNotCompleted", message)


def _set(work: Pass, type_: str, status: str, reason: str, message: str) -> bool:
    work.draft.conditions, changed = conditions.with_condition(
        work.draft.conditions, type_, status, reason, message, work.stamp
    )
    return changed


def _text(value: bool) -> str:
    return "True" if value else "False"


def _health(work: Pass) -> bool:
    """True when it was healthy and is no longer."""
    status = work.rollout.status
    paused = bool(work.draft.pause_conditions) or work.rollout.spec.paused
    if not paused and conditions.is_healthy(work.rollout, work.draft):
        _set(work, conditions.HEALTHY, "True", "RolloutHealthy", "Rollout is healthy")
        return False
    if conditions.condition_of(status.conditions, conditions.HEALTHY) is None:
        return False
    return _set(work, conditions.HEALTHY, "False", "RolloutHealthy", "Rollout is not healthy")


def _progress(work: Pass, became_unhealthy: bool) -> None:
    rollout, draft = work.rollout, work.draft
    new = f'ReplicaSet "{work.new.name}"' if work.new else f'Rollout "{work.name}"'
    if conditions.is_healthy(rollout, draft):
        message = f'ReplicaSet "{work.new.name if work.new else ""}" has successfully progressed.'
        _set(work, conditions.PROGRESSING, "True", conditions.NEW_AVAILABLE, message)
    elif became_unhealthy or conditions.made_progress(rollout, draft):
        reason, message = "ReplicaSetUpdated", f"{new} is progressing."
        if became_unhealthy and draft.stable_rs == draft.current_pod_hash:
            reason, message = "ReplicaSetNotAvailable", "Rollout does not have minimum availability"
        before = conditions.condition_of(rollout.status.conditions, conditions.PROGRESSING)
        since = before.last_transition_time if before and before.status == "True" else work.stamp
        fresh_one = Condition(conditions.PROGRESSING, "True", work.stamp, since, reason, message)
        draft.conditions = (*conditions.without(draft.conditions, conditions.PROGRESSING), fresh_one)
    elif not clock_stopped(work) and conditions.has_timed_out(rollout, draft, work.now):
        _set(work, conditions.PROGRESSING, "False", conditions.TIMED_OUT, f"{new} has timed out progressing.")


def _abort_at_deadline(work: Pass) -> None:
    """Only an update that is under way, and does not move in this very pass, can be aborted for its slowness."""
    rollout, draft = work.rollout, work.draft
    if not rollout.spec.progress_deadline_abort or work.pausing.aborted or conditions.is_completed(draft):
        return
    if not draft.stable_rs or conditions.made_progress(rollout, draft) or clock_stopped(work):
        return
    if conditions.has_timed_out(rollout, rollout.status, work.now):
        new = f'ReplicaSet "{work.new.name}"' if work.new else f'Rollout "{work.name}"'
        message = f"{new} has timed out progressing."
        work.pausing.abort(message)
        work.event(conditions.ABORTED, message, warning=True)
        work.wake(work.now)


def clock_stopped(work: Pass) -> bool:
    """Whether lack of progress is meant: a step that waits, a pause, or old pods that stay for their delay."""
    rollout = work.rollout
    step, _ = current_step(rollout)
    waits = step is not None and (step.pause, step.analysis, step.experiment, step.plugin) != (None,) * 4
    paused = bool(rollout.status.pause_conditions) or rollout.spec.paused
    delayed = defaults.traffic_routing(rollout) is not None and any(
        one.deadline is not None and one.deadline > work.now for one in work.others
    )
    return waits or paused or (delayed and conditions.is_completed(work.draft))


def _availability(work: Pass) -> None:
    rollout = work.rollout
    if rollout.spec.strategy.blue_green:
        available = is_saturated(rollout, with_hash(work.all, work.draft.blue_green.active_selector))
    else:
        available = total_available(work.all) >= defaults.replicas(rollout)
    has = "has" if available else "does not have"
    message = f"Rollout {has} minimum availability"
    _set(work, conditions.AVAILABLE, _text(available), "AvailableReason", message)


def _replica_failure(work: Pass) -> Condition | None:
    """Why pods cannot be made; the new ReplicaSet's reason comes first."""
    for one in [*([work.new] if work.new else []), *work.all]:
        for found in (one.body.get("status") or {}).get("conditions") or ():
            if found.get("type") == conditions.REPLICA_FAILURE:
                at = parse_time(found.get("lastTransitionTime") or "") or work.stamp
                return Condition(
                    conditions.REPLICA_FAILURE,
                    str(found.get("status") or "True"),
                    at,
                    at,
                    str(found.get("reason") or ""),
                    str(found.get("message") or ""),
                )
    return None


# ---- the write


def persist(work: Pass) -> None:
    """Completes the status and patches what changed. Each line needs what the lines before it decided."""
    draft, rollout = work.draft, work.rollout
    workload = work.annotations.get(WORKLOAD_GENERATION, "") if rollout.spec.workload_ref else ""
    draft.workload_observed_generation = workload
    draft.observed_generation = str(rollout.metadata.generation)
    _abort_at_deadline(work)
    work.pausing.apply(draft, work.stamp)
    _fill_conditions(work)
    draft.phase, draft.message = phase_of(rollout, draft)
    rolled_back = within_window(work) or within_delay(work)
    draft.duration = duration.advanced(rollout, draft, work.stamp, rolled_back=rolled_back)
    _tell_pause(work)
    patch = merge_patch(encoded(rollout.status), encoded(draft))
    if patch:
        work.patch(ROLLOUT, work.name, {"status": patch}, subresource="status")
    _wake_for_deadline(work)


def encoded(status: RolloutStatus) -> JsonObject:
    body: Any = msgspec.to_builtins(status)
    return {key: value for key, value in body.items() if value != {}}


def _tell_pause(work: Pass) -> None:
    before, after = work.rollout.status.pause_conditions, work.draft.pause_conditions
    if after and not before:
        work.event("RolloutPaused", f"Rollout is paused ({after[0].reason})")
    elif before and not after and work.draft.aborted_at is None:
        work.event("RolloutResumed", "Rollout is resumed")


def _wake_for_deadline(work: Pass) -> None:
    """Looks again when the deadline passes, unless something happens before."""
    if work.draft.abort or conditions.is_healthy(work.rollout, work.draft) or clock_stopped(work):
        return
    end = conditions.deadline(work.rollout, work.draft)
    if end is not None:
        work.wake(max(end, work.now) + timedelta(seconds=1))
