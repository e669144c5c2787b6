"""One pass over a Rollout with the blue-green strategy."""

from gitsync.rollout import analysis_runs, defaults, history, pod_metadata, status
from gitsync.rollout.pausing import BLUE_GREEN_PAUSE, INCONCLUSIVE_ANALYSIS, halted, needs_pause, pause_condition
from gitsync.rollout.replica_set import print_selector, total_available, total_replicas, with_hash
from gitsync.rollout.restart import restart
from gitsync.rollout.rollback import is_fast_rollback, within_delay, within_window
from gitsync.rollout.scaling import (
    delayed_count,
    is_referenced,
    preview_count,
    remove_deadlines,
    scale,
    scale_new,
    set_deadline,
)
from gitsync.rollout.service_switch import is_saturated, selected_hash, switch, switch_preview
from gitsync.rollout.target_groups import verify_targets
from gitsync.rollout.working import Pass
from model.kinds.rollout import BlueGreenStrategy


def _strategy(work: Pass) -> BlueGreenStrategy:
    strategy = work.rollout.spec.strategy.blue_green
    assert strategy is not None
    return strategy


def reconcile(work: Pass) -> None:
    switch_preview(work)
    if status.template_changed(work):
        sync(work)
        return
    if restart(work):
        return
    # What is rolled back to is told by its deadline, which scaling takes away.
    fast = _is_fast_tracked(work)
    scale_all(work)
    _pause(work, fast)
    _switch_active(work, fast)
    _verify_targets(work)
    analysis_runs.reconcile(work)
    pod_metadata.sync(work)
    sync(work)


def scale_all(work: Pass) -> None:
    if work.pausing.aborted or not _returns_within_delay(work):
        remove_deadlines(work)
    active = with_hash(work.all, _active_hash(work))
    for serving in (active, work.stable):
        if serving is not None and serving is not work.new:
            scale(work, serving, defaults.replicas(work.rollout))
    scale_new(work)
    _scale_others(work)
    history.forget_old(work)


def _returns_within_delay(work: Pass) -> bool:
    """The new ReplicaSet still waits for its end from an earlier life, and is not active yet."""
    return within_delay(work) and work.new is not None and _active_hash(work) != work.new.hash


def _active_hash(work: Pass) -> str:
    return selected_hash(work.services.get(_strategy(work).active_service))


def _scale_others(work: Pass) -> None:
    strategy = _strategy(work)
    if pause_condition(work.rollout, INCONCLUSIVE_ANALYSIS) is not None:
        return
    judged = strategy.post_promotion_analysis is not None and strategy.scale_down_delay_seconds is None
    judged = judged and not analysis_runs.skips_post_promotion(work)
    if judged and analysis_runs.phase(work.runs.post) != "Successful":
        return
    marked, count = 0, defaults.replicas(work.rollout)
    for one in sorted(work.others, key=lambda old: (old.revision, old.created), reverse=True):
        if one.wanted == 0 or is_referenced(work, one):
            continue
        marked, wanted = delayed_count(work, one, marked, count)
        if one.wanted != wanted:
            scale(work, one, wanted)


def _is_fast_tracked(work: Pass) -> bool:
    """Nothing to wait for before the switch."""
    assert work.new is not None
    active = _active_hash(work)
    return is_fast_rollback(work) or work.rollout.status.promote_full or not active or active == work.new.hash


def _ready_for_pause(work: Pass) -> bool:
    """The new ReplicaSet has the size at which people look at it."""
    assert work.new is not None
    wanted = preview_count(work, work.new, _strategy(work))
    return work.new.wanted == wanted and work.new.available == wanted


def _pause(work: Pass, fast: bool) -> None:
    rollout = work.rollout
    if rollout.status.abort or not _ready_for_pause(work) or halted(rollout):
        return
    if fast or rollout.status.blue_green.scale_up_preview_check_point or not needs_pause(rollout):
        work.pausing.remove(BLUE_GREEN_PAUSE)
        return
    if not _passed_pre_promotion(work):
        return
    if pause_condition(rollout, BLUE_GREEN_PAUSE) is None:
        if not rollout.status.controller_pause:
            work.pausing.add(BLUE_GREEN_PAUSE)
            seconds = _strategy(work).auto_promotion_seconds
            if seconds > 0:
                work.wake_after(seconds)
        return
    if work.pausing.completed_blue_green_pause(work.now):
        work.pausing.remove(BLUE_GREEN_PAUSE)
    elif (end := work.pausing.blue_green_pause_end()) is not None:
        work.wake(end)


def _passed_pre_promotion(work: Pass) -> bool:
    wanted = _strategy(work).pre_promotion_analysis is not None
    return not wanted or analysis_runs.phase(work.runs.pre) == "Successful"


def _switch_active(work: Pass, fast: bool) -> None:
    rollout, name = work.rollout, _strategy(work).active_service
    if halted(rollout) or work.new is None:
        return
    active = _active_hash(work)
    if rollout.status.abort:
        served = work.stable is not None and work.stable.available > 0
        if served and not rollout.status.promote_full:
            switch(work, name, rollout.status.stable_rs)
        return
    if not _ready_for_pause(work) or not is_saturated(rollout, work.new):
        return
    done = work.pausing.completed_blue_green_pause(work.now) and _passed_pre_promotion(work)
    target = work.new.hash if fast or done else active
    if target:
        switch(work, name, target)


def _verify_targets(work: Pass) -> None:
    """Right after the switch, until analysis has begun or the version is stable."""
    status, new = work.rollout.status, work.new
    if new is None or not status.stable_rs or new.hash == status.stable_rs or _active_hash(work) != new.hash:
        return
    if status.blue_green.post_promotion_analysis_run_status is None:
        work.targets_verified = verify_targets(work, _strategy(work).active_service)


# ---- status


def sync(work: Pass) -> None:
    draft, rollout, strategy = work.draft, work.rollout, _strategy(work)
    status.fill_counts(work)
    changed = status.template_changed(work)
    if changed:
        status.reset(work)
    if rollout.status.promote_full or within_window(work):
        work.pausing.clear()
        work.pausing.remove_abort()
    draft.blue_green.preview_selector = selected_hash(work.services.get(strategy.preview_service))
    draft.blue_green.active_selector = _active_hash(work)
    if reason := _promotion(work):
        _begin_delay(work)
        status.promote(work, reason)
    else:
        draft.blue_green.scale_up_preview_check_point = not changed and _check_point(work)
    active = with_hash(work.all, draft.blue_green.active_selector)
    if active is not None:
        draft.hpa_replicas = active.replicas
        draft.selector = print_selector(active.body["spec"].get("selector"))
        draft.available_replicas, draft.ready_replicas = active.available, active.ready
    else:
        draft.hpa_replicas = total_replicas(work.all)
        draft.selector = print_selector(rollout.spec.selector)
        draft.available_replicas = total_available(work.all)
    status.persist(work)


def _begin_delay(work: Pass) -> None:
    """The delay of what was stable begins with the promotion: whoever goes back right after it finds it running."""
    before, seconds = work.stable, defaults.scale_down_delay_seconds(work.rollout)
    if before is None or before is work.new or before.wanted == 0 or before.has_deadline:
        return
    if seconds and defaults.scale_down_delay_revisions(work.rollout) > 0:
        set_deadline(work, before, seconds)
        work.wake_after(seconds)


def _promotion(work: Pass) -> str:
    """Why the new ReplicaSet becomes the stable one now, or ""."""
    draft, rollout, strategy = work.draft, work.rollout, _strategy(work)
    active = draft.blue_green.active_selector
    if work.stable is None or not active:
        return "Initial deploy"
    if active != draft.current_pod_hash or work.targets_verified is False:
        return ""
    if rollout.status.promote_full:
        return "Full promotion requested"
    if within_window(work):
        return "Rollback within window"
    if is_fast_rollback(work):
        return "Fast rollback"
    if work.pausing.aborted:
        return ""
    if strategy.post_promotion_analysis is not None and analysis_runs.phase(work.runs.post) != "Successful":
        return ""
    return "Completed blue-green update"


def _check_point(work: Pass) -> bool:
    """Once the preview was there, judged and released, it may grow to its full size."""
    preview, before = _strategy(work).preview_replica_count, work.rollout.status.blue_green
    if preview is None:
        return False
    if before.scale_up_preview_check_point:
        return True
    if not _passed_pre_promotion(work) or not work.pausing.completed_blue_green_pause(work.now):
        return False
    return work.new is not None and work.new.available == preview
