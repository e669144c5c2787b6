"""Bodies in the binary form that Go clients may send, read by the field numbers of the schema file.

Only reading: every client that sends it takes JSON as the answer.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.errors import BadRequestError
from gitsync.sandbox.schema import schema_facts

MAGIC: Final = b"k8s\0"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_VARINT, _FIXED64, _BYTES = 0, 1, 2
_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1."
_DEPTH_LIMIT: Final = 64
_SIGNED: Final = frozenset({"int32", "int64"})


def decode_object(data: bytes) -> JsonObject:
    """The object in an envelope of kind and bytes. Raises BadRequestError."""
    try:
        envelope = dict(_fields(data.removeprefix(MAGIC)))
        meta = dict(_fields(envelope.get(1, b"")))
        api_version, kind = meta.get(1, b"").decode(), meta.get(2, b"").decode()
        body: JsonObject = _message(envelope.get(2, b""), _type_of(api_version, kind), 0)
    except (ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
        raise BadRequestError(f"the body is no object in the binary form: {error}") from error
    head: JsonObject = {"kind": kind, "apiVersion": api_version}
    return head | body


def _type_of(api_version: str, kind: str) -> str:
    options = _META + kind
    if options in schema_facts()["messages"]:
        return options
    group, _, version = api_version.rpartition("/")
    for name, schema in schema_facts()["types"].items():
        for gvk in schema.get("x-kubernetes-group-version-kind", ()):
            if (gvk["group"], gvk["version"], gvk["kind"]) == (group, version, kind):
                return str(name)
    raise ValueError(f"{api_version} {kind} is not known")


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """`(number, value)`: integers and bytes as they stand on the wire."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, form = tag >> 3, tag & 7
        if form == _VARINT:
            value, at = _varint(data, at)
            yield number, value
        elif form == _BYTES:
            length, at = _varint(data, at)
            if at + length > len(data):
                raise ValueError("a field ends behind the body")
            yield number, data[at : at + length]
            at += length
        elif form == _FIXED64:
            yield number, data[at : at + 8]
            at += 8
        else:
            raise ValueError(f"wire type {form}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if not byte & 0x80:
            return value, at
        shift += 7


def _message(data: bytes, type_name: str, depth: int) -> Any:
    if depth > _DEPTH_LIMIT:
        raise ValueError("nested too deep")
    special = _SPECIAL.get(type_name.rpartition(".")[2])
    if special:
        return special(dict(_fields(data)))
    known: dict[str, list[str]] = schema_facts()["messages"][type_name]
    schema = schema_facts()["types"].get(type_name)
    inlined = {name for name, _ in known.values()} - schema["properties"].keys() if schema else set()
    out: JsonObject = {}
    for number, raw in _fields(data):
        name, kind = known.get(str(number), ("", ""))
        if not kind:
            continue
        if kind.startswith("*"):
            out.setdefault(name, []).append(_value(raw, kind[1:], depth))
        elif kind.startswith("<"):
            entry = dict(_fields(raw))
            out.setdefault(name, {})[entry.get(1, b"").decode()] = _value(entry.get(2, b""), kind[1:], depth)
        elif name in inlined and "." in kind:  # a struct that JSON writes into its parent
            out |= _message(raw, kind, depth + 1)
        elif (value := _value(raw, kind, depth)) is not None:
            out[name] = value
    return out


def _value(raw: Any, kind: str, depth: int) -> Any:
    if kind == "string":
        return raw.decode()
    if kind == "bytes":
        return base64.b64encode(raw).decode()
    if kind == "bool":
        return bool(raw)
    if kind in _SIGNED:
        return raw - (1 << 64) if raw >= 1 << 63 else raw
    return raw if "." not in kind else _message(raw, kind, depth + 1)


def _time(fields: dict[int, Any]) -> str | None:
    seconds = fields.get(1)
    return None if seconds is None else (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time(fields: dict[int, Any]) -> str | None:
    if 1 not in fields:
        return None
    at = _EPOCH + timedelta(seconds=fields[1], microseconds=fields.get(2, 0) // 1000)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _quantity(fields: dict[int, Any]) -> str:
    return str(fields.get(1, b"0").decode())


def _int_or_string(fields: dict[int, Any]) -> int | str:
    return str(fields.get(3, b"").decode()) if fields.get(1) else int(fields.get(2, 0))


def _raw_json(fields: dict[int, Any]) -> Any:
    return orjson.loads(fields[1]) if fields.get(1) else None


_SPECIAL: Final = {
    "Time": _time,
    "MicroTime": _micro_time,
    "Quantity": _quantity,
    "IntOrString": _int_or_string,
    "FieldsV1": _raw_json,
    "RawExtension": _raw_json,
    "JSON": _raw_json,
}
