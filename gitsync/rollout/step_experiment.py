"""Experiments that steps of a canary ask for: created, ended, forgotten; their verdict moves the update."""

from gitsync.manifest.object import JsonObject
from gitsync.rollout import defaults
from gitsync.rollout.analysis_runs import COMPLETED, phase, with_reason
from gitsync.rollout.arguments import resolved_arguments
from gitsync.rollout.pausing import INCONCLUSIVE_ANALYSIS, INCONCLUSIVE_EXPERIMENT, pause_condition
from gitsync.rollout.replica_counts import current_step
from gitsync.rollout.replica_set import ReplicaSet, copied, owned
from gitsync.rollout.values import InvalidSpec
from gitsync.rollout.working import Pass
from model.identity import GroupVersionKind
from model.kinds.rollout import (
    API_VERSION,
    GROUP,
    HASH_LABEL,
    INSTANCE_LABEL,
    REVISION,
    VERSION,
    ExperimentStep,
    ExperimentTemplateStep,
)

EXPERIMENT = GroupVersionKind(GROUP, VERSION, "Experiment")


def find(work: Pass) -> None:
    mine = owned(work.children.experiments, work.rollout.metadata.uid)
    current = work.rollout.status.canary.current_experiment
    work.experiment = next((one for one in mine if current and one["metadata"]["name"] == current), None)
    work.other_experiments = [one for one in mine if one is not work.experiment]


def reconcile(work: Pass) -> None:
    others = list(work.other_experiments)
    if work.pausing.aborted or work.rollout.status.promote_full:
        terminate(work, [*others, *([work.experiment] if work.experiment else [])])
        return
    if pause_condition(work.rollout, INCONCLUSIVE_ANALYSIS) is not None:
        if work.experiment is not None:
            work.draft.canary.current_experiment = work.experiment["metadata"]["name"]
        return
    step, index = current_step(work.rollout)
    if step is not None and step.experiment is not None:
        if work.experiment is None and work.stable is not None and work.new is not None:
            work.experiment = _make(work, step.experiment, index or 0)
            work.creates.append(work.experiment)
            work.event("ExperimentCreated", f"Created Experiment '{work.experiment['metadata']['name']}'")
        _judge(work, work.experiment)
    elif work.experiment is not None:
        others.append(work.experiment)
    terminate(work, others)
    _forget(work, others)


def _judge(work: Pass, experiment: JsonObject | None) -> None:
    if experiment is None:
        return
    match phase(experiment):
        case "Inconclusive":
            work.pausing.add(INCONCLUSIVE_EXPERIMENT)
        case "Failed" | "Error":
            work.pausing.abort(with_reason("Experiment analysis phase is error/failed", experiment))
        case "Successful":
            pass
        case _:
            work.draft.canary.current_experiment = experiment["metadata"]["name"]


def terminate(work: Pass, experiments: list[JsonObject]) -> None:
    for one in experiments:
        if phase(one) not in COMPLETED and not (one.get("spec") or {}).get("terminate"):
            work.patch(EXPERIMENT, one["metadata"]["name"], {"spec": {"terminate": True}})


def _forget(work: Pass, experiments: list[JsonObject]) -> None:
    history, alive = work.rollout.spec.analysis, {one.hash for one in work.all}
    good, bad = history.successful_run_history_limit, history.unsuccessful_run_history_limit
    limits = {True: defaults.RUN_HISTORY if good is None else good, False: defaults.RUN_HISTORY if bad is None else bad}
    counted = {True: 0, False: 0}
    for one in sorted(experiments, key=lambda e: str(e["metadata"].get("creationTimestamp") or ""), reverse=True):
        if one["metadata"].get("deletionTimestamp") or phase(one) not in COMPLETED:
            continue
        successful = phase(one) == "Successful"
        counted[successful] += 1
        orphan = (one["metadata"].get("labels") or {}).get(HASH_LABEL) not in alive
        if orphan or counted[successful] > limits[successful]:
            work.delete(EXPERIMENT, one)


# ---- made from a step


def _make(work: Pass, step: ExperimentStep, index: int) -> JsonObject:
    assert work.new is not None
    revision = work.annotations.get(REVISION, "")
    labels = {**(work.rollout.metadata.labels or {}), HASH_LABEL: work.new.hash}
    instance = (work.rollout.metadata.labels or {}).get(INSTANCE_LABEL)
    if instance:
        labels[INSTANCE_LABEL] = instance
    spec: JsonObject = {"templates": [_template(work, one) for one in step.templates]}
    if step.duration:
        spec["duration"] = step.duration
    if step.scale_down_delay_seconds is not None:
        spec["scaleDownDelaySeconds"] = step.scale_down_delay_seconds
    if work.rollout.spec.progress_deadline_seconds is not None:
        spec["progressDeadlineSeconds"] = work.rollout.spec.progress_deadline_seconds
    if step.analyses:
        spec["analyses"] = [_analysis(work, one) for one in step.analyses]
    if step.dry_run:
        spec["dryRun"] = list(step.dry_run)
    metadata = step.analysis_run_metadata
    if metadata.labels or metadata.annotations:
        spec["analysisRunMetadata"] = {"labels": metadata.labels, "annotations": metadata.annotations}
    return {
        "apiVersion": API_VERSION,
        "kind": "Experiment",
        "metadata": {
            "name": _free_name(work, f"{work.name}-{work.new.hash}-{revision}-{index}"),
            "namespace": work.namespace,
            "labels": labels,
            "annotations": {REVISION: revision},
            "ownerReferences": [work.owner],
        },
        "spec": spec,
    }


def _free_name(work: Pass, name: str) -> str:
    taken = {one["metadata"]["name"] for one in work.children.experiments}
    number, free = 0, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _template(work: Pass, step: ExperimentTemplateStep) -> JsonObject:
    source = _source(work, step)
    template = copied(source.template)
    selector = copied(step.selector or source.body["spec"].get("selector") or {})
    metadata = template.setdefault("metadata", {})
    if step.metadata.labels:
        metadata["labels"] = {**(metadata.get("labels") or {}), **step.metadata.labels}
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), **step.metadata.labels}
    if step.metadata.annotations:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **step.metadata.annotations}
    result: JsonObject = {"name": step.name, "template": template, "selector": selector}
    if step.replicas is not None:
        result["replicas"] = step.replicas
    if source.body["spec"].get("minReadySeconds"):
        result["minReadySeconds"] = source.body["spec"]["minReadySeconds"]
    if step.weight is not None or step.service is not None:
        name = (step.service or {}).get("name")
        result["service"] = {"name": name} if name else {}
    return result


def _source(work: Pass, step: ExperimentTemplateStep) -> ReplicaSet:
    source = {"canary": work.new, "stable": work.stable}.get(step.spec_ref)
    if source is None:
        raise InvalidSpec(f"experiment template {step.name}: specRef must be canary or stable, not {step.spec_ref!r}")
    return source


def _analysis(work: Pass, analysis: JsonObject) -> JsonObject:
    stable = work.stable.hash if work.stable else ""
    latest = work.new.hash if work.new else ""
    result: JsonObject = {
        key: analysis[key]
        for key in ("name", "templateName", "clusterScope", "requiredForCompletion")
        if key in analysis
    }
    if analysis.get("args"):
        result["args"] = resolved_arguments(analysis["args"], work.body, stable_hash=stable, latest_hash=latest)
    return result
