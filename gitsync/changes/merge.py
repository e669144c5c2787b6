"""What a person wants of a manifest, carried over to the file that holds it. Pure.

A person edits what was shown: the object as the cluster has it. The file may be ahead of that, or may hold fields that
were never shown; both stay. Only where file and person changed the same field differently there is a conflict.
"""

from typing import Any

from gitsync.manifest.edit import same
from gitsync.manifest.object import JsonObject
from model.kinds.application import REFRESH_ANNOTATION, REFRESH_TIME_ANNOTATION, TRACKING_ANNOTATION

_MISSING: Any = object()
_SERVER_METADATA = frozenset(
    {
        *("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields"),
        *("ownerReferences", "resourceVersion", "selfLink", "uid"),
    }
)
_SERVER_ANNOTATIONS = frozenset(
    {
        TRACKING_ANNOTATION,
        REFRESH_ANNOTATION,
        REFRESH_TIME_ANNOTATION,
        "kubectl.kubernetes.io/last-applied-configuration",
    }
)


class Clash(Exception):
    """File and person changed the same field differently."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def without_status(body: JsonObject, *, like: JsonObject | None = None) -> JsonObject:
    """The object without what clusters and controllers put into it; `like`: what a file says itself stays."""
    written = {name: value for name, value in body.items() if name not in ("status", "operation")}
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        return written
    own = (like or {}).get("metadata") or {}
    kept = {name: value for name, value in metadata.items() if name not in _SERVER_METADATA or name in own}
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict):
        of_file = own.get("annotations") or {}
        left = {
            name: value for name, value in annotations.items() if name not in _SERVER_ANNOTATIONS or name in of_file
        }
        kept["annotations"] = left
        if not left and "annotations" not in own:
            del kept["annotations"]
    return {**written, "metadata": kept}


def merged(file: JsonObject, seen: JsonObject, mine: JsonObject) -> JsonObject:
    """`file` with the changes that lead from `seen` to `mine`. Raises Clash."""
    result = _merged(file, seen, mine, ())
    assert isinstance(result, dict), "maps merge to a map"
    return result


def _merged(file: Any, seen: Any, mine: Any, path: tuple[str, ...]) -> Any:
    if _equal(mine, seen) or _equal(mine, file):
        return file
    if isinstance(file, dict) and isinstance(mine, dict):
        before = seen if isinstance(seen, dict) else {}
        result: JsonObject = {}
        for name in [*file, *(name for name in mine if name not in file)]:
            value = _merged(
                file.get(name, _MISSING), before.get(name, _MISSING), mine.get(name, _MISSING), (*path, name)
            )
            if value is not _MISSING:
                result[name] = value
        return result
    if _equal(file, seen) or (file is _MISSING and mine is not _MISSING):
        return mine
    raise Clash(".".join(path))


def _equal(one: Any, other: Any) -> bool:
    if one is _MISSING or other is _MISSING:
        return one is other
    return same(one, other)
