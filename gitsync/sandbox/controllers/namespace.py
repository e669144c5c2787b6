"""What comes with a namespace: the default ServiceAccount and the certificates of the cluster."""

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import is_deleting
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.errors import AlreadyExistsError
from model.identity import ResourceKey


class Namespaces:
    """Makes what is missing; what somebody deletes comes back."""

    def __init__(self, cluster: Cluster, *, ca_certificate: str) -> None:
        self._cluster = cluster
        self._ca_certificate = ca_certificate

    def reconcile(self, key: ResourceKey) -> None:
        namespace = self._cluster.objects.get(key)
        if namespace is None or is_deleting(namespace):
            return
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _in(key.name, "default")}
        self._ensure(account)
        certificates = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": _in(key.name, "kube-root-ca.crt"),
            "data": {"ca.crt": self._ca_certificate},
        }
        self._ensure(certificates)

    def _ensure(self, body: JsonObject) -> None:
        metadata = body["metadata"]
        if self._cluster.objects.get(ResourceKey("", body["kind"], metadata["namespace"], metadata["name"])) is None:
            try:
                self._cluster.objects.create(body)
            except AlreadyExistsError:
                return


def _in(namespace: str, name: str) -> JsonObject:
    return {"name": name, "namespace": namespace}
