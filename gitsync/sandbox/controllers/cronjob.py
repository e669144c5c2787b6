"""CronJobs: a Job at each due minute."""

import zoneinfo
from collections.abc import Sequence
from datetime import datetime, timedelta

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import (
    annotations_of,
    created_at,
    is_deleting,
    key_of,
    owner_reference,
    parse_time,
    status_of,
    timestamp,
    uid_of,
)
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.job import finished_condition
from gitsync.sandbox.controllers.schedule import NotASchedule, Schedule, parse_schedule
from gitsync.sandbox.errors import AlreadyExistsError, ApiError
from model.identity import ResourceKey

_BY = "cronjob-controller"
_SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
# Who was away for long starts the last missed Job, not hundreds of them.
_LOOK_BACK = 100


class CronJobs:
    """Wakes up when the next Job is due, or when one of its Jobs changes."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, key: ResourceKey) -> None:
        cron_job = self._cluster.objects.get(key)
        if cron_job is None or is_deleting(cron_job):
            return
        jobs = self._cluster.children(cron_job, "Job")
        last = status_of(cron_job).get("lastScheduleTime")
        if not cron_job["spec"].get("suspend"):
            last = self._run_due(cron_job, jobs, last)
        self._tell_ends(cron_job, jobs)
        self._trim(cron_job, self._cluster.children(cron_job, "Job"))
        self._write_status(cron_job, self._cluster.children(cron_job, "Job"), last)

    def _run_due(self, cron_job: JsonObject, jobs: Sequence[JsonObject], last: str | None) -> str | None:
        """Starts the Job that is due, if any, and sets the alarm for the next. Returns when a Job was last
        scheduled.
        """
        try:
            schedule = parse_schedule(cron_job["spec"]["schedule"])
            zone = zoneinfo.ZoneInfo(cron_job["spec"].get("timeZone") or "Etc/UTC")
        except (NotASchedule, zoneinfo.ZoneInfoNotFoundError) as error:
            self._cluster.events.warning(cron_job, "UnparseableSchedule", f"unparseable schedule: {error}", by=_BY)
            return last
        now = self._cluster.now.astimezone(zone)
        since = parse_time(last) if last else created_at(cron_job)
        due, upcoming = _due(schedule, since.astimezone(zone), now)
        if upcoming is not None:
            wait_seconds = (upcoming - now).total_seconds()
            self._cluster.queue.add_after(wait_seconds, self.reconcile, key_of(cron_job))
        if due is None:
            return last
        deadline_seconds = cron_job["spec"].get("startingDeadlineSeconds")
        if deadline_seconds is not None and due + timedelta(seconds=deadline_seconds) < now:
            message = f"Missed scheduled time to start a job: {timestamp(due)}"
            self._cluster.events.warning(cron_job, "MissSchedule", message, by=_BY)
            return last
        return self._start(cron_job, jobs, due) or last

    def _start(self, cron_job: JsonObject, jobs: Sequence[JsonObject], due: datetime) -> str | None:
        policy = cron_job["spec"].get("concurrencyPolicy", "Allow")
        running = [job for job in jobs if finished_condition(job) is None and not is_deleting(job)]
        if running and policy == "Forbid":
            message = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._cluster.events.normal(cron_job, "JobAlreadyActive", message, by=_BY)
            return None
        for job in running if policy == "Replace" else ():
            self._delete(cron_job, job)
        try:
            job = self._cluster.objects.create(_job(cron_job, due))
        except AlreadyExistsError:
            return timestamp(due.astimezone(self._cluster.now.tzinfo))
        except ApiError as error:
            self._cluster.events.warning(cron_job, "FailedCreate", f"Error creating job: {error}", by=_BY)
            raise
        message = f"Created job {job['metadata']['name']}"
        self._cluster.events.normal(cron_job, "SuccessfulCreate", message, by=_BY)
        return timestamp(due.astimezone(self._cluster.now.tzinfo))

    def _trim(self, cron_job: JsonObject, jobs: Sequence[JsonObject]) -> None:
        """Keeps the newest of those that ended well, and the newest of those that did not."""
        ended: dict[str, list[JsonObject]] = {"Complete": [], "Failed": []}
        for job in jobs:
            condition = finished_condition(job)
            if condition is not None and not is_deleting(job):
                ended[condition["type"]].append(job)
        limits = {
            "Complete": cron_job["spec"].get("successfulJobsHistoryLimit", 3),
            "Failed": cron_job["spec"].get("failedJobsHistoryLimit", 1),
        }
        for type_, oldest_first in ended.items():
            for job in oldest_first[: max(0, len(oldest_first) - limits[type_])]:
                self._delete(cron_job, job)

    def _tell_ends(self, cron_job: JsonObject, jobs: Sequence[JsonObject]) -> None:
        """Says once of each Job that was running until now how it ended."""
        ran = {reference["uid"] for reference in status_of(cron_job).get("active") or ()}
        for job in jobs:
            condition = finished_condition(job)
            if condition is not None and uid_of(job) in ran:
                message = f"Saw completed job: {job['metadata']['name']}, condition: {condition['type']}"
                self._cluster.events.normal(cron_job, "SawCompletedJob", message, by=_BY)

    def _delete(self, cron_job: JsonObject, job: JsonObject) -> None:
        if self._cluster.delete(job):
            message = f"Deleted job {job['metadata']['name']}"
            self._cluster.events.normal(cron_job, "SuccessfulDelete", message, by=_BY)

    def _write_status(self, cron_job: JsonObject, jobs: Sequence[JsonObject], last: str | None) -> None:
        active = [_reference(job) for job in jobs if finished_condition(job) is None]
        completions = [time for job in jobs if (time := status_of(job).get("completionTime"))]
        status: JsonObject = {}
        if active:
            status["active"] = active
        if last:
            status["lastScheduleTime"] = last
        successful = max([*completions, status_of(cron_job).get("lastSuccessfulTime") or ""])
        if successful:
            status["lastSuccessfulTime"] = successful
        self._cluster.write_status(cron_job, status)


def _due(schedule: Schedule, since: datetime, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The newest due time that has passed since then, and the next one to come."""
    due, moment = None, schedule.next_after(since)
    missed = 0
    while moment is not None and moment <= now:
        due, missed = moment, missed + 1
        if missed == _LOOK_BACK:
            following = schedule.next_after(moment)
            interval = following - moment if following is not None else timedelta()
            moment = max(moment, now - 2 * interval)
        moment = schedule.next_after(moment)
    return due, moment


def _job(cron_job: JsonObject, due: datetime) -> JsonObject:
    template, metadata = cron_job["spec"]["jobTemplate"], cron_job["metadata"]
    template_metadata = template.get("metadata") or {}
    job: JsonObject = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{metadata['name']}-{int(due.timestamp()) // 60}",
            "namespace": metadata["namespace"],
            "annotations": {**annotations_of({"metadata": template_metadata}), _SCHEDULED: due.isoformat()},
            "ownerReferences": [owner_reference(cron_job)],
        },
        "spec": template["spec"],
    }
    if template_metadata.get("labels"):
        job["metadata"]["labels"] = template_metadata["labels"]
    return job


def _reference(job: JsonObject) -> JsonObject:
    metadata = job["metadata"]
    return {
        "apiVersion": job["apiVersion"],
        "kind": job["kind"],
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
    }
