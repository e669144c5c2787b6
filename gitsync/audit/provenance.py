"""Who set each field of an object, by the versions that it had. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

from gitsync.manifest.errors import ManifestError
from gitsync.manifest.object import JsonObject
from gitsync.manifest.parse import parse_manifests
from model.audit import FieldOrigin

_NAME = "name"


def field_origins(versions: Iterable[tuple[str, JsonObject | None]]) -> tuple[FieldOrigin, ...]:
    """The leaves of the newest version, each with the commit that set its present value.

    `versions` are (commit, object) from the oldest on; None where it did not exist: what comes back then is new.
    """
    origins: dict[str, tuple[Any, str]] = {}
    for commit, body in versions:
        leaves = dict(leaves_of(body)) if body is not None else {}
        origins = {
            path: origins[path] if path in origins and _same(origins[path][0], value) else (value, commit)
            for path, value in leaves.items()
        }
    return tuple(FieldOrigin(path, value, commit) for path, (value, commit) in origins.items())


def leaves_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Paths and values of what is neither map nor list; empty ones count as leaves. Named entries go by their name."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves_of(inner, _below(path, str(key)))
    elif isinstance(value, list) and value:
        names = [entry.get(_NAME) if isinstance(entry, dict) else None for entry in value]
        named = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
        for index, inner in enumerate(value):
            yield from leaves_of(inner, f"{path}[{_NAME}={names[index]}]" if named else f"{path}[{index}]")
    else:
        yield path, value


def object_in(data: bytes, *, file: str, kind: str, name: str) -> JsonObject | None:
    """The object of that kind and name in a file; None when it has none, or was no readable manifest then."""
    try:
        documents = parse_manifests(data, file=file)
    except ManifestError:
        return None
    for document in documents:
        body = document.body
        if body.get("kind") == kind and (body.get("metadata") or {}).get("name") == name:
            return body
    return None


def _below(path: str, key: str) -> str:
    if not key or any(character in key for character in ".[]"):
        return f"{path}[{key!r}]"
    return f"{path}.{key}" if path else key


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
