"""What generators may see of cluster Secrets; credentials stay behind."""

from collections.abc import Iterable, Sequence

from gitsync.access.secret import SECRET_TYPE_LABEL, secret_data
from gitsync.appset.inputs import LOCAL_NAME, LOCAL_SERVER, ClusterInput
from gitsync.manifest.object import JsonObject

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def clusters_among(bodies: Sequence[JsonObject]) -> tuple[ClusterInput, ...]:
    """Of each cluster Secret what generators may see; credentials stay behind."""
    return tuple(
        cluster_input(body)
        for body in bodies
        if body["kind"] == "Secret" and _labels(body).get(SECRET_TYPE_LABEL) == "cluster"
    )


def without_home(clusters: Iterable[ClusterInput]) -> tuple[ClusterInput, ...]:
    """Where the runtime's own cluster is no destination, whatever Secret it may have."""
    others = (one for one in clusters if one.server.rstrip("/") != LOCAL_SERVER)
    return (*others, ClusterInput(LOCAL_NAME, LOCAL_SERVER, shut_out=True))


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
