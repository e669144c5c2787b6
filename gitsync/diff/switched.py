"""Services whose selector a controller of Rollouts switches from version to version. Pure.

The manifest says which application the Service is of; which of its versions gets the traffic is the controller's
choice. It is no difference, and an apply must not undo it: the server takes a selector as one value, so without the
hash the pods of all versions would get traffic until the controller looks again.
"""

from gitsync.manifest.object import JsonObject
from model.kinds.rollout import HASH_LABEL, MANAGED_BY


def with_switch(desired: JsonObject, live: JsonObject | None) -> JsonObject:
    """`desired` with the version that live selects, unless the manifest names one itself."""
    if live is None or desired.get("kind") != "Service" or desired.get("apiVersion") != "v1":
        return desired
    wanted = (desired.get("spec") or {}).get("selector")
    chosen = ((live.get("spec") or {}).get("selector") or {}).get(HASH_LABEL)
    managed = MANAGED_BY in (live["metadata"].get("annotations") or {})
    if not wanted or HASH_LABEL in wanted or not chosen or not managed:
        return desired
    return {**desired, "spec": {**desired["spec"], "selector": {**wanted, HASH_LABEL: chosen}}}
