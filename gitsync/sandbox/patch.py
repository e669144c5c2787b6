"""JSON patch, merge patch and strategic merge patch. Apply is not a patch: see `managed`."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.errors import ApiError, BadRequestError, Subject
from gitsync.sandbox.schema import Node

_REFUSED = "the server rejected our request due to an error in our request"


class PatchRefused(ApiError):
    """The patch does not fit the object: a test failed, or a path leads nowhere."""

    code, reason = 422, "Invalid"


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    out = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merge_patch(out.get(key), value)
    return out


def json_patch(target: JsonObject, operations: Sequence[JsonObject]) -> Any:
    """RFC 6902. Raises PatchRefused."""
    document = deepcopy(target)
    for operation in operations:
        try:
            document = _run(document, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise PatchRefused(_REFUSED, subject=Subject()) from error
    return document


def _run(document: Any, operation: JsonObject) -> Any:
    path = _parts(operation["path"])
    match operation["op"]:
        case "add":
            return _add(document, path, operation["value"])
        case "remove":
            _take(document, path)
            return document
        case "replace":
            if path:
                _take(document, path)
            return _add(document, path, operation["value"])
        case "move":
            return _add(document, path, _take(document, _parts(operation["from"])))
        case "copy":
            return _add(document, path, deepcopy(_find(document, _parts(operation["from"]))))
        case "test":
            if _find(document, path) != operation.get("value"):
                raise ValueError("test failed")
            return document
        case other:
            raise ValueError(other)


def _parts(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise ValueError(pointer)
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _find(document: Any, path: Sequence[str]) -> Any:
    for part in path:
        document = document[_index(document, part)] if isinstance(document, list) else document[part]
    return document


def _index(items: list[Any], part: str) -> int:
    if not part.isdigit():
        raise ValueError(part)
    return int(part)


def _add(document: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _find(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        at = len(parent) if last == "-" else _index(parent, last)
        if at > len(parent):
            raise IndexError(at)
        parent.insert(at, value)
    else:
        parent[last] = value
    return document


def _take(document: Any, path: Sequence[str]) -> Any:
    parent, last = _find(document, path[:-1]), path[-1]
    return parent.pop(_index(parent, last)) if isinstance(parent, list) else parent.pop(last)


def strategic_merge(target: JsonObject, patch: JsonObject, node: Node) -> JsonObject:
    """A patch that merges lists by their merge key, and may carry directives under keys that begin with `$`."""
    directive = patch.get("$patch")
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    if directive == "delete":
        return {}
    retained = patch.get("$retainKeys")
    out = {key: value for key, value in target.items() if retained is None or key in retained}
    for key, value in patch.items():
        if key in ("$patch", "$retainKeys"):
            continue
        if key.startswith("$setElementOrder/"):
            continue
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.removeprefix("$deleteFromPrimitiveList/")
            out[name] = [item for item in out.get(name) or () if item not in value]
        elif value is None:
            out.pop(key, None)
        else:
            out[key] = _merged(out.get(key), value, node.child(key))
    for key, value in patch.items():  # orders hold for the merged lists
        if key.startswith("$setElementOrder/"):
            _order(out, key.removeprefix("$setElementOrder/"), value, node)
    return out


def _merged(before: Any, value: Any, node: Node) -> Any:
    if isinstance(value, dict):
        return strategic_merge(before if isinstance(before, dict) else {}, value, node)
    if isinstance(value, list) and "merge" in node.patch_strategies:
        return _merged_list(before if isinstance(before, list) else [], value, node)
    return value


def _merged_list(before: list[Any], items: list[Any], node: Node) -> list[Any]:
    if not node.patch_key:
        return [*before, *(item for item in items if item not in before)]
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in items):
        return [item for item in items if "$patch" not in item]
    out = list(before)
    for item in items:
        if not isinstance(item, dict) or node.patch_key not in item:
            raise BadRequestError(f"map: {item} does not contain declared merge key: {node.patch_key}")
        at = next((at for at, old in enumerate(out) if old.get(node.patch_key) == item[node.patch_key]), None)
        if item.get("$patch") == "delete":
            out = [old for old in out if old.get(node.patch_key) != item[node.patch_key]]
        elif at is None:
            out.append(strategic_merge({}, item, node.element))
        else:
            out[at] = strategic_merge(out[at], item, node.element)
    return out


def _order(out: JsonObject, name: str, order: list[Any], node: Node) -> None:
    """Brings the list into the order that the patch names; items that it does not name keep their place behind."""
    items = out.get(name)
    if not isinstance(items, list):
        return
    key = node.child(name).patch_key

    def identity(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    places = {identity(item): at for at, item in enumerate(order)}
    out[name] = sorted(items, key=lambda item: places.get(identity(item), len(places)))
