"""Jobs: pods that come to an end, as many as are asked for, a bounded number of times.

Left out: podFailurePolicy, successPolicy, backoffLimitPerIndex and managedBy; who sets them gets a Job without them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import (
    annotations_of,
    is_deleting,
    key_of,
    parse_time,
    random_suffix,
    status_of,
    timestamp,
    without_zeros,
)
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.condition import find, is_true, with_condition
from gitsync.sandbox.controllers.pod import (
    is_active,
    is_finished,
    is_ready,
    phase_of,
    pod_from_template,
    restarts_of,
)
from gitsync.sandbox.controllers.service_account import create_pod
from gitsync.sandbox.controllers.work import Reconcile
from gitsync.sandbox.errors import ApiError
from model.identity import ResourceKey

_BY = "job-controller"
_INDEX = "batch.kubernetes.io/job-completion-index"
_FIRST_BACKOFF_SECONDS = 10.0
_LAST_BACKOFF_SECONDS = 360.0
_OPTIONAL = ("active", "succeeded", "failed", "terminating")


class Jobs:
    """Starts pods, counts how they end, and says when enough is enough."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, key: ResourceKey) -> None:
        job = self._cluster.objects.get(key)
        if job is None or is_deleting(job):
            return
        if finished_condition(job) is not None:
            self._expire(job)
            return
        run = _JobRun(self._cluster, job, self._cluster.children(job, "Pod"), self.reconcile)
        run.advance()

    def _expire(self, job: JsonObject) -> None:
        """Removes a finished Job after its time to live."""
        ttl_seconds = job["spec"].get("ttlSecondsAfterFinished")
        condition = finished_condition(job)
        if ttl_seconds is None or condition is None:
            return
        due = parse_time(condition["lastTransitionTime"]) + timedelta(seconds=ttl_seconds)
        wait_seconds = (due - self._cluster.now).total_seconds()
        if wait_seconds > 0:
            self._cluster.queue.add_after(wait_seconds, self.reconcile, key_of(job))
        else:
            self._cluster.delete(job)


def finished_condition(job: JsonObject) -> JsonObject | None:
    """The condition that says how the Job ended; None while it has not."""
    conditions = status_of(job).get("conditions") or ()
    for type_ in ("Complete", "Failed"):
        if is_true(conditions, type_):
            return find(conditions, type_)
    return None


class _JobRun:
    """One look at one Job that has not ended."""

    def __init__(self, cluster: Cluster, job: JsonObject, pods: Sequence[JsonObject], reconcile: Reconcile) -> None:
        self._cluster = cluster
        self._job = job
        self._reconcile = reconcile
        self._spec = job["spec"]
        self._old = status_of(job)
        self._conditions: Sequence[JsonObject] = self._old.get("conditions") or []
        self._pods = pods
        self._active = [pod for pod in pods if is_active(pod)]
        self._start_time: str | None = self._old.get("startTime")
        self._succeeded = self._count("Succeeded")
        self._failed = self._count("Failed")
        self._failure: ApiError | None = None

    def advance(self) -> None:
        self._follow_suspension()
        verdict = self._verdict()
        if verdict is not None:
            self._finish(*verdict)
        elif self._spec.get("suspend"):
            self._remove(self._active)
        else:
            self._fit_number()
        self._write_status(is_complete=is_true(self._conditions, "Complete"))
        if self._failure is not None:
            raise self._failure

    def _count(self, phase: str) -> int:
        """Pods that ended so. One that was counted once stays counted when somebody removes it."""
        seen = sum(phase_of(pod) == phase for pod in self._pods)
        if self._is_indexed and phase == "Succeeded":
            return len(self._indexes_done)
        return max(seen, int(self._old.get(phase.lower(), 0)))

    @property
    def _is_indexed(self) -> bool:
        return bool(self._spec.get("completionMode") == "Indexed")

    @property
    def _indexes_done(self) -> set[int]:
        done = {index_of(pod) for pod in self._pods if phase_of(pod) == "Succeeded"}
        return (done | indexes(self._old.get("completedIndexes", ""))) & set(range(self._spec.get("completions") or 0))

    @property
    def _now(self) -> datetime:
        return self._cluster.now

    def _follow_suspension(self) -> None:
        if self._spec.get("suspend"):
            if not is_true(self._conditions, "Suspended"):
                self._condition("Suspended", "True", "JobSuspended", "Job suspended")
                self._cluster.events.normal(self._job, "Suspended", "Job suspended", by=_BY)
            self._start_time = None
            return
        if is_true(self._conditions, "Suspended"):
            self._condition("Suspended", "False", "JobResumed", "Job resumed")
            self._cluster.events.normal(self._job, "Resumed", "Job resumed", by=_BY)
            self._start_time = timestamp(self._now)
        self._start_time = self._start_time or timestamp(self._now)

    def _verdict(self) -> tuple[str, str, str] | None:
        """Type, reason and message of the end, if it has come."""
        if is_true(self._conditions, "FailureTarget"):
            target = find(self._conditions, "FailureTarget") or {}
            return "Failed", target.get("reason", ""), target.get("message", "")
        limit = self._spec.get("backoffLimit", 6)
        restarts = sum(restarts_of(pod) for pod in self._active)
        on_failure = self._spec["template"]["spec"].get("restartPolicy") == "OnFailure"
        if self._failed > limit or (on_failure and restarts > limit):
            return "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        deadline_seconds = self._spec.get("activeDeadlineSeconds")
        if deadline_seconds is not None and self._start_time is not None:
            due = parse_time(self._start_time) + timedelta(seconds=deadline_seconds)
            if due <= self._now:
                return "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
            self._look_again((due - self._now).total_seconds())
        completions = self._spec.get("completions")
        enough = 1 if completions is None else completions
        if self._succeeded >= enough and not (completions is None and self._active):
            return "Complete", "CompletionsReached", "Reached expected number of succeeded pods"
        return None

    def _finish(self, type_: str, reason: str, message: str) -> None:
        first = "SuccessCriteriaMet" if type_ == "Complete" else "FailureTarget"
        if type_ == "Failed":
            self._failed += len(self._active)  # what is stopped now did not succeed
        self._condition(first, "True", reason, message)
        self._condition(type_, "True", reason, message)
        self._remove(self._active)
        if type_ == "Complete":
            self._cluster.events.normal(self._job, "Completed", "Job completed", by=_BY)
        else:
            self._cluster.events.warning(self._job, reason, message, by=_BY)
        self._look_again(float(self._spec.get("ttlSecondsAfterFinished") or 0))

    def _fit_number(self) -> None:
        parallelism, completions = self._spec.get("parallelism", 1), self._spec.get("completions")
        if completions is None:
            wanted = len(self._active) if self._succeeded else parallelism
        else:
            wanted = min(parallelism, completions - self._succeeded)
        if len(self._active) > wanted:
            self._remove(self._active[wanted:])
        elif len(self._active) < wanted and (wait_seconds := self._backoff_seconds()) > 0:
            self._look_again(wait_seconds)
        else:
            self._create(wanted - len(self._active))

    def _create(self, count: int) -> None:
        taken = self._indexes_done | {index_of(pod) for pod in self._active}
        free = [index for index in range(self._spec.get("completions") or 0) if index not in taken]
        for number in range(count):
            pod = pod_from_template(self._job, self._spec["template"])
            if self._is_indexed:
                pod = _indexed(pod, self._job["metadata"]["name"], free[number])
            try:
                created = create_pod(self._cluster, pod)
            except ApiError as error:
                self._cluster.events.warning(self._job, "FailedCreate", f"Error creating: {error}", by=_BY)
                self._failure = error
                return
            self._active.append(created)
            message = f"Created pod: {created['metadata']['name']}"
            self._cluster.events.normal(self._job, "SuccessfulCreate", message, by=_BY)

    def _backoff_seconds(self) -> float:
        """How long to wait after the last failure: twice as long after each."""
        ends = [ended for pod in self._pods if phase_of(pod) == "Failed" and (ended := _ended_at(pod))]
        if not ends or not self._failed:
            return 0.0
        wait_seconds = min(_FIRST_BACKOFF_SECONDS * 2 ** min(self._failed - 1, 10), _LAST_BACKOFF_SECONDS)
        return (max(ends) + timedelta(seconds=wait_seconds) - self._now).total_seconds()

    def _remove(self, pods: Sequence[JsonObject]) -> None:
        for pod in tuple(pods):
            if self._cluster.delete(pod):
                message = f"Deleted pod: {pod['metadata']['name']}"
                self._cluster.events.normal(self._job, "SuccessfulDelete", message, by=_BY)
            self._active = [active for active in self._active if active is not pod]

    def _write_status(self, *, is_complete: bool) -> None:
        status: JsonObject = {
            "active": len(self._active),
            "succeeded": self._succeeded,
            "failed": self._failed,
            "ready": sum(is_ready(pod) for pod in self._active),
            "terminating": sum(is_deleting(pod) and not is_finished(pod) for pod in self._pods),
            "uncountedTerminatedPods": {},
        }
        status = without_zeros(status, _OPTIONAL)
        status["terminating"] = status.get("terminating", 0)
        if self._is_indexed:
            status["completedIndexes"] = format_indexes(self._indexes_done)
        if self._start_time is not None:
            status["startTime"] = self._start_time
        if is_complete:
            status["completionTime"] = timestamp(self._now)
        if self._conditions:
            status["conditions"] = list(self._conditions)
        self._cluster.write_status(self._job, status)

    def _condition(self, type_: str, value: str, reason: str, message: str) -> None:
        self._conditions = with_condition(
            self._conditions,
            type_,
            value,
            now=self._now,
            reason=reason,
            message=message,
            lastProbeTime=timestamp(self._now),
        )

    def _look_again(self, seconds: float) -> None:
        self._cluster.queue.add_after(seconds, self._reconcile, key_of(self._job))


def index_of(pod: JsonObject) -> int:
    return int(annotations_of(pod).get(_INDEX, "-1"))


def indexes(text: str) -> set[int]:
    """The numbers in a list such as 0,2-4."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def format_indexes(numbers: set[int]) -> str:
    """Runs of three and more are written as a range, as the API does."""
    parts: list[str] = []
    ordered = sorted(numbers)
    while ordered:
        length = next((at for at, number in enumerate(ordered) if number != ordered[0] + at), len(ordered))
        parts += [f"{ordered[0]}-{ordered[length - 1]}"] if length > 2 else [str(each) for each in ordered[:length]]
        ordered = ordered[length:]
    return ",".join(parts)


def _indexed(pod: JsonObject, job_name: str, index: int) -> JsonObject:
    metadata = {**pod["metadata"], "generateName": f"{job_name}-{index}-"}
    metadata["name"] = metadata["generateName"] + random_suffix()
    metadata["annotations"] = {**annotations_of(pod), _INDEX: str(index)}
    metadata["labels"] = {**(metadata.get("labels") or {}), _INDEX: str(index)}
    environment = {"name": "JOB_COMPLETION_INDEX", "value": str(index)}
    containers = [
        {**container, "env": [*(container.get("env") or ()), environment]} for container in pod["spec"]["containers"]
    ]
    return {**pod, "metadata": metadata, "spec": {**pod["spec"], "containers": containers}}


def _ended_at(pod: JsonObject) -> datetime | None:
    ends = [
        parse_time(status["state"]["terminated"]["finishedAt"])
        for status in status_of(pod).get("containerStatuses") or ()
        if "terminated" in status.get("state", {})
    ]
    return max(ends, default=None)
