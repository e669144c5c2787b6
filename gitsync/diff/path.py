"""Where a field stands: the steps from the root of an object, in the spelling of managedFields.

A path is a chain `(parent, step)` so that walking down costs one small tuple; text is made only for what differs.
Steps: `f:name` field, `k:{...}` item of an associative list, `v:...` member of a set, `i:3` item by position.
"""

import re
from typing import Any, TypeAlias

import msgspec

Path: TypeAlias = "tuple[Path, str] | None"

_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")


def steps(path: Path) -> list[str]:
    """From the root down."""
    found = []
    while path is not None:
        path, step = path
        found.append(step)
    found.reverse()
    return found


def show(path: Path) -> str:
    """`spec.template.spec.containers[name=app].env[name=LEVEL].value`; "" for the object as a whole."""
    text = ""
    for step in steps(path):
        kind, rest = step[0], step[2:]
        if kind == "f":
            text += _show_field(rest, first=not text)
        elif kind == "k":
            keys: dict[str, Any] = msgspec.json.decode(rest)
            text += f"[{','.join(f'{name}={_show_value(value)}' for name, value in keys.items())}]"
        elif kind == "v":
            text += f"[={_show_value(msgspec.json.decode(rest))}]"
        else:
            text += f"[{rest}]"
    return text


def _show_field(name: str, *, first: bool) -> str:
    if not _PLAIN.fullmatch(name):
        return f'["{name}"]'
    return name if first else f".{name}"


def _show_value(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def in_metadata(path: Path) -> bool:
    """Whether the path is a field of the object's own metadata."""
    return path is not None and path[0] is not None and path[0] == (None, "f:metadata")
