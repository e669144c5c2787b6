"""The scale subresource: a number of replicas, wherever the kind keeps it."""

from typing import Any

from aiohttp import web

from gitsync.manifest.object import JsonObject
from gitsync.sandbox import patch
from gitsync.sandbox.api.answer import json_answer
from gitsync.sandbox.api.request import Call, decode_body
from gitsync.sandbox.errors import BadRequestError, NotFoundError
from gitsync.sandbox.registry import ResourceType
from gitsync.sandbox.selectors import selector_text
from gitsync.sandbox.writes import WriteOptions, Writes


class Scaling:
    """Reads and writes Scale objects."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes

    def get(self, call: Call) -> web.Response:
        target = call.target
        return json_answer(scale_of(target.type, self._writes.live(target.type, target.namespace, target.name).body))

    async def write(self, call: Call) -> web.Response:
        target = call.target
        live = self._writes.live(target.type, target.namespace, target.name).body
        content_type = call.http.headers.get("Content-Type", "").partition(";")[0]
        body = decode_body(await call.http.read(), content_type, "Scale")
        if call.http.method == "PATCH":
            before = scale_of(target.type, live)
            body = patch.json_patch(before, body) if "json-patch" in content_type else patch.merge_patch(before, body)
        wanted = (body.get("spec") or {}).get("replicas", 0) if isinstance(body, dict) else None
        if not isinstance(wanted, int):
            raise BadRequestError("spec.replicas of a Scale is a number")
        path = _paths(target.type)[0]
        revision = (body.get("metadata") or {}).get("resourceVersion")

        def change(current: JsonObject) -> JsonObject:
            changed = _with_value(current, path, wanted)
            if revision:
                changed = changed | {"metadata": changed["metadata"] | {"resourceVersion": revision}}
            return changed

        options = WriteOptions(call.manager, dry_run=call.dry_run("UpdateOptions"))
        outcome = self._writes.change(target.type, target.namespace, target.name, change, options, "scale")
        return json_answer(scale_of(target.type, outcome.body))


def _paths(type_: ResourceType) -> tuple[list[str], list[str], list[str]]:
    """Where replicas, current replicas and the selector are."""
    if type_.definition is None:
        return ["spec", "replicas"], ["status", "replicas"], []
    scale = (type_.definition.get("subresources") or {}).get("scale")
    if scale is None:
        raise NotFoundError("the server could not find the requested resource")
    keys = ("specReplicasPath", "statusReplicasPath", "labelSelectorPath")
    replicas, current, selector = ([part for part in scale.get(key, "").split(".") if part] for key in keys)
    return replicas, current, selector


def scale_of(type_: ResourceType, body: JsonObject) -> JsonObject:
    """The Scale object of a workload."""
    replicas, current, selector_path = _paths(type_)
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: JsonObject = {"replicas": _value(body, current) or 0}
    selector = _value(body, selector_path) if selector_path else _selector_of(body)
    if selector:
        status["selector"] = selector
    wanted = _value(body, replicas)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: body["metadata"][key] for key in kept if key in body["metadata"]},
        "spec": {"replicas": wanted} if wanted else {},
        "status": status,
    }


def _selector_of(body: JsonObject) -> str:
    selector = body.get("spec", {}).get("selector") or {}
    if body["kind"] == "ReplicationController":
        selector = {"matchLabels": selector}
    return selector_text(selector)


def _value(body: JsonObject, path: list[str]) -> Any:
    value: Any = body
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _with_value(body: JsonObject, path: list[str], value: Any) -> JsonObject:
    key, *rest = path
    return body | {key: _with_value(body.get(key) or {}, rest, value) if rest else value}
