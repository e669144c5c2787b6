"""The check before every deletion: is this object still ours?"""

from collections.abc import Callable

from gitsync.manifest.object import JsonObject, LiveObject
from gitsync.manifest.tracking import parse_tracking
from model.identity import ResourceKey
from model.kinds.application import TRACKING_ANNOTATION

MarkOf = Callable[[JsonObject], str]


def why_not_ours(mark: str, key: ResourceKey, application: str) -> str:
    """Why an object with this tracking mark is not to be deleted for `application`; "" when it is."""
    tracking = parse_tracking(mark)
    if tracking is None:
        return "it carries no tracking mark"
    if tracking.application != application:
        return f"it belongs to application {tracking.application}"
    if not tracking.refers_to(key):
        return f"it is a copy of {tracking.key}"
    return ""


def annotated_mark(body: JsonObject) -> str:
    """The mark where the installation says nothing else."""
    mark = (body.get("metadata", {}).get("annotations") or {}).get(TRACKING_ANNOTATION, "")
    return mark if isinstance(mark, str) else ""


def live_state(live: LiveObject) -> tuple[str, str, str]:
    """Mark, uid and resourceVersion as the cache knows them."""
    return live.owner, live.uid, live.resource_version


def read_state(body: JsonObject) -> tuple[str, str]:
    """Its uid and resourceVersion, just read from the cluster."""
    metadata = body["metadata"]
    return metadata.get("uid", ""), metadata.get("resourceVersion", "")
