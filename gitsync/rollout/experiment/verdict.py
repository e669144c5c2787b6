"""The phase of an Experiment out of its templates and its analyses, and its conditions."""

from datetime import datetime, timedelta

from gitsync.rollout.experiment.values import COMPLETED, ExperimentPass
from model.kinds.rollout import Condition, ExperimentStatus

_TEMPLATES_WORSE_LATER = ("Successful", "Running", "Progressing", "Error", "Failed")
_RUNS_WORSE_LATER = ("Successful", "Running", "Pending", "Inconclusive", "Error", "Failed")
_PHASES = {"Progressing": "Pending", "Failed": "Failed", "Error": "Error", "Successful": "Successful"}
_ENOUGH = "Required AnalysisRuns completed"
PROGRESSING = "Progressing"


def verdict(work: ExperimentPass) -> tuple[str, str, datetime | None]:
    """Phase, message, and when all templates were available."""
    before = work.before
    if before.phase in COMPLETED:
        return before.phase, before.message, before.available_at
    if not before.phase:
        return "Pending", "", before.available_at
    templates, why_templates = _templates(work)
    analyses, why_analyses = _analyses(work)
    available_at = before.available_at
    if templates == "Running" and available_at is None:
        available_at = work.stamp
    if templates in COMPLETED:
        decides = templates == "Successful" and (analyses in COMPLETED or _has_required(work))
        phase, message = (analyses, why_analyses) if decides else (templates, why_templates)
    elif (analyses in COMPLETED and analyses != "Successful") or _required_succeeded(work):
        phase, message = analyses, why_analyses
    else:
        phase, message = templates, why_templates
    return phase, message, available_at


def _templates(work: ExperimentPass) -> tuple[str, str]:
    worst, message = "Successful", ""
    for template in work.experiment.spec.templates:
        status = work.templates[template.name]
        phase = status.status if status.status in _TEMPLATES_WORSE_LATER else "Progressing"
        if _TEMPLATES_WORSE_LATER.index(phase) > _TEMPLATES_WORSE_LATER.index(worst):
            worst, message = phase, status.message
    return _PHASES.get(worst, "Running"), message


def _analyses(work: ExperimentPass) -> tuple[str, str]:
    worst, message = "Successful", ""
    for analysis in work.experiment.spec.analyses:
        status = work.analyses.get(analysis.name)
        phase = status.phase if status is not None and status.phase in _RUNS_WORSE_LATER else "Pending"
        if _RUNS_WORSE_LATER.index(phase) > _RUNS_WORSE_LATER.index(worst):
            worst, message = phase, status.message if status is not None else ""
    unfinished = worst in ("Successful", "Running", "Pending")
    if _required_succeeded(work) and unfinished:
        return "Successful", _ENOUGH
    return ("Running" if worst == "Pending" else worst), message


def _has_required(work: ExperimentPass) -> bool:
    return any(one.required_for_completion for one in work.experiment.spec.analyses)


def _required_succeeded(work: ExperimentPass) -> bool:
    required = [one.name for one in work.experiment.spec.analyses if one.required_for_completion]
    phases = [work.analyses[name].phase if name in work.analyses else "" for name in required]
    return bool(required) and all(phase == "Successful" for phase in phases)


def conditions(work: ExperimentPass, after: ExperimentStatus) -> tuple[Condition, ...]:
    """One condition: is it getting anywhere?"""
    current = next((one for one in work.before.conditions if one.type == PROGRESSING), None)
    made = _progress(work, after, current)
    if made is None:
        return work.before.conditions
    status, reason, message = made
    same = current is not None and current.status == status and current.reason == reason
    if same and reason != "ReplicaSetUpdated":
        return work.before.conditions
    since = current.last_transition_time if current is not None and current.status == status else work.stamp
    condition = Condition(PROGRESSING, status, work.stamp, since, reason, message)
    return (*(one for one in work.before.conditions if one.type != PROGRESSING), condition)


def _progress(work: ExperimentPass, after: ExperimentStatus, current: Condition | None) -> tuple[str, str, str] | None:
    quoted = f'"{work.name}"'
    if after.phase == "Successful":
        return "False", "ExperimentCompleted", f"Experiment {quoted} has successfully ran and completed."
    if after.phase == "Running":
        return "True", "NewReplicaSetAvailable", f"Experiment {quoted} is running."
    if after.template_statuses != work.before.template_statuses:
        return "True", "ReplicaSetUpdated", f"Experiment {quoted} is progressing."
    if _timed_out(work, after, current):
        return "False", "ProgressDeadlineExceeded", f"Experiment {quoted} has timed out progressing."
    return None


def _timed_out(work: ExperimentPass, after: ExperimentStatus, current: Condition | None) -> bool:
    if after.available_at is not None or current is None or current.last_update_time is None:
        return False
    return current.last_update_time + timedelta(seconds=work.deadline_seconds) < work.now
