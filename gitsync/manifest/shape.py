"""From a parsed document to Kubernetes objects: lists flattened, and the fields that everything relies on checked."""

from collections.abc import Iterator
from typing import Any

from gitsync.manifest.errors import ManifestError, ObjectInvalid
from gitsync.manifest.object import JsonObject, Origin


def objects_of(value: Any, origin: Origin) -> Iterator[JsonObject]:
    """The objects that a document stands for: none, itself, or the items of a list. Raises ManifestError."""
    if value is None:
        return
    if not isinstance(value, dict):
        raise _refuse("is not a Kubernetes object but a bare value", origin, "Write a map with apiVersion and kind.")
    if not value:
        return
    api_version, kind = _text(value, "apiVersion", origin), _text(value, "kind", origin)
    if kind.endswith("List") and "items" in value:
        yield from _items(value["items"], api_version, kind, origin)
        return
    _check_metadata(value, kind, origin)
    yield value


def _items(items: Any, api_version: str, kind: str, origin: Origin) -> Iterator[JsonObject]:
    if items is None:
        return
    if not isinstance(items, list):
        raise _refuse(f"the items of this {kind} are no list", origin, "Write items as a YAML list.")
    for item in items:
        # Items of a typed list may leave out what the list says already.
        if isinstance(item, dict) and kind != "List":
            item = {"apiVersion": api_version, "kind": kind.removesuffix("List"), **item}
        yield from objects_of(item, origin)


def _text(body: JsonObject, field: str, origin: Origin) -> str:
    value = body.get(field)
    if value is None or value == "":
        raise _refuse(f"a Kubernetes object needs {field}, and this one has none", origin, f"Add {field}.")
    if not isinstance(value, str):
        raise _refuse(f"{field} must be a string, and is {value!r:.80}", origin, "Quote it.")
    return value


def _check_metadata(body: JsonObject, kind: str, origin: Origin) -> None:
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        raise _refuse_object(f"this {kind} has no metadata", origin, "Add metadata with a name.")
    for field in ("name", "generateName", "namespace"):
        if not isinstance(metadata.get(field, ""), str | None):
            raise _refuse_object(
                f"metadata.{field} must be a string, and is {metadata[field]!r:.80}", origin, "Quote it."
            )
    if not metadata.get("name") and not metadata.get("generateName"):
        raise _refuse_object(f"this {kind} has no metadata.name", origin, "Give it a name.")
    for field in ("labels", "annotations"):
        _check_strings(metadata.get(field), f"metadata.{field}", origin)


def _check_strings(value: Any, path: str, origin: Origin) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise _refuse_object(f"{path} must be a map", origin, "Write it as key: value.")
    for key, entry in value.items():
        if not isinstance(entry, str | None):
            raise _refuse_object(f"{path}[{key}] must be a string, and is {entry!r:.80}", origin, "Quote it.")


def _refuse_object(reason: str, origin: Origin, suggestion: str) -> ObjectInvalid:
    return ObjectInvalid(reason, file=origin.file, line=origin.line, suggestion=suggestion)


def _refuse(reason: str, origin: Origin, suggestion: str) -> ManifestError:
    return ManifestError(reason, file=origin.file, line=origin.line, suggestion=suggestion)
