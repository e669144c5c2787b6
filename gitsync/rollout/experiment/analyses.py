"""AnalysisRuns of an Experiment: begun when all templates are available, ended with it."""

from gitsync.manifest.object import JsonObject
from gitsync.rollout.analysis.arguments import with_references
from gitsync.rollout.analysis.templates import merged_spec
from gitsync.rollout.experiment.pods import end_of, replica_set_of
from gitsync.rollout.experiment.values import COMPLETED, ExperimentPass
from gitsync.rollout.times import written_time
from gitsync.rollout.values import InvalidSpec
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.rollout import (
    API_VERSION,
    GROUP,
    HASH_LABEL,
    INSTANCE_LABEL,
    VERSION,
    ExperimentAnalysis,
    ExperimentAnalysisStatus,
    TemplateRef,
)

RUN = GroupVersionKind(GROUP, VERSION, "AnalysisRun")
_WARNINGS = ("Failed", "Error", "Inconclusive")
_MAX_COLLISIONS = 100


def reconcile_analysis(work: ExperimentPass, analysis: ExperimentAnalysis) -> None:
    known = next((one for one in work.before.analysis_runs if one.name == analysis.name), None)
    before = known or ExperimentAnalysisStatus(analysis.name)
    after = _after(work, analysis, before)
    if after.phase and after.phase != before.phase:
        _tell(work, before, after)
    if known is not None or after != before:
        work.analyses[analysis.name] = after


def _after(
    work: ExperimentPass, analysis: ExperimentAnalysis, before: ExperimentAnalysisStatus
) -> ExperimentAnalysisStatus:
    if work.before.available_at is None:
        return _verified(work, analysis, before)
    if not before.analysis_run:
        return before if work.ending else _created(work, analysis, before)
    if before.phase in COMPLETED:
        return before
    run = work.around.runs.get(before.analysis_run)
    if run is None:
        message = f'analysisrun.argoproj.io "{before.analysis_run}" not found'
        return ExperimentAnalysisStatus(before.name, before.analysis_run, "Error", message)
    status = run.get("status") or {}
    phase = str(status.get("phase") or "")
    if work.ending and phase not in COMPLETED:
        if not (run.get("spec") or {}).get("terminate"):
            work.tell("AnalysisRunTerminating", f"Terminating {analysis.name} ({before.analysis_run})")
            work.patch(RUN, before.analysis_run, {"spec": {"terminate": True}})
        return before
    return ExperimentAnalysisStatus(
        before.name, before.analysis_run, phase or before.phase, str(status.get("message") or "")
    )


def _verified(
    work: ExperimentPass, analysis: ExperimentAnalysis, before: ExperimentAnalysisStatus
) -> ExperimentAnalysisStatus:
    """A template that does not exist is told before any pod is waited for."""
    kind = "ClusterAnalysisTemplate" if analysis.cluster_scope else "AnalysisTemplate"
    known = work.around.cluster_templates if analysis.cluster_scope else work.around.templates
    if analysis.template_name in known:
        return before
    message = (
        f"{kind} verification failed for analysis '{analysis.name}': "
        f'{kind.lower()}s.argoproj.io "{analysis.template_name}" not found'
    )
    return ExperimentAnalysisStatus(before.name, phase="Error", message=message)


def _created(
    work: ExperimentPass, analysis: ExperimentAnalysis, before: ExperimentAnalysisStatus
) -> ExperimentAnalysisStatus:
    """A run of that name that this Experiment made in a pass that was lost is taken over."""
    try:
        body = _run(work, analysis)
    except InvalidSpec as invalid:
        message = f"Failed to create AnalysisRun for analysis '{analysis.name}': {invalid.message}"
        return ExperimentAnalysisStatus(before.name, phase="Error", message=message)
    name, number = body["metadata"]["name"], 0
    while (there := work.around.runs.get(body["metadata"]["name"])) is not None and number < _MAX_COLLISIONS:
        unfinished = (there.get("status") or {}).get("phase") not in COMPLETED
        if work.owns(there) and unfinished and there.get("spec") == body["spec"]:
            return ExperimentAnalysisStatus(before.name, there["metadata"]["name"], "Pending")
        number += 1
        body["metadata"]["name"] = f"{name}.{number}"
    work.creates.append(body)
    return ExperimentAnalysisStatus(before.name, body["metadata"]["name"], "Pending")


def _run(work: ExperimentPass, analysis: ExperimentAnalysis) -> JsonObject:
    """Raises InvalidSpec."""
    spec = work.experiment.spec
    values = _references(work)
    arguments: list[JsonObject] = []
    for one in analysis.args:
        if one.value is not None:
            arguments.append({"name": one.name, "value": with_references(one.value, values)})
        elif one.value_from:
            arguments.append({"name": one.name, "valueFrom": one.value_from})
    body = merged_spec(
        [TemplateRef(analysis.template_name, analysis.cluster_scope)],
        work.around.templates,
        work.around.cluster_templates,
        arguments=arguments,
        dry_run=spec.dry_run,
        retention=spec.measurement_retention,
    )
    own = spec.analysis_run_metadata
    instance = (work.body["metadata"].get("labels") or {}).get(INSTANCE_LABEL)
    metadata: JsonObject = {
        "name": f"{work.name}-{analysis.name}",
        "namespace": work.namespace,
        "labels": {**({INSTANCE_LABEL: instance} if instance else {}), **own.labels},
        "annotations": dict(own.annotations),
        "ownerReferences": [work.owner_reference()],
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "AnalysisRun",
        "metadata": {key: value for key, value in metadata.items() if value},
        "spec": body,
    }


def _references(work: ExperimentPass) -> dict[str, str]:
    """What arguments may refer to."""
    values: dict[str, str] = {}
    for template in work.experiment.spec.templates:
        if live := replica_set_of(work, template.name):
            prefix = f"templates.{template.name}"
            values[f"{prefix}.podTemplateHash"] = (live["metadata"].get("labels") or {}).get(HASH_LABEL, "")
            values[f"{prefix}.replicaset.name"] = live["metadata"]["name"]
    available_at = work.before.available_at
    if available_at is not None:
        values["experiment.availableAt"] = written_time(available_at)
        if (end := end_of(work, available_at)) is not None:
            values["experiment.finishedAt"] = written_time(end)
    return values


def _tell(work: ExperimentPass, before: ExperimentAnalysisStatus, after: ExperimentAnalysisStatus) -> None:
    """The Rollout hears of it too, if the Experiment is one of its steps."""
    message = f"AnalysisRun '{after.name}' transitioned from {before.phase} -> {after.phase}"
    if after.message:
        message += f": {after.message}"
    reason = f"AnalysisRun{after.phase}"
    work.tell(reason, message, "Warning" if after.phase in _WARNINGS else "Normal")
    for owner in work.body["metadata"].get("ownerReferences") or ():
        if owner.get("controller") and owner.get("kind") == "Rollout":
            rollout = ResourceKey(GROUP, "Rollout", work.namespace, str(owner["name"]))
            work.tell(reason, message, "Warning" if after.phase in _WARNINGS else "Normal", rollout)
