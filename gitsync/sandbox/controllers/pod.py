"""What a pod is, seen from the controllers that own it."""

from datetime import datetime, timedelta

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import (
    annotations_of,
    is_deleting,
    owner_reference,
    parse_time,
    random_suffix,
    status_of,
)
from gitsync.sandbox.controllers.condition import find

_NAME_LIMIT = 58
_PHASE_RANK = {"Pending": 0, "Unknown": 1, "Running": 2}


def pod_from_template(owner: JsonObject, template: JsonObject, *, name: str = "") -> JsonObject:
    """A pod of `owner`. Without a name it gets one that begins with the owner's."""
    metadata = {key: value for key, value in (template.get("metadata") or {}).items() if value and key in _COPIED}
    if not name:
        metadata["generateName"] = f"{owner['metadata']['name'][:_NAME_LIMIT]}-"
        name = metadata["generateName"] + random_suffix()
    metadata.update(name=name, namespace=owner["metadata"]["namespace"], ownerReferences=[owner_reference(owner)])
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


_COPIED = frozenset({"labels", "annotations", "finalizers"})


def phase_of(pod: JsonObject) -> str:
    return str(status_of(pod).get("phase", "Pending"))


def is_finished(pod: JsonObject) -> bool:
    return phase_of(pod) in ("Succeeded", "Failed")


def is_active(pod: JsonObject) -> bool:
    """Counts for its owner: neither ended nor ending."""
    return not is_finished(pod) and not is_deleting(pod)


def is_ready(pod: JsonObject) -> bool:
    condition = find(status_of(pod).get("conditions") or (), "Ready")
    return condition is not None and condition["status"] == "True"


def ready_since(pod: JsonObject) -> datetime | None:
    condition = find(status_of(pod).get("conditions") or (), "Ready")
    if condition is None or condition["status"] != "True":
        return None
    return parse_time(condition["lastTransitionTime"])


def seconds_until_available(pod: JsonObject, min_ready_seconds: int, now: datetime) -> float | None:
    """0 or less: available. None: not even ready."""
    since = ready_since(pod)
    if since is None:
        return None
    return (since + timedelta(seconds=min_ready_seconds) - now).total_seconds() if min_ready_seconds else 0.0


def restarts_of(pod: JsonObject) -> int:
    return max((status["restartCount"] for status in status_of(pod).get("containerStatuses") or ()), default=0)


def deletion_rank(pod: JsonObject) -> tuple[object, ...]:
    """Order in which a ReplicaSet gives pods up: least useful first."""
    since = ready_since(pod)
    cost = annotations_of(pod).get("controller.kubernetes.io/pod-deletion-cost", "0")
    created = parse_time(pod["metadata"]["creationTimestamp"]).timestamp()
    return (
        bool(pod["spec"].get("nodeName")),
        _PHASE_RANK.get(phase_of(pod), 1),
        since is not None,
        int(cost) if cost.lstrip("-").isdigit() else 0,
        -since.timestamp() if since else 0.0,
        -restarts_of(pod),
        -created,
        pod["metadata"]["name"],
    )
