"""AnalysisRuns of a Rollout: which should exist now, which end, and what their verdicts mean for the update."""

from gitsync.manifest.object import JsonObject
from gitsync.rollout import defaults
from gitsync.rollout.pausing import (
    BLUE_GREEN_PAUSE,
    CANARY_PAUSE,
    INCONCLUSIVE_ANALYSIS,
    pause_condition,
)
from gitsync.rollout.replica_counts import current_step, is_fully_promoted
from gitsync.rollout.replica_set import owned
from gitsync.rollout.rollback import is_fast_rollback
from gitsync.rollout.service_switch import is_saturated
from gitsync.rollout.values import RunRequest
from gitsync.rollout.working import Pass, Runs
from model.identity import GroupVersionKind
from model.kinds.rollout import (
    GROUP,
    HASH_LABEL,
    INSTANCE_LABEL,
    REVISION,
    VERSION,
    RolloutAnalysis,
    RunStatus,
)

ANALYSIS_RUN = GroupVersionKind(GROUP, VERSION, "AnalysisRun")
TYPE_LABEL = "rollout-type"
STEP_LABEL = "step-index"
STEP, BACKGROUND, PRE, POST = "Step", "Background", "PrePromotion", "PostPromotion"
COMPLETED = ("Successful", "Failed", "Error", "Inconclusive")
_BAD = ("Failed", "Error")


def phase(run: JsonObject | None) -> str:
    return str(((run or {}).get("status") or {}).get("phase") or "")


def find(work: Pass) -> None:
    """Sorts the Rollout's runs into those that its status names, and the others."""
    mine = owned(work.children.analysis_runs, work.rollout.metadata.uid)
    status = work.rollout.status
    named = {
        "step": status.canary.current_step_analysis_run_status,
        "background": status.canary.current_background_analysis_run_status,
        "pre": status.blue_green.pre_promotion_analysis_run_status,
        "post": status.blue_green.post_promotion_analysis_run_status,
    }
    by_name = {run["metadata"]["name"]: run for run in mine}
    work.runs = Runs(**{role: by_name.get(one.name) if one else None for role, one in named.items()})
    current = {run["metadata"]["name"] for run in work.runs.all()}
    work.other_runs = [run for run in mine if run["metadata"]["name"] not in current]


def reconcile(work: Pass) -> None:
    rollout, before, current = work.rollout, work.runs, Runs()
    skipped = (
        work.pausing.aborted or rollout.status.promote_full or not rollout.status.stable_rs or is_fast_rollback(work)
    )
    if skipped:
        # What a blue-green update was judged by stays in its status; a canary's runs are over with it.
        terminate(work, before.all())
        current = Runs(pre=before.pre, post=before.post)
    elif rollout.spec.strategy.canary:
        current.step = _step_run(work)
        current.background = _background_run(work)
    else:
        current.pre = _promotion_run(work, PRE)
        _judge(work, current.pre, "Blue/green pre-promotion analysis phase error/failed")
        current.post = _promotion_run(work, POST)
        _judge(work, current.post, "Blue/green post-promotion analysis phase error/failed")
    work.runs = current
    record(work, current)
    kept = {run["metadata"]["name"] for run in current.all()}
    rest = [run for run in (*before.all(), *work.other_runs) if run["metadata"]["name"] not in kept]
    terminate(work, rest)
    _forget(work, rest)
    _tell(work, current)


def record(work: Pass, runs: Runs) -> None:
    """Names the current runs in the status."""
    draft = work.draft
    draft.canary.current_step_analysis_run_status = _status(runs.step)
    draft.canary.current_background_analysis_run_status = _status(runs.background)
    draft.blue_green.pre_promotion_analysis_run_status = _status(runs.pre)
    draft.blue_green.post_promotion_analysis_run_status = _status(runs.post)


def _status(run: JsonObject | None) -> RunStatus | None:
    if run is None:
        return None
    status = run.get("status") or {}
    return RunStatus(run["metadata"]["name"], str(status.get("phase") or ""), str(status.get("message") or ""))


def terminate(work: Pass, runs: list[JsonObject]) -> None:
    for run in runs:
        if phase(run) not in COMPLETED and not (run.get("spec") or {}).get("terminate"):
            work.patch(ANALYSIS_RUN, run["metadata"]["name"], {"spec": {"terminate": True}})


# ---- one run each


def _step_run(work: Pass) -> JsonObject | None:
    step, index = current_step(work.rollout)
    run, status = work.runs.step, work.rollout.status
    if status.pause_conditions or status.abort:
        return run
    outdated = run is not None and (run["metadata"].get("labels") or {}).get(STEP_LABEL) != str(index)
    if step is None or step.analysis is None or not step.analysis.templates or index is None or outdated:
        terminate(work, [run] if run else [])
        return None
    if _needs_new(work, run):
        return _create(work, step.analysis, str(index), {TYPE_LABEL: STEP, STEP_LABEL: str(index)})
    _judge(work, run, "Step-based analysis phase error/failed")
    return run


def _background_run(work: Pass) -> JsonObject | None:
    canary = work.rollout.spec.strategy.canary
    assert canary is not None
    analysis, run, status = canary.analysis, work.runs.background, work.rollout.status
    if analysis is None or not analysis.templates:
        terminate(work, [run] if run else [])
        return None
    _, index = current_step(work.rollout)
    early = analysis.starting_step is not None and index is not None and index < analysis.starting_step
    if is_fully_promoted(work.rollout) or not status.stable_rs or not status.current_pod_hash or early:
        return None
    if pause_condition(work.rollout, INCONCLUSIVE_ANALYSIS) is not None:
        return run
    if _needs_new(work, run):
        return _create(work, analysis, "", {TYPE_LABEL: BACKGROUND})
    _judge(work, run, "Background analysis phase error/failed")
    return run


def _promotion_run(work: Pass, role: str) -> JsonObject | None:
    strategy = work.rollout.spec.strategy.blue_green
    assert strategy is not None
    before = role == PRE
    analysis = strategy.pre_promotion_analysis if before else strategy.post_promotion_analysis
    run = work.runs.pre if before else work.runs.post
    if analysis is None or not analysis.templates:
        terminate(work, [run] if run else [])
        return None
    if skips_pre_promotion(work) if before else (skips_post_promotion(work) or work.targets_verified is False):
        terminate(work, [run] if run else [])
        return run
    if pause_condition(work.rollout, INCONCLUSIVE_ANALYSIS) is not None:
        return run
    if _needs_new(work, run):
        return _create(work, analysis, "pre" if before else "post", {TYPE_LABEL: role})
    return run


def skips_pre_promotion(work: Pass) -> bool:
    """Nothing to judge: the first version, one that is active already, or one that is not at its size yet. A run that
    has begun goes on while pods come and go.
    """
    status, new = work.rollout.status, work.new
    active = status.blue_green.active_selector
    if new is None or not active or new.hash in (status.stable_rs, active):
        return True
    if work.runs.pre is not None:
        return False
    strategy = work.rollout.spec.strategy.blue_green
    preview = strategy.preview_replica_count if strategy else None
    if preview is not None:
        return new.wanted != preview or new.available != preview
    return not is_saturated(work.rollout, new)


def skips_post_promotion(work: Pass) -> bool:
    status, new = work.rollout.status, work.new
    if new is None or new.hash == status.stable_rs or status.blue_green.active_selector != new.hash:
        return True
    return work.runs.post is None and not is_saturated(work.rollout, new)


def _needs_new(work: Pass, run: JsonObject | None) -> bool:
    """None yet; one from before an abort; or an inconclusive one that somebody resumed past."""
    if run is None:
        return True
    paused = any(pause_condition(work.rollout, reason) for reason in (CANARY_PAUSE, BLUE_GREEN_PAUSE))
    if work.rollout.status.controller_pause and not paused:
        return phase(run) == "Inconclusive"
    return work.rollout.status.aborted_at is not None


def _judge(work: Pass, run: JsonObject | None, opening: str) -> None:
    if phase(run) == "Inconclusive":
        work.pausing.add(INCONCLUSIVE_ANALYSIS)
    elif phase(run) in _BAD:
        work.pausing.abort(with_reason(opening, run))


def with_reason(opening: str, judged: JsonObject | None) -> str:
    """Why an update is aborted: which verdict it was, and what the verdict says if it says anything."""
    message = str(((judged or {}).get("status") or {}).get("message") or "")
    return f"{opening}: {message}" if message else opening


def _create(work: Pass, analysis: RolloutAnalysis, infix: str, labels: dict[str, str]) -> JsonObject:
    assert work.new is not None
    revision = work.annotations.get(REVISION, "")
    name = "-".join(part for part in (work.name, work.new.hash, revision, infix) if part)
    instance = (work.rollout.metadata.labels or {}).get(INSTANCE_LABEL)
    all_labels = {**labels, HASH_LABEL: work.new.hash, **({INSTANCE_LABEL: instance} if instance else {})}
    all_labels |= analysis.analysis_run_metadata.labels
    all_labels |= (work.rollout.spec.selector or {}).get("matchLabels") or {}
    run = work.parts.make_run(
        RunRequest(
            rollout=work.body,
            analysis=analysis,
            name=_free_name(work, name),
            labels=all_labels,
            annotations={REVISION: revision, **analysis.analysis_run_metadata.annotations},
            owner=work.owner,
            stable_hash=work.stable.hash if work.stable else "",
            latest_hash=work.new.hash,
            now=work.now,
        ),
        work.children.templates,
        work.children.cluster_templates,
    )
    work.creates.append(run)
    return run


def _free_name(work: Pass, name: str) -> str:
    taken = {run["metadata"]["name"] for run in (*work.children.analysis_runs, *work.creates)}
    number, free = 0, name
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    return free


def _forget(work: Pass, runs: list[JsonObject]) -> None:
    """Deletes the oldest finished runs above the limits, and those whose ReplicaSet is gone."""
    history, alive = work.rollout.spec.analysis, {one.hash for one in work.all}
    limits = {
        True: defaults.RUN_HISTORY
        if history.successful_run_history_limit is None
        else history.successful_run_history_limit,
        False: defaults.RUN_HISTORY
        if history.unsuccessful_run_history_limit is None
        else history.unsuccessful_run_history_limit,
    }
    counted = {True: 0, False: 0}
    for run in sorted(runs, key=lambda one: str(one["metadata"].get("creationTimestamp") or ""), reverse=True):
        metadata = run["metadata"]
        if metadata.get("deletionTimestamp") or phase(run) not in COMPLETED:
            continue
        successful = phase(run) == "Successful"
        counted[successful] += 1
        orphan = (metadata.get("labels") or {}).get(HASH_LABEL) not in alive
        if orphan or counted[successful] > limits[successful]:
            work.delete(ANALYSIS_RUN, run)


def _tell(work: Pass, runs: Runs) -> None:
    """An event for every run whose phase changed since the status was written."""
    status = work.rollout.status
    for role, before, run in (
        (POST, status.blue_green.post_promotion_analysis_run_status, runs.post),
        (PRE, status.blue_green.pre_promotion_analysis_run_status, runs.pre),
        (STEP, status.canary.current_step_analysis_run_status, runs.step),
        (BACKGROUND, status.canary.current_background_analysis_run_status, runs.background),
    ):
        now = phase(run)
        if run is None or not now:
            continue
        name = run["metadata"]["name"]
        if before is None or (before.name == name and before.status != now):
            was = before.status if before else "NoPreviousStatus"
            message = f"{role} Analysis Run '{name}' Status New: '{now}' Previous: '{was}'"
            work.event(f"AnalysisRun{now}", message, warning=now in _BAD)
