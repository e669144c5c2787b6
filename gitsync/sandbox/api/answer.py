"""Answers: objects, lists, tables, metadata alone, and errors."""

from collections.abc import Iterable, Sequence

import orjson
from aiohttp import web

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.api.request import Form
from gitsync.sandbox.conversion import as_version
from gitsync.sandbox.errors import ApiError
from gitsync.sandbox.registry import ResourceType
from gitsync.sandbox.store import Version
from gitsync.sandbox.tables.table import Include, make_table

_META = "meta.k8s.io/v1"


def json_answer(body: object, *, status: int = 200, warnings: Sequence[str] = ()) -> web.Response:
    return bytes_answer(orjson.dumps(body), status=status, warnings=warnings)


def bytes_answer(body: bytes, *, status: int = 200, warnings: Sequence[str] = ()) -> web.Response:
    answer = web.Response(body=body, status=status, content_type="application/json")
    for warning in warnings:
        answer.headers.add("Warning", f"299 - {orjson.dumps(warning).decode()}")
    return answer


def error_answer(error: ApiError) -> web.Response:
    answer = json_answer(error.to_status(), status=error.code)
    if error.retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def metadata_of(body: JsonObject, kind: str = "PartialObjectMetadata") -> JsonObject:
    return {"kind": kind, "apiVersion": _META, "metadata": body["metadata"]}


def object_bytes(type_: ResourceType, version: Version) -> bytes:
    """One object as it is served under this version of its kind."""
    if version.body["apiVersion"] == type_.api_version:
        return version.raw
    return orjson.dumps(as_version(version.body, type_))


def formed(type_: ResourceType, body: JsonObject, form: Form, *, now: str, include: Include = "Metadata") -> JsonObject:
    """One object in the form that the client asked for."""
    if form == "table":
        return make_table(type_, [body], {"resourceVersion": body["metadata"].get("resourceVersion", "")}, now, include)
    if form == "metadata":
        return metadata_of(body)
    return as_version(body, type_)


def item_bytes(type_: ResourceType, version: Version) -> bytes:
    """One item of a list: those of built-in kinds come without kind and version."""
    raw = object_bytes(type_, version)
    prefix = item_prefix(type_)
    return b"{" + raw[len(prefix) :] if not type_.is_custom and raw.startswith(prefix) else raw


def item_prefix(type_: ResourceType) -> bytes:
    return f'{{"kind":"{type_.kind}","apiVersion":"{type_.api_version}",'.encode()


def list_bytes(type_: ResourceType, items: Iterable[bytes], metadata: JsonObject) -> bytes:
    head = {"kind": type_.list_kind, "apiVersion": type_.api_version, "metadata": metadata}
    return orjson.dumps(head)[:-1] + b',"items":[' + b",".join(items) + b"]}"


def metadata_list(items: Iterable[JsonObject], metadata: JsonObject) -> JsonObject:
    parts = [metadata_of(body) for body in items]
    return {"kind": "PartialObjectMetadataList", "apiVersion": _META, "metadata": metadata, "items": parts}
