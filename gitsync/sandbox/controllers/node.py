"""Simulated nodes: ready, roomy, and quiet. Their leases are renewed rarely, since nobody here watches for a lost
node.
"""

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import owner_reference, timestamp
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.objects import KUBELET, Objects
from model.identity import ResourceKey

_RENEW_SECONDS = 600.0
_ROOM = {"cpu": "64", "memory": "256Gi", "pods": "5000", "ephemeral-storage": "500Gi"}
_VERSION = "v1.36.0"
_LEASES = "kube-node-lease"
_ZONES = 3

_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


class Nodes:
    """Makes `count` nodes, named node-0 and up; those that are there already stay as they are."""

    def __init__(self, cluster: Cluster, *, count: int) -> None:
        self._cluster = cluster
        self._count = count

    def start(self) -> None:
        for number in range(self._count):
            if self._cluster.objects.get(_node_key(number)) is None:
                created = self._cluster.objects.create(self._node(number), manager=KUBELET)
                self._cluster.write_status(created, self._status(number), manager=KUBELET)
                message = f"Node node-{number} event: Registered Node node-{number} in Controller"
                self._cluster.events.normal(created, "RegisteredNode", message, by="node-controller")
            self._cluster.queue.add(self.renew, _node_key(number))

    def renew(self, key: ResourceKey) -> None:
        """Renews the node's lease, and again later, as long as there is a node."""
        node = self._cluster.objects.get(key)
        if node is None:
            return
        spec = {
            "holderIdentity": key.name,
            "leaseDurationSeconds": int(_RENEW_SECONDS * 2),
            "renewTime": self._cluster.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        lease = self._cluster.objects.get(ResourceKey("coordination.k8s.io", "Lease", _LEASES, key.name))
        if lease is not None:
            self._cluster.objects.update({**lease, "spec": spec}, manager=KUBELET)
        else:
            reference = {**owner_reference(node)}
            del reference["controller"], reference["blockOwnerDeletion"]
            metadata = {"name": key.name, "namespace": _LEASES, "ownerReferences": [reference]}
            lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
            self._cluster.objects.create(lease, manager=KUBELET)
        self._cluster.queue.add_after(_RENEW_SECONDS, self.renew, key)

    def _node(self, number: int) -> JsonObject:
        name = f"node-{number}"
        labels = {
            "beta.kubernetes.io/arch": "amd64",
            "beta.kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "topology.kubernetes.io/region": "sandbox",
            "topology.kubernetes.io/zone": f"sandbox-{'abc'[number % _ZONES]}",
        }
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": labels},
            "spec": {"podCIDR": f"10.244.{number}.0/24", "podCIDRs": [f"10.244.{number}.0/24"]},
        }

    def _status(self, number: int) -> JsonObject:
        now = timestamp(self._cluster.now)
        return {
            "addresses": [
                {"type": "InternalIP", "address": _address(number)},
                {"type": "Hostname", "address": f"node-{number}"},
            ],
            "allocatable": _ROOM,
            "capacity": _ROOM,
            "conditions": [
                {
                    "type": type_,
                    "status": status,
                    "reason": reason,
                    "message": message,
                    "lastHeartbeatTime": now,
                    "lastTransitionTime": now,
                }
                for type_, status, reason, message in _CONDITIONS
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": "simulated://1.0",
                "kernelVersion": "simulated",
                "kubeProxyVersion": _VERSION,
                "kubeletVersion": _VERSION,
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "Argosy sandbox",
                "systemUUID": "",
            },
        }


def node_address(objects: Objects, name: str) -> str:
    node = objects.get(ResourceKey("", "Node", "", name))
    for address in ((node or {}).get("status") or {}).get("addresses") or ():
        if address["type"] == "InternalIP":
            return str(address["address"])
    return "127.0.0.1"


def _node_key(number: int) -> ResourceKey:
    return ResourceKey("", "Node", "", f"node-{number}")


def _address(number: int) -> str:
    return f"172.18.{(number + 2) // 250}.{(number + 2) % 250}"
