"""POST, PUT, PATCH and DELETE."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from gitsync.manifest.object import JsonObject
from gitsync.sandbox import patch
from gitsync.sandbox.api.answer import formed, json_answer
from gitsync.sandbox.api.reading import selector_of
from gitsync.sandbox.api.request import Call, decode_body, invalid_options, read_object, wanted_form
from gitsync.sandbox.conversion import to_stored
from gitsync.sandbox.deletion import Deletion, parse_options
from gitsync.sandbox.errors import (
    AlreadyExistsError,
    BadRequestError,
    Cause,
    NotFoundError,
    Subject,
    UnsupportedMediaTypeError,
)
from gitsync.sandbox.registry import Registry, ResourceType
from gitsync.sandbox.store import Store
from gitsync.sandbox.validation.table import require_revision
from gitsync.sandbox.writes import Change, Outcome, WriteOptions, Writes, check_address

_JSON, _MERGE = "application/json-patch+json", "application/merge-patch+json"
_STRATEGIC, _APPLY = "application/strategic-merge-patch+json", "application/apply-patch+yaml"
_KEEPS_PODS = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or "
    "set propagationPolicy=Orphan to suppress this warning"
)


class Writing:
    """Decodes writes, hands them on, answers."""

    def __init__(
        self, store: Store, registry: Registry, writes: Writes, deletion: Deletion, timestamp: Callable[[], str]
    ) -> None:
        self._store = store
        self._registry = registry
        self._writes = writes
        self._deletion = deletion
        self._timestamp = timestamp

    async def create(self, call: Call) -> web.Response:
        body = await read_object(call, call.type.kind)
        options = self._options(call, "CreateOptions")
        type_, body = self._stored(call.type, body)
        try:
            return self._answer(call, self._writes.create(type_, call.target.namespace, body, options))
        except AlreadyExistsError:
            if body.get("metadata", {}).get("generateName") and not body["metadata"].get("name"):
                return self._answer(call, self._writes.create(type_, call.target.namespace, body, options))
            raise

    async def replace(self, call: Call) -> web.Response:
        body = await read_object(call, call.type.kind)
        options = self._options(call, "UpdateOptions")
        target = call.target
        type_, body = self._stored(call.type, body)
        check_address(type_, target.namespace, target.name, body)
        self._writes.live(type_, target.namespace, target.name)
        require_revision(type_, body)
        subresource = _tracked(target.subresource)
        return self._answer(
            call, self._writes.replace(type_, target.namespace, target.name, body, options, subresource)
        )

    async def patch(self, call: Call) -> web.Response:
        content_type = call.http.headers.get("Content-Type", "").partition(";")[0]
        target, data = call.target, await call.http.read()
        subresource = _tracked(target.subresource)
        options = self._options(call, "PatchOptions")
        if content_type == _APPLY:
            if not call.query.get("fieldManager"):
                cause = Cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")
                raise invalid_options("PatchOptions", cause)
            config = decode_body(data, content_type, call.type.kind)
            if not isinstance(config, dict):
                raise BadRequestError("error decoding YAML: the configuration is no object")
            type_, config = self._stored(call.type, config)
            outcome = self._writes.apply(type_, target.namespace, target.name, config, options, subresource)
            return self._answer(call, outcome)
        change = _change(content_type, data, call.type)
        type_ = self._registry.by_kind(call.type.group, call.type.kind) or call.type
        type_ = type_ if not call.type.is_custom else call.type
        outcome = self._writes.change(type_, target.namespace, target.name, change, options, subresource)
        return self._answer(call, outcome)

    async def delete(self, call: Call) -> web.Response:
        target = call.target
        body = await read_object(call, "DeleteOptions")
        options = parse_options(body, dict(call.query))
        answer = self._deletion.delete(target.type, target.namespace, target.name, options)
        warnings = [_KEEPS_PODS] if target.type.kind == "Job" and not options.propagation else []
        return json_answer(answer, warnings=warnings)

    async def delete_collection(self, call: Call) -> web.Response:
        options = parse_options(await read_object(call, "DeleteOptions"), dict(call.query))
        matches = selector_of(call)
        type_ = call.type
        namespace = call.target.namespace or (None if type_.namespaced else "")
        gone = []
        for version in list(self._store.shelf(type_.family).versions(namespace)):
            if matches is not None and not matches(version.body):
                continue
            metadata = version.body["metadata"]
            try:
                self._deletion.delete(type_, metadata.get("namespace", ""), metadata["name"], options)
            except NotFoundError:
                continue
            gone.append(version.body)
        metadata = {"resourceVersion": str(self._store.revision)}
        head = {"kind": type_.list_kind, "apiVersion": type_.api_version, "metadata": metadata}
        return json_answer(head | {"items": gone})

    def _stored(self, type_: ResourceType, body: JsonObject) -> tuple[ResourceType, JsonObject]:
        """Kind and body in the version that is stored, for kinds whose versions differ in their fields."""
        stored = to_stored(body, type_)
        if stored is body:
            return type_, body
        group, _, version = stored["apiVersion"].rpartition("/")
        return self._registry.by_gvk(group, version, type_.kind) or type_, stored

    def _options(self, call: Call, kind: str) -> WriteOptions:
        return WriteOptions(
            manager=call.manager,
            dry_run=call.dry_run(kind),
            validation=call.validation,
            force=call.flag("force"),
        )

    def _answer(self, call: Call, outcome: Outcome) -> web.Response:
        form = wanted_form(call.http.headers.get("Accept", ""))
        body = formed(call.type, outcome.body, form, now=self._timestamp())
        return json_answer(body, status=201 if outcome.created else 200, warnings=outcome.warnings)


def _tracked(subresource: str) -> str:
    return subresource if subresource in ("status", "scale", "finalize", "ephemeralcontainers", "resize") else ""


def _change(content_type: str, data: bytes, type_: ResourceType) -> Change:
    accepted = [_JSON, _MERGE, _APPLY] if type_.is_custom else [_JSON, _MERGE, _STRATEGIC, _APPLY]
    if content_type not in (_JSON, _MERGE, _STRATEGIC):
        raise UnsupportedMediaTypeError("415: Unsupported Media Type", subject=Subject())
    if content_type not in accepted:
        raise UnsupportedMediaTypeError(
            f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
        )
    decoded: Any = decode_body(data, content_type, type_.kind)
    if content_type == _JSON:
        if not isinstance(decoded, list):
            raise BadRequestError("a JSON patch is a list of operations")
        return lambda live: patch.json_patch(live, decoded)
    if not isinstance(decoded, dict):
        raise BadRequestError("the patch is no object")
    if content_type == _MERGE:
        return lambda live: patch.merge_patch(live, decoded)
    return lambda live: patch.strategic_merge(live, decoded, type_.node)
