"""Rules that a schema declares: of an applied configuration, and of custom resources."""

import re
from collections.abc import Iterator
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.errors import ApiError
from gitsync.sandbox.fieldset import paths
from gitsync.sandbox.registry import ResourceType
from gitsync.sandbox.schema import ListType, Node, Shape
from gitsync.sandbox.typed import item_key
from gitsync.sandbox.validation.problem import (
    Problem,
    duplicate,
    invalid,
    required,
    shown,
    unsupported,
    wrong_type,
)

_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}
_WANTED: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
}


def check_applied(config: JsonObject, type_: ResourceType) -> None:
    """Refuses a configuration that the kind's types cannot hold: unknown fields, other types, items given twice."""
    problem = next(_misfits(config, type_.node, ""), None)
    if problem:
        metadata = config["metadata"]
        address = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {type_.api_version}, Kind={type_.kind}"
        raise ApiError(f"failed to create typed patch object ({address}): {problem}", reason="")


def _misfits(value: Any, node: Node, path: str) -> Iterator[str]:
    shape = node.shape
    if value is None or shape is Shape.ANY:
        return
    if shape is Shape.SCALAR:
        if problem := _scalar_misfit(value, node):
            yield f"{path}: {problem}"
    elif shape is Shape.LIST:
        if isinstance(value, list):
            yield from _list_misfits(value, node, path)
        else:
            yield f"{path}: expected list, got {shown(value)}"
    elif not isinstance(value, dict):
        yield f"{path}: expected map, got {shown(value)}"
    else:
        for key, item in value.items():
            if shape is Shape.MAP:
                yield from _misfits(item, node.element, f"{path}.{key}")
            elif key in node.fields:
                yield from _misfits(item, node.fields[key], f"{path}.{key}")
            elif not node.preserves_unknown:
                yield f"{path}.{key}: field not declared in schema"


def _list_misfits(items: list[Any], node: Node, path: str) -> Iterator[str]:
    seen = set()
    for at, item in enumerate(items):
        where = f"{path}[{at}]"
        if node.list_type is not ListType.ATOMIC:
            if node.list_type is ListType.MAP and not isinstance(item, dict):
                yield f"{path}: element {at}: associative list with keys may not have non-map elements"
                return
            key = item_key(item, node)
            where = path + next(paths({key: {}}))
            if key in seen:
                yield f"{path}: duplicate entries for key {next(paths({key: {}}))}"
                return
            seen.add(key)
        yield from _misfits(item, node.element, where)


def _scalar_misfit(value: Any, node: Node) -> str | None:
    if node.is_quantity or node.int_or_string:
        return None
    found = {str: "string", bool: "bool", dict: "map", list: "list"}.get(type(value), "int")
    if node.type == "string":
        return None if isinstance(value, str) else f"expected string, got {shown(value)}"
    if node.type in ("integer", "number"):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return None if is_number else f"expected numeric (int or float), got {found}"
    if node.type == "boolean" and not isinstance(value, bool):
        return f"expected boolean, got {found}"
    return None


def custom_problems(value: Any, node: Node, path: str) -> Iterator[Problem]:
    """What a custom resource breaks of its definition's schema."""
    if value is None:
        if not node.nullable and node.type:
            yield wrong_type(path, "null", f"{path} in body must be of type {node.type}")
        return
    if node.int_or_string:
        if not isinstance(value, (int, str)) or isinstance(value, bool):
            found = _NAMES.get(type(value), "null")
            yield wrong_type(path, found, f"{path} in body must be of type integer,string")
        return
    if node.type and not _has_type(value, node.type):
        yield wrong_type(path, _NAMES.get(type(value), "null"), f"{path} in body must be of type {node.type}")
        return
    yield from value_problems(value, node.raw, path)
    if isinstance(value, dict):
        yield from _object_problems(value, node, path)
    elif isinstance(value, list):
        yield from _list_problems(value, node, path)


def _has_type(value: Any, wanted: str) -> bool:
    if isinstance(value, bool) and wanted != "boolean":
        return False
    if isinstance(value, float) and wanted == "integer":
        return value.is_integer()
    return isinstance(value, _WANTED.get(wanted, (object,)))


def _object_problems(value: JsonObject, node: Node, path: str) -> Iterator[Problem]:
    for key in node.required:
        if key not in value:
            yield required(f"{path}.{key}".lstrip("."))
    if node.shape is Shape.MAP:
        for key, item in value.items():
            yield from custom_problems(item, node.element, f"{path}.{key}".lstrip("."))
        return
    fields = node.fields
    for key, item in value.items():
        child = fields.get(key)
        if child is not None and child.custom:
            yield from custom_problems(item, child, f"{path}.{key}".lstrip("."))


def _list_problems(items: list[Any], node: Node, path: str) -> Iterator[Problem]:
    seen = set()
    for at, item in enumerate(items):
        where = f"{path}[{at}]"
        if node.list_type is not ListType.ATOMIC and (node.list_type is ListType.SET or isinstance(item, dict)):
            key = item_key(item, node)
            if key in seen:
                shown_item = (
                    item if node.list_type is ListType.SET else {name: item.get(name) for name in node.list_keys}
                )
                yield duplicate(where, shown_item)
            seen.add(key)
        if "items" in node.raw:
            yield from custom_problems(item, node.element, where)


def value_problems(value: Any, raw: JsonObject, path: str) -> Iterator[Problem]:
    """Limits of one value: enumeration, range, length, pattern, combinations."""
    if "enum" in raw and value not in raw["enum"]:
        yield unsupported(path, value, raw["enum"])
    if isinstance(value, str):
        yield from _text_problems(value, raw, path)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _number_problems(value, raw, path)
    elif isinstance(value, list):
        if len(value) > raw.get("maxItems", len(value)):
            yield Problem(
                path, "FieldValueTooMany", f"Too many: {len(value)}: must have at most {raw['maxItems']} items"
            )
        if len(value) < raw.get("minItems", 0):
            yield invalid(path, len(value), f"{path} in body should have at least {raw['minItems']} items")
    yield from _combination_problems(value, raw, path)


def _text_problems(value: str, raw: JsonObject, path: str) -> Iterator[Problem]:
    if len(value) > raw.get("maxLength", len(value)):
        yield Problem(path, "FieldValueTooLong", f"Too long: may not be more than {raw['maxLength']} bytes")
    elif len(value) < raw.get("minLength", 0):
        yield invalid(path, value, f"{path} in body should be at least {raw['minLength']} chars long")
    elif "pattern" in raw and not re.search(raw["pattern"], value):
        yield invalid(path, value, f"{path} in body should match '{raw['pattern']}'")


def _number_problems(value: float, raw: JsonObject, path: str) -> Iterator[Problem]:
    if "maximum" in raw and (value > raw["maximum"] or (raw.get("exclusiveMaximum") and value == raw["maximum"])):
        yield invalid(path, value, f"{path} in body should be less than or equal to {raw['maximum']}")
    if "minimum" in raw and (value < raw["minimum"] or (raw.get("exclusiveMinimum") and value == raw["minimum"])):
        yield invalid(path, value, f"{path} in body should be greater than or equal to {raw['minimum']}")
    if raw.get("multipleOf") and value % raw["multipleOf"]:
        yield invalid(path, value, f"{path} in body should be a multiple of {raw['multipleOf']}")


def _combination_problems(value: Any, raw: JsonObject, path: str) -> Iterator[Problem]:
    for part in raw.get("allOf", ()):
        yield from _part_problems(value, part, path)
    if "anyOf" in raw and not any(_fits(value, part) for part in raw["anyOf"]):
        yield invalid(path, "", f"{path} in body must validate at least one schema (anyOf)")
    if "oneOf" in raw and sum(_fits(value, part) for part in raw["oneOf"]) != 1:
        yield invalid(path, "", f"{path} in body must validate one and only one schema (oneOf)")
    if "not" in raw and _fits(value, raw["not"]):
        yield invalid(path, "", f"{path} in body must not validate the schema (not)")


def _fits(value: Any, raw: JsonObject) -> bool:
    return next(_part_problems(value, raw, ""), None) is None


def _part_problems(value: Any, raw: JsonObject, path: str) -> Iterator[Problem]:
    if raw.get("type") and not _has_type(value, raw["type"]):
        yield wrong_type(path, _NAMES.get(type(value), "null"), f"{path} in body must be of type {raw['type']}")
        return
    yield from value_problems(value, raw, path)
    if isinstance(value, dict):
        for key in raw.get("required", ()):
            if key not in value:
                yield required(f"{path}.{key}".lstrip("."))
        for key, part in raw.get("properties", {}).items():
            if key in value:
                yield from _part_problems(value[key], part, f"{path}.{key}".lstrip("."))
