"""The status of a Deployment: counters, Available, Progressing, ReplicaFailure, in the words of the real controller.
Pure.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import parse_time, status_of, timestamp, without_zeros
from gitsync.sandbox.controllers.condition import find, with_condition, without
from gitsync.sandbox.controllers.rollout import limits_of

_OPTIONAL = (
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
)
_COMPLETE = "NewReplicaSetAvailable"
_TIMED_OUT = "ProgressDeadlineExceeded"


def next_status(
    deployment: JsonObject,
    new: JsonObject | None,
    replica_sets: Sequence[JsonObject],
    *,
    conditions: Sequence[JsonObject],
    now: datetime,
) -> JsonObject:
    """The status that follows from the ReplicaSets. `conditions`: the present ones, as far as this run has changed
    them.
    """
    status = _counters(deployment, new, replica_sets)
    limits = limits_of(deployment)
    if status["availableReplicas"] >= limits.fewest_available:
        conditions = _set(
            conditions,
            "Available",
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
            now,
        )
    else:
        conditions = _set(
            conditions,
            "Available",
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
            now,
        )
    conditions = _progress(deployment, new, status, conditions, now)
    conditions = _replica_failure(new, replica_sets, conditions, now)
    old = status_of(deployment)
    if old.get("collisionCount"):
        status["collisionCount"] = old["collisionCount"]
    return {**without_zeros(status, _OPTIONAL), "conditions": list(conditions)}


def is_complete(deployment: JsonObject, status: JsonObject) -> bool:
    wanted: int = deployment["spec"].get("replicas", 1)
    return bool(
        status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
        and status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    )


def seconds_to_deadline(deployment: JsonObject, status: JsonObject, now: datetime) -> float | None:
    """When a stuck rollout has to be called stuck; None when it is not under way."""
    deadline_seconds = _deadline_seconds(deployment)
    progressing = find(status["conditions"], "Progressing")
    if deadline_seconds is None or progressing is None or deployment["spec"].get("paused"):
        return None
    if progressing["reason"] in (_COMPLETE, _TIMED_OUT):
        return None
    since = parse_time(progressing["lastUpdateTime"])
    return max(0.0, (since + timedelta(seconds=deadline_seconds) - now).total_seconds()) + 1.0


def with_progress(
    conditions: Sequence[JsonObject], status: str, reason: str, message: str, now: datetime
) -> list[JsonObject]:
    return _set(conditions, "Progressing", status, reason, message, now)


def pause_conditions(deployment: JsonObject, now: datetime) -> list[JsonObject]:
    """Conditions after a look at `paused`: a pause stops the deadline, and resuming starts it anew."""
    conditions = status_of(deployment).get("conditions") or []
    if _deadline_seconds(deployment) is None:
        return conditions
    progressing = find(conditions, "Progressing")
    reason = progressing["reason"] if progressing else ""
    if reason == _TIMED_OUT:
        return conditions
    if deployment["spec"].get("paused") and reason != "DeploymentPaused":
        return with_progress(conditions, "Unknown", "DeploymentPaused", "Deployment is paused", now)
    if not deployment["spec"].get("paused") and reason == "DeploymentPaused":
        return with_progress(conditions, "Unknown", "DeploymentResumed", "Deployment is resumed", now)
    return conditions


def _counters(deployment: JsonObject, new: JsonObject | None, replica_sets: Sequence[JsonObject]) -> JsonObject:
    statuses = [status_of(replica_set) for replica_set in replica_sets]
    available = sum(status.get("availableReplicas", 0) for status in statuses)
    wanted = sum(replica_set["spec"].get("replicas", 1) for replica_set in replica_sets)
    return {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "replicas": sum(status.get("replicas", 0) for status in statuses),
        "updatedReplicas": status_of(new).get("replicas", 0) if new else 0,
        "readyReplicas": sum(status.get("readyReplicas", 0) for status in statuses),
        "availableReplicas": available,
        "unavailableReplicas": max(0, wanted - available),
        "terminatingReplicas": sum(status.get("terminatingReplicas", 0) for status in statuses),
    }


def _progress(
    deployment: JsonObject,
    new: JsonObject | None,
    status: JsonObject,
    conditions: Sequence[JsonObject],
    now: datetime,
) -> Sequence[JsonObject]:
    deadline_seconds = _deadline_seconds(deployment)
    if deadline_seconds is None:
        return without(conditions, "Progressing")
    current = find(conditions, "Progressing")
    if current and current["reason"] == _COMPLETE and status["replicas"] == status["updatedReplicas"]:
        return conditions
    subject = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    if is_complete(deployment, status):
        return _set(conditions, "Progressing", "True", _COMPLETE, f"{subject} has successfully progressed.", now)
    if _has_moved(status_of(deployment), status):
        moved = {
            "type": "Progressing",
            "status": "True",
            "lastUpdateTime": timestamp(now),
            "lastTransitionTime": timestamp(now),
            "reason": "ReplicaSetUpdated",
            "message": f"{subject} is progressing.",
        }
        if current and current["status"] == "True":
            moved["lastTransitionTime"] = current["lastTransitionTime"]
        return [*without(conditions, "Progressing"), moved]
    if _is_timed_out(deployment, current, deadline_seconds, now):
        return _set(conditions, "Progressing", "False", _TIMED_OUT, f"{subject} has timed out progressing.", now)
    return conditions


def _has_moved(old: JsonObject, new: JsonObject) -> bool:
    """Whether the rollout has come further since the last status."""
    old_left = old.get("replicas", 0) - old.get("updatedReplicas", 0)
    return bool(
        new["updatedReplicas"] > old.get("updatedReplicas", 0)
        or new["replicas"] - new["updatedReplicas"] < old_left
        or new["readyReplicas"] > old.get("readyReplicas", 0)
        or new["availableReplicas"] > old.get("availableReplicas", 0)
    )


def _is_timed_out(deployment: JsonObject, progressing: JsonObject | None, deadline_seconds: int, now: datetime) -> bool:
    if progressing is None or deployment["spec"].get("paused"):
        return False
    if progressing["reason"] in (_COMPLETE, _TIMED_OUT):
        return bool(progressing["reason"] == _TIMED_OUT)
    return parse_time(progressing["lastUpdateTime"]) + timedelta(seconds=deadline_seconds) < now


def _replica_failure(
    new: JsonObject | None, replica_sets: Sequence[JsonObject], conditions: Sequence[JsonObject], now: datetime
) -> Sequence[JsonObject]:
    for replica_set in [new, *replica_sets] if new else replica_sets:
        failure = find(status_of(replica_set).get("conditions") or (), "ReplicaFailure")
        if failure is not None and failure["status"] == "True":
            return _set(conditions, "ReplicaFailure", "True", failure["reason"], failure["message"], now)
    return without(conditions, "ReplicaFailure")


def _deadline_seconds(deployment: JsonObject) -> int | None:
    seconds = deployment["spec"].get("progressDeadlineSeconds", 600)
    return None if seconds is None or seconds >= 2**31 - 1 else int(seconds)


def _set(
    conditions: Sequence[JsonObject], type_: str, status: str, reason: str, message: str, now: datetime
) -> list[JsonObject]:
    """Same status and reason: nothing changes, not even the message."""
    old = find(conditions, type_)
    if old is not None and (old["status"], old.get("reason")) == (status, reason):
        return list(conditions)
    return with_condition(
        conditions, type_, status, now=now, reason=reason, message=message, lastUpdateTime=timestamp(now)
    )
