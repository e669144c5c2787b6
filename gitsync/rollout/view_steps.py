"""Canary steps with their states: passed, under way, waiting for somebody, still to come."""

from collections.abc import Sequence

from gitsync.manifest.object import JsonObject
from gitsync.rollout.defaults import pause_seconds
from gitsync.rollout.pausing import INCONCLUSIVE_ANALYSIS, INCONCLUSIVE_EXPERIMENT
from gitsync.rollout.skipped import skipped_steps
from gitsync.rollout.step_text import step_text
from model.kinds.rollout import CanaryStep, Rollout
from model.rollout_view import AnalysisRunView, StepView

_FAILED = ("Failed", "Error")
_KINDS = (
    "setWeight",
    "pause",
    "experiment",
    "analysis",
    "setCanaryScale",
    "setHeaderRoute",
    "setMirrorRoute",
    "plugin",
)


def step_views(body: JsonObject, rollout: Rollout, runs: Sequence[AnalysisRunView]) -> tuple[StepView, ...]:
    canary = rollout.spec.strategy.canary
    if canary is None:
        return ()
    raw = body["spec"]["strategy"]["canary"].get("steps") or []
    by_step: dict[int, list[AnalysisRunView]] = {}
    for run in runs:
        if run.step_index is not None:
            by_step.setdefault(run.step_index, []).append(run)
    stopped, skipped = _stopped_at(rollout, runs), skipped_steps(rollout)
    return tuple(
        StepView(
            index=index,
            kind=next((kind for kind in _KINDS if kind in raw[index]), "invalid"),
            title=step_text(step),
            spec=raw[index],
            status=(state := _state(rollout, index, step, stopped, by_step.get(index, []))),
            skipped=index in skipped and state == "PASSED",
            analysis_runs=tuple(by_step.get(index, ())),
        )
        for index, step in enumerate(canary.steps)
    )


def _stopped_at(rollout: Rollout, runs: Sequence[AnalysisRunView]) -> int:
    """Where an aborted update ended, as far as its analyses tell: the status begins at 0 again."""
    failed = [run.step_index for run in runs if run.phase in _FAILED and run.step_index is not None]
    return max(failed, default=rollout.status.current_step_index or 0)


def _state(rollout: Rollout, index: int, step: CanaryStep, stopped: int, runs: Sequence[AnalysisRunView]) -> str:
    status = rollout.status
    if status.stable_rs and status.stable_rs == status.current_pod_hash:
        return "PASSED"
    if status.abort:
        if index == stopped:
            return "FAILED" if any(run.phase in _FAILED for run in runs) else "TERMINATED"
        return "PASSED" if index < stopped else "PENDING"
    current = status.current_step_index or 0
    if index != current:
        return "PASSED" if index < current else "PENDING"
    return _current_state(rollout, step)


def _current_state(rollout: Rollout, step: CanaryStep) -> str:
    reasons = {one.reason for one in rollout.status.pause_conditions}
    if reasons & {INCONCLUSIVE_ANALYSIS, INCONCLUSIVE_EXPERIMENT}:
        return "PAUSED_INCONCLUSIVE"
    waits = bool(reasons) and (step.pause is None or pause_seconds(step) is None)
    return "PAUSED_INDEFINITE" if rollout.spec.paused or waits else "ACTIVE"
