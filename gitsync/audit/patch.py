"""What a commit changed in a file, as a patch that shows no secret. Pure.

A file that holds Secrets is shown as its objects with their values masked, equal values alike, so that one sees that
a value changed and not what it was. What cannot be read as manifests and speaks of a Secret is not shown at all.
"""

import difflib
import re
from collections.abc import Sequence

import yaml

from gitsync.diff.secrets import mask_together
from gitsync.manifest.errors import ManifestError
from gitsync.manifest.object import JsonObject
from gitsync.manifest.parse import parse_manifests
from model.audit import FilePatch

MAX_FILE_BYTES = 500_000
MAX_PATCH_CHARACTERS = 100_000
_SPEAKS_OF_SECRETS = re.compile(rb"""kind["']?\s*:\s*["']?Secret\b""")
_NUL_WITHIN = 8_000


def patch_of(path: str, before: bytes | None, after: bytes | None) -> FilePatch:
    """`before` or `after` is None when the file does not exist then."""
    kind = "ADDED" if before is None else "REMOVED" if after is None else "MODIFIED"
    sides = [before or b"", after or b""]
    if any(b"\0" in side[:_NUL_WITHIN] for side in sides):
        return FilePatch(path, kind, note="binary file")
    if max(map(len, sides)) > MAX_FILE_BYTES:
        return FilePatch(path, kind, note="too large to show")
    masked = any(_SPEAKS_OF_SECRETS.search(side) for side in sides)
    if masked:
        shown = _masked(path, before, after)
        if shown is None:
            return FilePatch(path, kind, masked=True, note="not shown: it speaks of a Secret and cannot be read")
        texts: Sequence[str] = shown
    else:
        texts = [side.decode(errors="replace") for side in sides]
    patch = "\n".join(_unified(path, *texts))
    if len(patch) > MAX_PATCH_CHARACTERS:
        return FilePatch(path, kind, patch[:MAX_PATCH_CHARACTERS], masked=masked, note="cut off: too long to show")
    return FilePatch(path, kind, patch, masked=masked)


def _unified(path: str, before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), f"a/{path}", f"b/{path}", lineterm="", n=3)
    return list(lines)


def _masked(path: str, before: bytes | None, after: bytes | None) -> tuple[str, str] | None:
    try:
        old, new = (_objects(path, side) for side in (before, after))
    except ManifestError:
        return None
    for key in {*old, *new}:
        pair = mask_together([old.get(key), new.get(key)])
        for side, body in zip((old, new), pair, strict=True):
            if body is not None:
                side[key] = body
    return _text(old), _text(new)


def _objects(path: str, data: bytes | None) -> dict[tuple[str, ...], JsonObject]:
    found: dict[tuple[str, ...], JsonObject] = {}
    for number, document in enumerate(parse_manifests(data, file=path) if data else ()):
        body = document.body
        metadata = body.get("metadata") or {}
        key = (str(body.get("kind")), str(metadata.get("namespace", "")), str(metadata.get("name", "")))
        found[(*key, str(number)) if key in found else key] = body
    return found


def _text(objects: dict[tuple[str, ...], JsonObject]) -> str:
    return "---\n".join(yaml.safe_dump(body, sort_keys=False, width=10_000) for body in objects.values())
