"""A Kubernetes Job as a measurement: it is good when it completes, bad when it fails."""

from gitsync.manifest.object import JsonObject
from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.values import Reading, Task
from gitsync.rollout.analysis.results import JOB_NAME
from gitsync.rollout.analysis.values import Action, Phase
from model.kinds.rollout import API_VERSION

UID_LABEL = "analysisrun.argoproj.io/uid"
_JOB_NAMESPACE = "job-namespace"
_RUN_NAME = "analysisrun.argoproj.io/name"
_METRIC_NAME = "analysisrun.argoproj.io/metric-name"
_MAX_NAME = 63
_PULL_ERRORS = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError")


async def measure_job(task: Task) -> Reading:
    match task.action:
        case Action.TAKE:
            return await _begin(task)
        case Action.RESUME:
            return await _look(task)
    return await _end(task)


async def _begin(task: Task) -> Reading:
    """A Job of that name which this run owns is the one that an earlier, interrupted look has made."""
    body = job_of(task)
    name = body["metadata"]["name"]
    if await task.jobs.create(body) is None:
        found = await task.jobs.get(task.namespace, name)
        owners = (found or {}).get("metadata", {}).get("ownerReferences") or ()
        if not any(one.get("uid") == task.run["metadata"].get("uid") for one in owners):
            raise MeasurementFailed(f'jobs "{name}" already exists', suggestion="delete that Job")
    return Reading(phase=Phase.RUNNING, about_measurement=_about(task, name))


def job_of(task: Task) -> JsonObject:
    """The Job to create. Its name is that of the run's identity, so that no two runs share one."""
    metadata = task.run["metadata"]
    own: JsonObject = task.settings.get("metadata") or {}
    labels, annotations = own.get("labels") or {}, own.get("annotations") or {}
    mark = {UID_LABEL: metadata["uid"]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": _job_name(task),
            "namespace": task.namespace,
            "labels": {**labels, **mark},
            "annotations": {**annotations, _RUN_NAME: metadata["name"], _METRIC_NAME: task.metric},
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": "AnalysisRun",
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": _with_pod_labels(task.settings.get("spec") or {}, mark),
    }


def _job_name(task: Task) -> str:
    """A metric's name is cut where the whole would be longer than a label, which is what a Job's name becomes."""
    uid, number = str(task.run["metadata"]["uid"]), str(task.number)
    room = _MAX_NAME - len(uid) - len(number) - 2
    return f"{uid}.{task.metric[:room]}.{number}"


def _with_pod_labels(spec: JsonObject, labels: dict[str, str]) -> JsonObject:
    template = spec.get("template") or {}
    metadata = template.get("metadata") or {}
    marked = {**metadata, "labels": {**(metadata.get("labels") or {}), **labels}}
    return {**spec, "template": {**template, "metadata": marked}}


def _about(task: Task, name: str) -> dict[str, str]:
    return {JOB_NAME: name, _JOB_NAMESPACE: task.namespace}


def _name(task: Task) -> str:
    name = ((task.measurement or {}).get("metadata") or {}).get(JOB_NAME)
    if not name:
        raise MeasurementFailed("job metadata reference missing", suggestion="retry the analysis")
    return str(name)


async def _look(task: Task) -> Reading:
    name = _name(task)
    job = await task.jobs.get(task.namespace, name)
    if job is None:
        raise MeasurementFailed(f'job.batch "{name}" not found', suggestion="leave the Jobs of an analysis alone")
    about = _about(task, name)
    for condition in (job.get("status") or {}).get("conditions") or ():
        if condition.get("status", "True") != "True":
            continue
        if condition.get("type") == "Complete":
            return Reading(phase=Phase.SUCCESSFUL, about_measurement=about)
        if condition.get("type") == "Failed":
            return Reading(phase=Phase.FAILED, about_measurement=about)
    if problem := _pull_problem(await task.jobs.pods(task.namespace, name)):
        return Reading(phase=Phase.INCONCLUSIVE, message=problem, about_measurement=about)
    return Reading(phase=Phase.RUNNING, about_measurement=about)


def _pull_problem(pods: list[JsonObject]) -> str:
    """A Job whose image cannot be had never ends, and says nothing about what it was to measure."""
    for pod in pods:
        status = pod.get("status") or {}
        for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
            waiting = (container.get("state") or {}).get("waiting") or {}
            if waiting.get("reason") in _PULL_ERRORS:
                where = f"Pod {pod['metadata']['name']}, container {container.get('name')}"
                return f"{where} has terminal error ({waiting['reason']}): {waiting.get('message') or ''}".rstrip(": ")
    return ""


async def _end(task: Task) -> Reading:
    name = _name(task)
    await task.jobs.delete(task.namespace, name)
    return Reading(phase=Phase.INCONCLUSIVE, message="Metric Terminated", about_measurement=_about(task, name))
