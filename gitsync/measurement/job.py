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
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{metadata['uid']}.{task.metric}.{task.number}",
            "namespace": task.namespace,
            "labels": {**labels, UID_LABEL: metadata["uid"]},
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
        "spec": task.settings.get("spec") or {},
    }


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
                return f"container {container.get('name')}: {waiting['reason']}: {waiting.get('message') or ''}".strip(
                    ": "
                )
    return ""


async def _end(task: Task) -> Reading:
    name = _name(task)
    await task.jobs.delete(task.namespace, name)
    return Reading(phase=Phase.INCONCLUSIVE, message="Job terminated", about_measurement=_about(task, name))
