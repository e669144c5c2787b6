"""The part of JSONPath that printer columns use: fields, quoted fields, indexes, and filters by equality."""

import re
from typing import Any

_STEP = re.compile(r"\.([\w-]+)|\.?\['([^']+)'\]|\[(\d+)\]|\[(\*)\]|\[\?\(@\.([\w.]+)\s*==\s*['\"]([^'\"]*)['\"]\)\]")


def find(value: Any, path: str) -> Any:
    """The first match, None if there is none."""
    found = [value]
    at = 0
    path = path.replace("\\.", "\0")
    while at < len(path):
        match = _STEP.match(path, at)
        if not match:
            return None
        found = [item for value in found for item in _step(value, match)]
        at = match.end()
    return found[0] if found else None


def _step(value: Any, match: re.Match[str]) -> list[Any]:
    field, quoted, index, every, key, wanted = match.groups()
    name = (field or quoted or "").replace("\0", ".")
    if name:
        return [value[name]] if isinstance(value, dict) and value.get(name) is not None else []
    if not isinstance(value, list):
        return []
    if index is not None:
        return value[int(index) : int(index) + 1]
    if every:
        return value
    return [item for item in value if isinstance(item, dict) and str(find(item, f".{key}")) == wanted]
