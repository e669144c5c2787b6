"""One pass over a Rollout with the canary strategy. Each return is a point at which others may look."""

from gitsync.rollout import analysis_runs, defaults, history, pod_metadata, status, step_experiment, traffic
from gitsync.rollout.pausing import CANARY_PAUSE, INCONCLUSIVE_ANALYSIS, halted, pause_condition
from gitsync.rollout.replica_counts import at_desired_counts, current_step, enough_available, is_fully_promoted
from gitsync.rollout.replica_set import print_selector, total_available, total_replicas, with_hash
from gitsync.rollout.restart import restart
from gitsync.rollout.rollback import within_window
from gitsync.rollout.scaling import remove_deadlines, scale_new, scale_others_of_canary, scale_stable
from gitsync.rollout.service_switch import switch_canary_services
from gitsync.rollout.step_text import step_text
from gitsync.rollout.working import Pass
from model.kinds.rollout import CanaryStep


def reconcile(work: Pass) -> None:
    if status.template_or_steps_changed(work):
        sync(work)
        return
    if restart(work):
        return
    pod_metadata.sync(work)
    history.forget_old(work)
    switch_canary_services(work)
    traffic.route(work)
    step_experiment.reconcile(work)
    analysis_runs.reconcile(work)
    if work.pausing.added or not work.weights_settled:
        sync(work)
        return
    if not scale_all(work):
        _pause(work)
    sync(work)


def scale_all(work: Pass) -> bool:
    """True as soon as one size changed: the step does not move in the same pass."""
    if halted(work.rollout):
        return False
    remove_deadlines(work)
    if scale_stable(work):
        return _scaled(work)
    if work.new is None and not is_fully_promoted(work.rollout):
        work.new = with_hash(work.all, work.rollout.status.current_pod_hash)
    return (scale_new(work) or scale_others_of_canary(work)) and _scaled(work)


def _scaled(work: Pass) -> bool:
    work.scaled = True
    return True


def _pause(work: Pass) -> None:
    """Begins the pause of a pause step, or waits for its end."""
    step, _ = current_step(work.rollout)
    if work.rollout.spec.paused or work.rollout.status.promote_full or step is None or step.pause is None:
        return
    if work.pausing.aborted or is_fully_promoted(work.rollout):
        return
    if pause_condition(work.rollout, CANARY_PAUSE) is None:
        if not work.rollout.status.controller_pause:
            work.pausing.add(CANARY_PAUSE)
            seconds = defaults.pause_seconds(step)
            if seconds is not None:
                work.wake_after(seconds)
        return
    end = work.pausing.canary_pause_end(step)
    if end is not None:
        work.wake(end)


# ---- status


def sync(work: Pass) -> None:
    draft, rollout = work.draft, work.rollout
    status.fill_counts(work)
    draft.available_replicas = total_available(work.all)
    draft.hpa_replicas = total_replicas(work.all)
    draft.selector = print_selector(rollout.spec.selector)
    draft.canary.stable_ping_pong = rollout.status.canary.stable_ping_pong
    draft.current_step_hash = status.canary_steps_hash(work)
    _advance(work)
    status.persist(work)


def _advance(work: Pass) -> None:
    rollout, draft = work.rollout, work.draft
    canary = rollout.spec.strategy.canary
    assert canary is not None
    count = len(canary.steps)
    step, index = current_step(rollout)
    if status.template_or_steps_changed(work):
        _begin(work, count)
        return
    if rollout.status.promote_full or within_window(work):
        work.pausing.clear()
        work.pausing.remove_abort()
        index = count or None
        step = None
    if reason := _promotion(work, index, count):
        status.promote(work, reason)
        return
    if work.pausing.aborted:
        if count:
            draft.current_step_index = count if draft.stable_rs == draft.current_pod_hash else 0
        return
    if step is not None and index is not None and _completed(work, step):
        index += 1
        draft.canary.current_step_analysis_run_status = None
        work.event("RolloutStepCompleted", f"Rollout step {index}/{count} completed ({step_text(step)})")
        work.pausing.remove(CANARY_PAUSE)
        work.wake(work.now)
    draft.current_step_index = index


def _begin(work: Pass, count: int) -> None:
    """A new version, or new steps: from the start, or past them on a way back."""
    status.reset(work)
    if work.new is None or not count:
        return
    if work.rollout.status.stable_rs == work.new.hash:
        work.event("SkipSteps", "Rollback to stable ReplicaSets")
        work.draft.current_step_index = count
    elif within_window(work) and work.new.wanted > 0:
        work.event("SkipSteps", "Rollback to active ReplicaSets within RollbackWindow")
        work.draft.current_step_index = count


def _promotion(work: Pass, index: int | None, count: int) -> str:
    """Why the new ReplicaSet becomes the stable one now, or ""."""
    rollout = work.rollout
    if work.stable is None:
        return "Initial deploy"
    if work.pausing.aborted or work.new is None:
        return ""
    if not _enough_to_promote(work):
        return ""
    if rollout.status.promote_full:
        return "Full promotion requested"
    if within_window(work):
        return "Rollback within window"
    if work.new is work.stable:
        return "Fast rollback"
    if not count or index == count:
        return f"Completed all {count} canary steps" if work.weights_settled else ""
    return ""


def _enough_to_promote(work: Pass) -> bool:
    """More than are wanted are enough, too: the number may have been lowered meanwhile."""
    new, count = work.new, defaults.replicas(work.rollout)
    return new is not None and (new.available >= count or enough_available(work.rollout, new.available, count))


def _completed(work: Pass, step: CanaryStep) -> bool:
    """Whether the current step is done. The order of the questions matters where a step asks for two things."""
    if work.rollout.spec.paused or pause_condition(work.rollout, INCONCLUSIVE_ANALYSIS) is not None:
        return False
    if step.pause is not None:  # also while sizes still change: who resumed it must not have to do it again
        return work.pausing.completed_canary_pause(step, work.now)
    if work.scaled:
        return False
    if step.set_canary_scale is not None:
        return _at_desired(work)
    if step.set_weight is not None:
        weights = work.draft.canary.weights
        return _at_desired(work) and (weights is None or weights.verified is not False)
    if step.experiment is not None:
        return analysis_runs.phase(work.experiment) == "Successful"
    if step.analysis is not None:
        return analysis_runs.phase(work.runs.step) == "Successful"
    return step.set_header_route is not None or step.set_mirror_route is not None


def _at_desired(work: Pass) -> bool:
    return at_desired_counts(work.rollout, work.new, work.stable, work.others, work.draft.canary.weights)
