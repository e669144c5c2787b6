"""What generators may see of cluster Secrets; credentials stay behind."""

from collections.abc import Sequence

from gitsync.access.secret import SECRET_TYPE_LABEL, secret_data
from gitsync.appset.inputs import ClusterInput
from gitsync.manifest.object import JsonObject

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def clusters_among(bodies: Sequence[JsonObject]) -> tuple[ClusterInput, ...]:
    """Of each cluster Secret what generators may see; credentials stay behind."""
    return tuple(
        cluster_input(body)
        for body in bodies
        if body["kind"] == "Secret" and _labels(body).get(SECRET_TYPE_LABEL) == "cluster"
    )


def _labels(body: JsonObject) -> dict[str, str]:
    return body["metadata"].get("labels") or {}


def cluster_input(body: JsonObject) -> ClusterInput:
    data = secret_data(body)
    annotations = {
        name: value for name, value in (body["metadata"].get("annotations") or {}).items() if name != _LAST_APPLIED
    }
    return ClusterInput(
        name=data.get("name", ""),
        server=data.get("server", ""),
        labels=_labels(body),
        annotations=annotations,
        project=data.get("project", ""),
    )
