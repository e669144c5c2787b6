"""knownTypeFields: fields of custom resources that hold a Go type of Kubernetes, spelled as that type prints itself.

A controller that reads such an object and writes it back respells its quantities and durations; both sides of a
comparison are spelled alike, so that this is no difference.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gitsync.diff.facts import is_quantity
from gitsync.diff.quantity import canonical_quantity, print_duration
from gitsync.manifest.object import JsonObject


@dataclass(frozen=True, slots=True)
class KnownField:
    """`path` is dotted and goes through lists; `type` is Argo CD's name, such as `core/v1/PodSpec`."""

    group: str
    kind: str
    path: str
    type: str


def respelled(body: JsonObject, fields: Iterable[KnownField]) -> JsonObject:
    """The object with its known fields in canonical spelling; what is no value of its type stays as it is."""
    for field in fields:
        body = _at(body, field.path.split("."), _SPELLINGS.get(field.type.rpartition("/")[2], _struct))
    return body


def _at(value: Any, path: list[str], spell: Callable[[Any], Any]) -> Any:
    if isinstance(value, list):
        return [_at(item, path, spell) for item in value]
    if not path:
        return spell(value)
    name = path[0]
    if not isinstance(value, dict) or value.get(name) is None:
        return value
    return {**value, name: _at(value[name], path[1:], spell)}


def _quantity(value: Any) -> Any:
    return canonical_quantity(value) or value


def _duration(value: Any) -> Any:
    return print_duration(value) or value


def _quantities(value: Any) -> Any:
    return {name: _quantity(amount) for name, amount in value.items()} if isinstance(value, dict) else value


def _struct(value: Any, parent: str = "") -> Any:
    """Any other type: its quantities are where those of Kubernetes' own kinds are."""
    if isinstance(value, list):
        return [_struct(item, parent) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _quantity(child) if is_quantity(name, parent, "") else _struct(child, name)
        for name, child in value.items()
        if not (name == "creationTimestamp" and child is None)
    }


_SPELLINGS: dict[str, Callable[[Any], Any]] = {
    "Quantity": _quantity,
    "Duration": _duration,
    "ResourceList": _quantities,
}
