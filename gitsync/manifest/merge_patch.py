"""JSON merge patch (RFC 7386): making one and applying one."""

from typing import Any

from gitsync.manifest.object import JsonObject


def merge_patch(old: JsonObject, new: JsonObject) -> JsonObject:
    """What turns `old` into `new`. A null that both have is left alone."""
    patch: JsonObject = {name: None for name, value in old.items() if name not in new and value is not None}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            if inner := merge_patch(before, value):
                patch[name] = inner
        elif name not in old or before != value or type(before) is not type(value):
            patch[name] = value
    return patch


def apply_merge_patch(body: JsonObject, patch: JsonObject) -> JsonObject:
    """`body` after the patch; the one given stays as it is."""
    after = dict(body)
    for name, value in patch.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, dict):
            after[name] = apply_merge_patch(_object(after.get(name)), value)
        else:
            after[name] = value
    return after


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}
