"""One look at an Experiment: pods, analyses, verdict."""

from datetime import datetime
from typing import Any

import msgspec

from gitsync.manifest.merge_patch import merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.rollout.experiment.analyses import reconcile_analysis
from gitsync.rollout.experiment.pods import end_of, reconcile_template
from gitsync.rollout.experiment.validate import invalid_reason
from gitsync.rollout.experiment.values import (
    BAD,
    COMPLETED,
    EXPERIMENT,
    ExperimentPass,
    Surroundings,
    read_experiment,
)
from gitsync.rollout.experiment.verdict import conditions, verdict
from gitsync.rollout.values import InvalidSpec, Step
from model.kinds.rollout import Condition, ExperimentStatus

_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


def step(body: JsonObject, around: Surroundings, now: datetime) -> Step:
    """Raises InvalidSpec for an object that cannot even be read."""
    if body["metadata"].get("deletionTimestamp"):
        return Step()
    try:
        experiment = read_experiment(body)
    except msgspec.ValidationError as failure:
        raise InvalidSpec(
            f"Experiment {body['metadata']['name']}: {failure}", suggestion="correct its spec"
        ) from failure
    work = ExperimentPass(body, experiment, around, now)
    if reason := invalid_reason(experiment, work.deadline_seconds):
        _write(work, _invalid(work, reason))
        return work.step()
    for template in experiment.spec.templates:
        reconcile_template(work, template)
    for analysis in experiment.spec.analyses:
        reconcile_analysis(work, analysis)
    after = _status(work)
    _tell(work, after)
    _write(work, after)
    if after.phase not in COMPLETED and (end := end_of(work, after.available_at)) is not None:
        work.wait_until(end)
    return work.step()


def _status(work: ExperimentPass) -> ExperimentStatus:
    phase, message, available_at = verdict(work)
    after = ExperimentStatus(
        phase=phase,
        message=message,
        available_at=available_at,
        conditions=work.before.conditions,
        template_statuses=tuple(work.templates.values()),
        analysis_runs=tuple(work.analyses.values()),
    )
    return msgspec.structs.replace(after, conditions=conditions(work, after))


def _invalid(work: ExperimentPass, reason: str) -> ExperimentStatus:
    current = next((one for one in work.before.conditions if one.type == "InvalidSpec"), None)
    if current is not None and current.message == reason:
        return work.before
    condition = Condition("InvalidSpec", "True", work.stamp, work.stamp, "InvalidSpec", reason)
    kept = tuple(one for one in work.before.conditions if one.type != "InvalidSpec")
    work.tell("InvalidSpec", reason, "Warning")
    return msgspec.structs.replace(work.before, conditions=(*kept, condition))


def _tell(work: ExperimentPass, after: ExperimentStatus) -> None:
    before = work.before.phase
    if after.phase == before:
        return
    message = f"Experiment transitioned from {before} -> {after.phase}"
    work.tell(f"Experiment{after.phase}", message, "Warning" if after.phase in BAD else "Normal")


def _write(work: ExperimentPass, after: ExperimentStatus) -> None:
    """What a status holds that we do not know stays as it is."""
    patch = merge_patch(_encoded(work.before), _encoded(after))
    if patch:
        work.patch(EXPERIMENT, work.name, {"status": patch}, subresource="status")


def _encoded(status: ExperimentStatus) -> JsonObject:
    """The counts of a template are always there: schemas require them."""
    body: dict[str, Any] = msgspec.to_builtins(status)
    for template in body.get("templateStatuses", ()):
        for name in _COUNTS:
            template.setdefault(name, 0)
    return body
