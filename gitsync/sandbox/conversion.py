"""Objects under another version of their kind. Most versions differ in name only; two kinds differ more."""

from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.registry import ResourceType


def as_version(body: JsonObject, type_: ResourceType) -> JsonObject:
    """The stored object as it is served under `type_`."""
    if body["apiVersion"] == type_.api_version:
        return body
    converted = _renamed(body, type_)
    if (type_.group, type_.version, type_.kind) == ("autoscaling", "v1", "HorizontalPodAutoscaler"):
        converted["spec"] = _autoscaler_v1(body.get("spec") or {})
    elif type_.kind == "Event":
        return _swapped(converted, _EVENT_NAMES if type_.group else {new: old for old, new in _EVENT_NAMES.items()})
    return converted


def to_stored(body: JsonObject, type_: ResourceType) -> JsonObject:
    """An object of a client, made a newer version of its kind where two versions differ in fields."""
    if (type_.group, type_.version, type_.kind) == ("autoscaling", "v1", "HorizontalPodAutoscaler"):
        spec = dict(body.get("spec") or {})
        percent = spec.pop("targetCPUUtilizationPercentage", None)
        if percent is not None:
            target = {"type": "Utilization", "averageUtilization": percent}
            spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
        return body | {"apiVersion": "autoscaling/v2", "spec": spec}
    if (type_.group, type_.kind) == ("events.k8s.io", "Event"):
        stored = _swapped(body | {"apiVersion": "v1"}, {new: old for old, new in _EVENT_NAMES.items()})
        stored.setdefault("source", {})
        return stored
    return body


_EVENT_NAMES = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}


def _renamed(body: JsonObject, type_: ResourceType) -> JsonObject:
    head = {"kind": type_.kind, "apiVersion": type_.api_version}
    return head | {key: value for key, value in body.items() if key not in head}


def _swapped(body: JsonObject, names: dict[str, str]) -> JsonObject:
    return {names.get(key, key): value for key, value in body.items()}


def _autoscaler_v1(spec: JsonObject) -> JsonObject:
    out: dict[str, Any] = {key: spec[key] for key in ("scaleTargetRef", "minReplicas", "maxReplicas") if key in spec}
    for metric in spec.get("metrics", ()):
        resource = metric.get("resource") or {}
        if resource.get("name") == "cpu" and "averageUtilization" in resource.get("target", {}):
            out["targetCPUUtilizationPercentage"] = resource["target"]["averageUtilization"]
    return out
