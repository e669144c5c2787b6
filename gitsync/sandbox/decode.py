"""What a body becomes when the server has read it: unknown fields gone, zero values as Go writes them.

Built-in kinds go through Go structs in a real server, custom ones through pruning; both leave traces that clients see.
"""

from dataclasses import dataclass, field
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.errors import BadRequestError
from gitsync.sandbox.quantity import NotAQuantity, canonical
from gitsync.sandbox.schema import Node, Shape

_GO_NAMES = {str: "string", bool: "bool", int: "number", float: "number", dict: "object", list: "array"}
_ACCEPTED = {"string": (str,), "integer": (int,), "boolean": (bool,), "number": (int, float)}  # else: int or string
_GO_TYPES = {"string": "string", "boolean": "bool", "number": "float64", "array": "slice", "object": "struct"}


@dataclass(slots=True)
class Reading:
    """Notes taken while one body is read."""

    kind: str
    version: str
    unknown: list[str] = field(default_factory=list)
    struct: str = ""  # the type whose fields are being read

    def refuse(self, value: Any, node: Node, path: str) -> BadRequestError:
        found = _GO_NAMES.get(type(value), "null")
        wanted = str(node.raw.get("format") or _GO_TYPES.get(node.type, node.type))
        where = f"Go struct field {self.struct.rpartition('.')[2]}.{path.lstrip('.')}"
        problem = f"json: cannot unmarshal {found} into {where} of type {wanted}"
        return BadRequestError(f'{self.kind} in version "{self.version}" cannot be handled as a {self.kind}: {problem}')


def read_builtin(body: JsonObject, node: Node, reading: Reading) -> JsonObject:
    """A new body with the fields that the kind has, written as the server writes them."""
    return _struct(body, node, reading, "")


def _struct(value: JsonObject, node: Node, reading: Reading, path: str) -> JsonObject:
    out: JsonObject = {}
    fields, omitted = node.fields, node.omitted_zeros
    for key, item in value.items():
        child = fields.get(key)
        if child is None:
            reading.unknown.append(f"{path}.{key}".lstrip("."))
        elif item is not None:
            reading.struct = node.name
            read = _value(item, child, reading, path, key)
            if read is None or (not read and _is_left_out(read, child, key in omitted)):
                continue
            out[key] = read
    for key, zero in node.always.items():
        if key not in out:
            out[key] = dict(zero) if isinstance(zero, dict) else zero
    return out


def _is_left_out(read: Any, child: Node, is_omitted: bool) -> bool:
    if read == [] or (read == {} and child.shape is Shape.MAP):
        return True
    return is_omitted and not isinstance(read, (dict, list))


def _value(item: Any, node: Node, reading: Reading, path: str, key: str) -> Any:
    shape = node.shape
    if shape is Shape.SCALAR:
        return _scalar(item, node, reading, f"{path}.{key}")
    if shape is Shape.ANY:
        return item
    below = f"{path}.{key}"
    is_right = isinstance(item, list) if shape is Shape.LIST else isinstance(item, dict)
    if not is_right:
        raise reading.refuse(item, node, below)
    if shape is Shape.STRUCT:
        return _struct(item, node, reading, below)
    if shape is Shape.MAP:
        return {name: _element(value, node.element, reading, below, name) for name, value in item.items()}
    element = node.element
    if element.shape is Shape.STRUCT:
        return [_struct_item(value, element, reading, f"{below}[{at}]") for at, value in enumerate(item)]
    return [_element(value, element, reading, below, str(at)) for at, value in enumerate(item)]


def _element(value: Any, node: Node, reading: Reading, path: str, name: str) -> Any:
    if value is None:
        return "" if node.type == "string" else value
    return _value(value, node, reading, path, name)


def _struct_item(value: Any, node: Node, reading: Reading, path: str) -> Any:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise reading.refuse(value, node, path)
    return _struct(value, node, reading, path)


def _scalar(item: Any, node: Node, reading: Reading, path: str) -> Any:
    if node.is_quantity:
        return _quantity(item, node, reading, path)
    kind, wanted = type(item), node.type
    if kind is float and wanted == "integer" and item.is_integer():
        return int(item)
    if kind in _ACCEPTED.get(wanted, (str, int)):
        return item
    raise reading.refuse(item, node, path)


def _quantity(item: Any, node: Node, reading: Reading, path: str) -> str:
    try:
        return canonical(str(item).strip())
    except NotAQuantity as error:
        text = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        message = f'{reading.kind} in version "{reading.version}" cannot be handled as a {reading.kind}: {text}'
        raise BadRequestError(message) from error


def prune_custom(value: Any, node: Node, reading: Reading, path: str = "") -> Any:
    """A new value without the fields that the definition does not know."""
    if isinstance(value, dict) and node.shape in (Shape.STRUCT, Shape.MAP, Shape.ANY):
        return _prune_object(value, node, reading, path)
    if isinstance(value, list) and node.shape is Shape.LIST:
        return [prune_custom(item, node.element, reading, f"{path}[{at}]") for at, item in enumerate(value)]
    return value


def _prune_object(value: JsonObject, node: Node, reading: Reading, path: str) -> JsonObject:
    if node.shape is Shape.ANY and "properties" not in node.raw and not node.embedded:
        return value
    out: JsonObject = {}
    fields = node.fields if node.shape is not Shape.MAP else {}
    for key, item in value.items():
        child = fields.get(key) or (node.element if node.shape is Shape.MAP else None)
        below = f"{path}.{key}".lstrip(".")
        if child is not None:
            is_metadata = key == "metadata" and (not path or node.embedded) and isinstance(item, dict)
            out[key] = (
                _struct(item, child, reading, below) if is_metadata else prune_custom(item, child, reading, below)
            )
        elif node.preserves_unknown:
            out[key] = item
        else:
            reading.unknown.append(below)
    return out


def default_custom(value: Any, node: Node) -> Any:
    """The value with the definition's defaults filled in; null where null is not allowed counts as absent."""
    if isinstance(value, dict) and node.shape is Shape.STRUCT:
        return _default_object(value, node)
    if isinstance(value, dict) and node.shape is Shape.MAP:
        return {key: default_custom(item, node.element) for key, item in value.items()}
    if isinstance(value, list) and node.shape is Shape.LIST:
        return [default_custom(item, node.element) for item in value]
    return value


def _default_object(value: JsonObject, node: Node) -> JsonObject:
    out = dict(value)
    for key, child in node.fields.items():
        if child.raw.get("default") is not None and child.custom:
            is_null = key in out and out[key] is None and not child.nullable
            if key not in out or is_null:
                out[key] = child.raw["default"]
        if isinstance(out.get(key), (dict, list)) and key != "metadata":
            out[key] = default_custom(out[key], child)
    return out
