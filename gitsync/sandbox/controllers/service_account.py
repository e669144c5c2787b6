"""A pod needs its ServiceAccount: the API refuses it otherwise, and the owner says so."""

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.errors import ForbiddenError
from model.identity import ResourceKey


def create_pod(cluster: Cluster, pod: JsonObject) -> JsonObject:
    """Creates the pod. Raises ForbiddenError when it names a ServiceAccount that does not exist."""
    metadata, name = pod["metadata"], pod["spec"].get("serviceAccountName") or "default"
    account = ResourceKey("", "ServiceAccount", metadata["namespace"], name)
    # The default one comes with the namespace, a moment later; nobody is made to wait for it.
    if name != "default" and cluster.objects.get(account) is None:
        raise ForbiddenError(
            f'pods "{metadata.get("generateName") or metadata["name"]}" is forbidden: error looking up service account '
            f'{metadata["namespace"]}/{name}: serviceaccount "{name}" not found'
        )
    return cluster.objects.create(pod)
