"""Arguments that a Rollout passes on: hashes of ReplicaSets and fields of its own become plain values."""

from collections.abc import Iterable
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.values import InvalidSpec


def resolved_arguments(
    arguments: Iterable[JsonObject], rollout: JsonObject, *, stable_hash: str, latest_hash: str
) -> list[JsonObject]:
    """References to secrets stay references: only the run that uses them reads them."""
    return [_resolved(one, rollout, stable_hash, latest_hash) for one in arguments]


def _resolved(argument: JsonObject, rollout: JsonObject, stable_hash: str, latest_hash: str) -> JsonObject:
    source = argument.get("valueFrom")
    if not source or source.get("secretKeyRef"):
        return dict(argument)
    name = argument.get("name", "")
    if source.get("podTemplateHashValue"):
        value = {"Stable": stable_hash, "Latest": latest_hash}.get(source["podTemplateHashValue"])
        if value is None:
            raise InvalidSpec(f"argument {name}: podTemplateHashValue must be Stable or Latest")
        return {"name": name, "value": value}
    path = str((source.get("fieldRef") or {}).get("fieldPath") or "")
    return {"name": name, "value": field_text(rollout, path)}


def field_text(body: JsonObject, path: str) -> str:
    """A field by its path: dots, list positions in brackets, and quoted keys such as `['app/name']`."""
    value: Any = body
    for part in _parts(path):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            raise InvalidSpec(f"fieldRef {path}: the Rollout has no such field")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise InvalidSpec(f"fieldRef {path} is not a single value")
    return "" if value is None else str(value)


def _parts(path: str) -> list[str]:
    parts: list[str] = []
    rest = path
    while rest:
        rest = rest.lstrip(".")
        if rest.startswith("["):
            inner, bracket, rest = rest[1:].partition("]")
            if not bracket:
                raise InvalidSpec(f"fieldRef {path}: a bracket is not closed")
            parts.append(inner.strip("'\""))
            continue
        end = min((at for at in (rest.find("."), rest.find("[")) if at >= 0), default=len(rest))
        parts.append(rest[:end])
        rest = rest[end:]
    return [part for part in parts if part]
