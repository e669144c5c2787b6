"""Types of objects, compiled once from OpenAPI: what merge, prune, default and validate walk along.

Built-in types come from `schema.json.gz`, those of custom resources from their definition. A `Node` is one type; its
children are resolved when they are first asked for, so that nobody pays for kinds that nobody uses.
"""

import gzip
from enum import IntEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import orjson

from gitsync.manifest.object import JsonObject

SCHEMA_FILE = Path(__file__).parent / "schema.json.gz"
_REFERENCE = "#/components/schemas/"
_PREFIX = "io.k8s.apimachinery.pkg."
QUANTITY = _PREFIX + "api.resource.Quantity"
OBJECT_META = _PREFIX + "apis.meta.v1.ObjectMeta"
_UNTYPED = {
    _PREFIX + "runtime.RawExtension",
    _PREFIX + "apis.meta.v1.FieldsV1",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray",
}


class Shape(IntEnum):
    """How a value merges."""

    SCALAR = 0
    STRUCT = 1  # named fields
    MAP = 2  # any key, one element type
    LIST = 3  # atomic, set or map, see `list_keys`
    ANY = 4  # deduced from the value: maps merge, lists are replaced


class ListType(IntEnum):
    ATOMIC = 0
    SET = 1
    MAP = 2


_SHAPES: Final = {"array": Shape.LIST} | dict.fromkeys(("string", "integer", "number", "boolean"), Shape.SCALAR)


class Node:
    """One type. `raw` is its OpenAPI schema, `name` that of a named type or ""."""

    def __init__(self, raw: JsonObject, types: "Types", name: str = "") -> None:
        self.raw = raw
        self.name = name
        self._types = types
        self.custom = types.custom
        self.type: str = raw.get("type", "")
        self.int_or_string: bool = bool(raw.get("x-kubernetes-int-or-string")) or raw.get("format") == "int-or-string"
        self.is_quantity = name == QUANTITY
        self.preserves_unknown: bool = bool(raw.get("x-kubernetes-preserve-unknown-fields"))
        self.embedded: bool = bool(raw.get("x-kubernetes-embedded-resource"))
        self.nullable: bool = bool(raw.get("nullable"))
        self.required: tuple[str, ...] = tuple(raw.get("required", ()))
        self.shape = self._shape()
        self.list_type = ListType[raw.get("x-kubernetes-list-type", "atomic").upper()]
        self.list_keys: tuple[str, ...] = tuple(raw.get("x-kubernetes-list-map-keys", ()))
        self.atomic: bool = self._is_atomic()
        self.patch_strategies = frozenset(raw.get("x-kubernetes-patch-strategy", "").split(",")) - {""}
        self.patch_key: str = raw.get("x-kubernetes-patch-merge-key", "")

    def _shape(self) -> Shape:
        raw = self.raw
        if self.int_or_string or self.is_quantity:
            return Shape.SCALAR
        if self.name in _UNTYPED:
            return Shape.ANY
        if self.type in _SHAPES:
            return _SHAPES[self.type]
        if "properties" in raw or (self.embedded and not raw.get("additionalProperties")):
            return Shape.STRUCT
        if raw.get("additionalProperties"):
            return Shape.MAP
        return Shape.STRUCT if self.type == "object" and self.custom and not self.preserves_unknown else Shape.ANY

    def _is_atomic(self) -> bool:
        if self.shape is Shape.LIST:
            return self.list_type is ListType.ATOMIC
        return self.raw.get("x-kubernetes-map-type") == "atomic"

    @cached_property
    def fields(self) -> dict[str, "Node"]:
        """Types of named fields."""
        fields = {name: self._types.node(raw) for name, raw in self.raw.get("properties", {}).items()}
        if self.embedded:
            fields |= {"apiVersion": TEXT, "kind": TEXT, "metadata": builtin_types().named(OBJECT_META)}
        return fields

    @cached_property
    def element(self) -> "Node":
        """Type of list items and of values under unnamed keys."""
        raw = self.raw.get("items") if self.shape is Shape.LIST else self.raw.get("additionalProperties")
        return self._types.node(raw) if isinstance(raw, dict) else ANYTHING

    def child(self, key: str) -> "Node":
        """Type of the value under `key`."""
        if self.shape is Shape.STRUCT:
            return self.fields.get(key) or ANYTHING
        return self.element if self.shape is Shape.MAP else ANYTHING

    @cached_property
    def key_defaults(self) -> tuple[tuple[str, Any], ...]:
        """`(key, default)` of the keys of a map list that may be left out."""
        fields = self.element.fields
        return tuple((key, fields[key].raw["default"]) for key in self.list_keys if "default" in fields[key].raw)

    @cached_property
    def omitted_zeros(self) -> frozenset[str]:
        """Fields that the server leaves out when they hold their zero value."""
        return frozenset(self._types.omitted.get(self.name, ()))

    @cached_property
    def always(self) -> dict[str, Any]:
        """Fields that the server always writes, with the value they have when nobody set them."""
        fields = {}
        for name, zero in self._types.always.get(self.name, {}).items():
            fields[name] = dict(self.fields[name].always) if zero == {} else zero
        return {name: zero for name, zero in fields.items() if name != "name" and zero is not None}

    @cached_property
    def blank(self) -> JsonObject:
        """An object of this type that nobody has filled: what the owners of a new object are told apart from."""
        known = self._types.always.get(self.name, {})
        return {name: self.fields[name].blank if zero == {} else zero for name, zero in known.items()}


class Types:
    """A family of types that refer to one another by name."""

    def __init__(self, facts: JsonObject | None = None) -> None:
        facts = facts or {}
        self.custom = not facts
        self.schemas: dict[str, JsonObject] = facts.get("types", {})
        self.omitted: dict[str, list[str]] = facts.get("omitted", {})
        self.always: dict[str, dict[str, Any]] = facts.get("always", {})
        self._nodes: dict[str, Node] = {}

    def named(self, name: str) -> Node:
        node = self._nodes.get(name)
        if node is None:
            node = self._nodes[name] = Node(self.schemas[name], self, name)
        return node

    def node(self, raw: JsonObject) -> Node:
        """The type that a property's schema means. A reference with siblings keeps them (a default, list type, ...)."""
        reference = raw.get("$ref") or next((part["$ref"] for part in raw.get("allOf", ()) if "$ref" in part), None)
        if not reference:
            return Node(raw, self)
        name = reference.removeprefix(_REFERENCE)
        siblings = {key: value for key, value in raw.items() if key not in ("allOf", "$ref")}
        if not siblings.keys() - {"default"}:
            return self.named(name)
        return Node(self.schemas[name] | siblings, self, name)


@cache
def schema_facts() -> JsonObject:
    """The whole schema file."""
    facts: JsonObject = orjson.loads(gzip.decompress(SCHEMA_FILE.read_bytes()))
    return facts


@cache
def builtin_types() -> Types:
    return Types(schema_facts())


def custom_node(schema: JsonObject) -> Node:
    """Type of a custom resource from the `openAPIV3Schema` of its definition."""
    properties: JsonObject = schema.get("properties", {}) | {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
    }
    node = Node(schema | {"type": "object", "properties": properties}, Types())
    node.fields["metadata"] = builtin_types().named(OBJECT_META)
    return node


TEXT: Final = Node({"type": "string"}, Types())
ANYTHING: Final = Node({"x-kubernetes-preserve-unknown-fields": True}, Types())
