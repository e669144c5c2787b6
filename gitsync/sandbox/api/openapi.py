"""OpenAPI documents, made from the schema file and the definitions: for `kubectl explain` and client-side checks."""

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson
from aiohttp import web

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.api.answer import bytes_answer, json_answer
from gitsync.sandbox.registry import Registry, ResourceType
from gitsync.sandbox.schema import OBJECT_META, schema_facts

_REFERENCE = "#/components/schemas/"
_QUERY = ("dryRun", "fieldManager", "fieldValidation", "force")
_PATCH_TYPES = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")
_STRATEGIC_PATCH = "application/strategic-merge-patch+json"  # not for custom kinds; `kubectl apply` looks here


class OpenApi:
    """Answers below /openapi."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._cache: dict[str, tuple[int, bytes]] = {}

    def answer(self, path: str) -> web.Response | None:
        parts = path.strip("/").split("/")
        match parts:
            case ["openapi", "v3"]:
                return json_answer({"paths": dict(self._index())})
            case ["openapi", "v3", "api", version]:
                return self._document("", version)
            case ["openapi", "v3", "apis", group, version]:
                return self._document(group, version)
            case ["openapi", "v2"]:
                return json_answer(self._swagger())
        return None

    def _index(self) -> Iterator[tuple[str, JsonObject]]:
        for group, versions in self._registry.groups().items():
            for version in versions:
                path = f"apis/{group}/{version}" if group else f"api/{version}"
                key = f"{path} {self._registry.revision if self._is_custom(group) else 0}"
                digest = hashlib.sha256(key.encode()).hexdigest().upper()
                yield path, {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}

    def _is_custom(self, group: str) -> bool:
        return any(type_.is_custom for type_ in self._registry.all() if type_.group == group)

    def _document(self, group: str, version: str) -> web.Response | None:
        if version not in self._registry.groups().get(group, ()):
            return None
        key = f"{group}/{version}"
        cached = self._cache.get(key)
        if cached is None or cached[0] != self._registry.revision:
            data = orjson.dumps(self._make(self._registry.of_version(group, version)))
            cached = self._cache[key] = (self._registry.revision, data)
        return bytes_answer(cached[1])

    def _make(self, types: list[ResourceType]) -> JsonObject:
        schemas: dict[str, Any] = {}
        paths: dict[str, Any] = {}
        for type_ in types:
            name, schema = schema_of(type_)
            _collect(name, schema, schemas)
            paths |= _paths(type_, name)
        info = {"title": "Kubernetes", "version": schema_facts()["version"]["gitVersion"]}
        return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}

    def _swagger(self) -> JsonObject:
        """The old form, for clients that know no better: definitions without paths."""
        schemas: dict[str, Any] = {}
        for type_ in self._registry.all():
            _collect(*schema_of(type_), schemas)
        text = orjson.dumps(schemas).replace(_REFERENCE.encode(), b"#/definitions/")
        info = {"title": "Kubernetes", "version": schema_facts()["version"]["gitVersion"]}
        return {"swagger": "2.0", "info": info, "paths": {}, "definitions": orjson.loads(text)}


def schema_of(type_: ResourceType) -> tuple[str, JsonObject]:
    """`(name, schema)` of a kind's type."""
    if not type_.is_custom:
        return type_.node.name, type_.node.raw
    name = ".".join([*reversed(type_.group.split(".")), type_.version, type_.kind])
    properties = type_.node.raw["properties"] | {"metadata": {"allOf": [{"$ref": _REFERENCE + OBJECT_META}]}}
    gvk = {"group": type_.group, "version": type_.version, "kind": type_.kind}
    return name, type_.node.raw | {"properties": properties, "x-kubernetes-group-version-kind": [gvk]}


def _collect(name: str, schema: JsonObject, into: dict[str, Any]) -> None:
    """Adds a type and all types that it refers to."""
    if name in into:
        return
    into[name] = schema
    for reference in _references(schema):
        _collect(reference, schema_facts()["types"][reference], into)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref" and isinstance(item, str):
                yield item.removeprefix(_REFERENCE)
            else:
                yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _paths(type_: ResourceType, name: str) -> JsonObject:
    """The paths of a kind with what clients look for there: the kind, and which query parameters a write takes."""
    base = f"/apis/{type_.group}/{type_.version}" if type_.group else f"/api/{type_.version}"
    base += "/namespaces/{namespace}" if type_.namespaced else ""
    gvk = {"group": type_.group, "version": type_.version, "kind": type_.kind}
    schema = {"$ref": _REFERENCE + name}
    answer = {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}

    def operation(action: str, content_types: tuple[str, ...] = ()) -> JsonObject:
        body: JsonObject = {"x-kubernetes-action": action, "x-kubernetes-group-version-kind": gvk, "responses": answer}
        if content_types:
            content = {content_type: {"schema": schema} for content_type in content_types}
            parameters = [{"name": item, "in": "query", "schema": {"type": "string"}} for item in _QUERY]
            body |= {"requestBody": {"content": content}, "parameters": parameters}
        return body

    collection = {"get": operation("list")}
    if "create" in type_.verbs:
        collection["post"] = operation("post", ("application/json",))
    single = {"get": operation("get"), "delete": operation("delete")}
    if "patch" in type_.verbs:
        patch_types = _PATCH_TYPES if type_.is_custom else (*_PATCH_TYPES, _STRATEGIC_PATCH)
        single |= {"put": operation("put", ("application/json",)), "patch": operation("patch", patch_types)}
    return {f"{base}/{type_.plural}": collection, f"{base}/{type_.plural}/{{name}}": single}
