"""Client-side apply, as `kubectl apply` does it without `--server-side`: what was applied last is kept in an
annotation, and what has left it leaves the cluster. Pure.

Only for who insists on it (`ServerSideApply=false`). The result of the three-way merge is sent as one patch that is
bound to the version it was made from, so that lists of the whole object may stand in it.
"""

from typing import Any

import orjson

from gitsync.diff.comparison import Comparison
from gitsync.diff.lists import fields_applied
from gitsync.diff.normalize import LAST_APPLIED, DiffSettings, normalize
from gitsync.diff.ownership import NOTHING, FieldSet, Ownership, read_ownership, union
from gitsync.diff.traits import traits_of
from gitsync.diff.whole import Traits
from gitsync.manifest.merge_patch import merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.manifest.tracking import FIELD_MANAGER

_AS_WRITTEN = DiffSettings(ignore_status="none")


def with_last_applied(desired: JsonObject) -> JsonObject:
    """What to create, with the annotation that the next apply goes by."""
    metadata = desired["metadata"]
    annotations = {**(metadata.get("annotations") or {}), LAST_APPLIED: last_applied_text(desired)}
    return {**desired, "metadata": {**metadata, "annotations": annotations}}


def client_side_patch(
    desired: JsonObject, live: JsonObject, *, manager: str = FIELD_MANAGER, annotate: bool = True
) -> JsonObject:
    """A JSON merge patch from `live` to what an apply on the client's side makes of it; {} when nothing is to do.

    `annotate` writes down what was applied, which a mere prediction need not.
    """
    ownership, traits = read_ownership(live, manager), traits_of(live)
    wanted, existing = normalize(desired, _AS_WRITTEN), normalize(live, _AS_WRITTEN)
    wanted = {**wanted, "apiVersion": existing.get("apiVersion"), "kind": existing.get("kind")}
    merge = Comparison(traits, ownership, three_way=True)
    merged = merge.compare_map(wanted, existing, fields_of_last_apply(live, ownership, traits), None)
    patch = merge_patch(existing, merged)
    if patch.get("metadata", NOTHING).get("annotations", NOTHING) is None:
        # All that are shown go; the one that is not shown stays.
        patch["metadata"]["annotations"] = dict.fromkeys(existing["metadata"]["annotations"])
    text = last_applied_text(desired) if annotate else None
    if text is not None and (live["metadata"].get("annotations") or NOTHING).get(LAST_APPLIED) != text:
        patch.setdefault("metadata", {}).setdefault("annotations", {})[LAST_APPLIED] = text
    return patch


def fields_of_last_apply(live: JsonObject, ownership: Ownership, traits: Traits) -> FieldSet:
    """What we wanted of the object last: as the annotation tells, and what our server-side apply owns."""
    ours = ownership.ours or NOTHING
    written: Any = (live.get("metadata", NOTHING).get("annotations") or NOTHING).get(LAST_APPLIED)
    try:
        applied = orjson.loads(written) if isinstance(written, str) else None
    except orjson.JSONDecodeError:
        applied = None
    if not isinstance(applied, dict):
        return ours
    wanted = normalize(applied)
    if not (metadata := dict(wanted.get("metadata") or NOTHING)).get("annotations"):
        metadata.pop("annotations", None)  # kubectl writes the empty map
    return union(fields_applied({**wanted, "metadata": metadata}, ownership, traits=traits), ours)


def last_applied_text(desired: JsonObject) -> str:
    """As kubectl writes it: one line of JSON, keys sorted."""
    metadata = desired["metadata"]
    annotations = {name: value for name, value in (metadata.get("annotations") or {}).items() if name != LAST_APPLIED}
    body = {**desired, "metadata": {**metadata, "annotations": annotations}}
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE).decode()
