"""Tables: columns from the schema file (or a definition's printer columns), cells from the functions of each kind."""

from datetime import datetime
from functools import cache
from typing import Any, Literal

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.registry import ResourceType
from gitsync.sandbox.schema import schema_facts
from gitsync.sandbox.tables.cells import CELLS, Cell
from gitsync.sandbox.tables.jsonpath import find
from gitsync.sandbox.tables.text import age

Include = Literal["None", "Metadata", "Object"]


def make_table(
    type_: ResourceType, bodies: list[JsonObject], metadata: JsonObject, now: str, include: Include
) -> JsonObject:
    """A `Table` of these objects."""
    columns = _custom_columns(type_) if type_.is_custom else _builtin_columns(type_.group, type_.kind)
    rows = []
    for body in bodies:
        if not body.get("metadata", {}).get("name"):  # a bookmark
            rows.append({"cells": [], "object": _row_object(body, "Metadata")})
            continue
        cells = [_cell(type_, column, body, now) for column in columns]
        row: JsonObject = {"cells": cells}
        if include != "None":
            row["object"] = _row_object(body, include)
        rows.append(row)
    shown = [{key: value for key, value in column.items() if key != "path"} for column in columns]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": shown,
        "rows": rows,
    }


def _row_object(body: JsonObject, include: Include) -> JsonObject:
    if include == "Object":
        return body
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}


@cache
def _builtin_columns(group: str, kind: str) -> tuple[JsonObject, ...]:
    known = schema_facts()["columns"].get(f"{kind}.{group}") or [
        ["Name", "string", "name", 0],
        ["Age", "string", "", 0],
    ]
    return tuple(_column(*column) for column in known)


def _column(name: str, type_: str, format_: str, priority: int, description: str = "") -> JsonObject:
    return {"name": name, "type": type_, "format": format_, "description": description, "priority": priority}


def _custom_columns(type_: ResourceType) -> tuple[JsonObject, ...]:
    declared = (type_.definition or {}).get("additionalPrinterColumns")
    columns = [_column("Name", "string", "name", 0)]
    if not declared:
        return (*columns, _column("Age", "date", "", 0) | {"path": ".metadata.creationTimestamp"})
    for item in declared:
        format_, priority = item.get("format", ""), item.get("priority", 0)
        column = _column(item["name"], item["type"], format_, priority, item.get("description", ""))
        columns.append(column | {"path": item["jsonPath"]})
    return tuple(columns)


def _cell(type_: ResourceType, column: JsonObject, body: JsonObject, now: str) -> Any:
    name: str = column["name"]
    if "path" in column:
        return _custom_cell(column, body, now)
    cells: dict[str, Cell] = CELLS.get((type_.group, type_.kind), {})
    if name in cells:
        return cells[name](body, now)
    match name:
        case "Name":
            return body["metadata"]["name"]
        case "Age":
            return age(body["metadata"].get("creationTimestamp"), now)
        case "Created At":
            return body["metadata"].get("creationTimestamp")
        case _:
            return "<none>" if column["type"] == "string" else None


def _custom_cell(column: JsonObject, body: JsonObject, now: str) -> Any:
    value = find(body, column["path"])
    if value is None:
        return None
    if column["type"] == "date":
        try:
            datetime.fromisoformat(str(value))
        except ValueError:
            return str(value)
        return age(str(value), now)
    if column["type"] == "string" and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if column["type"] == "integer" and isinstance(value, (int, float)):
        return int(value)
    return value
