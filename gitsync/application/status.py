"""The status of an Application as JSON, and the smallest patch that brings it there. Pure.

Assembled from counters and memos, compared with what the object already says, and written only if something other
than the time of the comparison changed: an idle application is never written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from gitsync.application.state import ObjectVerdict
from gitsync.manifest.merge_patch import merge_patch
from gitsync.manifest.object import JsonObject
from model.health import Health, Sync
from model.kinds.application import ApplicationCondition, OperationState

_TIMES = ("reconciledAt", "observedAt")  # alone no reason to write


@dataclass(frozen=True, slots=True)
class StatusView:
    """What the status is to say. `spec`, `history` and `operation` are raw, so that unknown fields survive.

    `revisions` and `source_types` have one for each of `spec.sources`. `kept`: the status whose objects and summary
    stay as they are, because nothing was compared yet.
    """

    spec: JsonObject
    sync: Sync
    revision: str
    health: Health
    health_message: str
    verdicts: Sequence[ObjectVerdict]
    conditions: Sequence[ApplicationCondition]
    source_type: str
    control_namespace: str
    revisions: Sequence[str] = ()
    source_types: Sequence[str] = ()
    history: Sequence[JsonObject] = ()
    operation_state: JsonObject | None = None
    kept: JsonObject | None = None


def assemble(view: StatusView, previous: JsonObject, *, now: datetime) -> JsonObject:
    """The whole status. Times of what did not change are taken from `previous`."""
    status: JsonObject = {
        "sync": _sync(view),
        "health": _health(view, previous.get("health") or {}, now),
        "summary": _summary(view.verdicts),
        "controllerNamespace": view.control_namespace,
        "reconciledAt": kubernetes_time(now),
    }
    unknown = view.sync is Sync.UNKNOWN
    if resources := [_resource(verdict, unknown=unknown) for verdict in view.verdicts]:
        status["resources"] = resources
    if conditions := _conditions(view.conditions, previous.get("conditions") or [], now):
        status["conditions"] = conditions
    if view.spec.get("sources"):
        if view.source_types:
            status["sourceTypes"] = [str(one) for one in view.source_types]
    elif view.source_type:
        status["sourceType"] = str(view.source_type)  # members of an enum are not what is read back
    if view.history:
        status["history"] = list(view.history)
    if view.operation_state:
        status["operationState"] = view.operation_state
    if view.kept is not None:
        status.update({field: view.kept[field] for field in ("resources", "summary") if field in view.kept})
    return status


def status_patch(previous: JsonObject, wanted: JsonObject) -> JsonObject | None:
    """A JSON merge patch from `previous` to `wanted`; None when only times of comparison differ."""
    patch = merge_patch(previous, wanted)
    return patch if any(key not in _TIMES for key in patch) else None


def kubernetes_time(moment: datetime) -> str:
    """As Kubernetes writes times: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_json(value: msgspec.Struct) -> JsonObject:
    """A struct of `model.kinds` as Kubernetes JSON."""
    converted: JsonObject = _with_times(msgspec.to_builtins(value, builtin_types=(datetime,)))
    return converted


def operation_state_json(state: OperationState, *, operation: JsonObject | None, source: JsonObject) -> JsonObject:
    """The state with the operation and the sources as people wrote them: unknown fields survive.

    `source` is `{"source": ...}` or `{"sources": [...]}`.
    """
    json = as_json(state)
    if operation is not None:
        json["operation"] = operation
    if state.sync_result is not None:
        json["syncResult"] = {**json.get("syncResult", {}), **source}
        json["syncResult"].setdefault("revision", state.sync_result.revision)
    return json


def _with_times(value: Any) -> Any:
    match value:
        case datetime():
            return kubernetes_time(value)
        case dict():
            return {key: _with_times(item) for key, item in value.items()}
        case list() | tuple():
            return [_with_times(item) for item in value]
        case _:
            return value


def _sync(view: StatusView) -> JsonObject:
    spec = view.spec
    compared: JsonObject = {"destination": spec.get("destination") or {}}
    for field in ("source", "sources", "ignoreDifferences"):
        if spec.get(field):
            compared[field] = spec[field]
    sync: JsonObject = {"status": view.sync.value, "comparedTo": compared}
    if spec.get("sources"):
        compared.pop("source", None)
        if view.revisions:
            sync["revisions"] = list(view.revisions)
    elif view.revision:
        sync["revision"] = view.revision
    return sync


def _health(view: StatusView, previous: JsonObject, now: datetime) -> JsonObject:
    health: JsonObject = {"status": view.health.value}
    if view.health_message:
        health["message"] = view.health_message
    same = previous.get("status") == view.health.value
    health["lastTransitionTime"] = (previous.get("lastTransitionTime") if same else None) or kubernetes_time(now)
    return health


def _resource(verdict: ObjectVerdict, *, unknown: bool) -> JsonObject:
    key = verdict.key
    resource: JsonObject = {"kind": key.kind, "name": key.name, "version": verdict.version}
    if key.group:
        resource["group"] = key.group
    if key.namespace:
        resource["namespace"] = key.namespace
    if verdict.sync_shown:
        resource["status"] = Sync.UNKNOWN.value if unknown else verdict.sync_shown
    if verdict.health is not None:
        resource["health"] = {"status": verdict.health.status.value}
        if verdict.health.message:
            resource["health"]["message"] = verdict.health.message
    if verdict.requires_pruning:
        resource["requiresPruning"] = True
    if verdict.asks_before_deletion:
        resource["requiresDeletionConfirmation"] = True
    if verdict.hook:
        resource["hook"] = True
    if verdict.wave:
        resource["syncWave"] = verdict.wave
    return resource


def _conditions(
    conditions: Iterable[ApplicationCondition], previous: Sequence[JsonObject], now: datetime
) -> list[JsonObject]:
    known = {(one.get("type"), one.get("message")): one.get("lastTransitionTime") for one in previous}
    return [
        {
            "type": one.type,
            "message": one.message,
            "lastTransitionTime": known.get((one.type, one.message)) or kubernetes_time(now),
        }
        for one in sorted(conditions, key=lambda one: (one.type, one.message))
    ]


def _summary(verdicts: Sequence[ObjectVerdict]) -> JsonObject:
    summary: JsonObject = {}
    if images := sorted({image for verdict in verdicts for image in verdict.images}):
        summary["images"] = images
    if urls := sorted({url for verdict in verdicts for url in verdict.urls}):
        summary["externalURLs"] = urls
    return summary
