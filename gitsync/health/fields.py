"""Reading fields of objects that nobody has validated: absent and null are empty, a wrong type is `MalformedField`.

Rules read with these functions, so that an object that a lax API server or a hand-written file got wrong ends as health
Unknown that names the field, never as an exception in the middle of an event.
"""

from typing import Any

from gitsync.errors import Failed
from gitsync.manifest.object import JsonObject

_EMPTY: JsonObject = {}


class MalformedField(Failed):
    """A field has another type than its kind defines."""


def section(parent: JsonObject, name: str) -> JsonObject:
    """The object at `name`; {} where there is none."""
    value = parent.get(name)
    if value is None:
        return _EMPTY
    if not isinstance(value, dict):
        raise _malformed(name, "an object", value)
    return value


def items(parent: JsonObject, name: str) -> list[JsonObject]:
    """The list of objects at `name`; [] where there is none."""
    value = parent.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _malformed(name, "a list of objects", value)
    return value


def count(parent: JsonObject, name: str) -> int:
    """The whole number at `name`; 0 where there is none."""
    return optional_count(parent, name) or 0


def optional_count(parent: JsonObject, name: str) -> int | None:
    """The whole number at `name`; None where there is none."""
    value = parent.get(name)
    if value is None:
        return None
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise _malformed(name, "a whole number", value)


def text(parent: JsonObject, name: str) -> str:
    """The string at `name`; "" where there is none."""
    value = parent.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _malformed(name, "a string", value)
    return value


def flag(parent: JsonObject, name: str) -> bool:
    """The boolean at `name`; False where there is none."""
    value = parent.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _malformed(name, "true or false", value)
    return value


def condition(status: JsonObject, kind: str) -> JsonObject | None:
    """The condition of that type."""
    for entry in items(status, "conditions"):
        if entry.get("type") == kind:
            return entry
    return None


def _malformed(name: str, expected: str, value: Any) -> MalformedField:
    return MalformedField(f"field {name} should be {expected} but is {type(value).__name__}")
