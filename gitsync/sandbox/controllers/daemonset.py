"""DaemonSets: one pod on every node that takes it."""

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import (
    is_deleting,
    key_of,
    labels_of,
    share,
    status_of,
    with_spec,
    without_zeros,
)
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.history import HASH_LABEL, current_revision, hash_of, prune_history
from gitsync.sandbox.controllers.pod import is_finished, is_ready, pod_from_template, seconds_until_available
from gitsync.sandbox.controllers.scheduler import obstacle
from gitsync.sandbox.controllers.service_account import create_pod
from gitsync.sandbox.errors import ApiError
from model.identity import ResourceKey

_BY = "daemonset-controller"
_OPTIONAL = ("updatedNumberScheduled", "numberAvailable", "numberUnavailable", "observedGeneration", "collisionCount")
_TOLERATED = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)


class DaemonSets:
    """Looked at again whenever a pod of theirs or any node changes."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, key: ResourceKey) -> None:
        body = self._cluster.objects.get(key)
        if body is None or is_deleting(body):
            return
        revision = current_revision(self._cluster, body)
        nodes = self._nodes(body)
        failure: ApiError | None = None
        try:
            self._place(body, hash_of(revision), nodes)
        except ApiError as error:
            self._cluster.events.warning(body, "FailedCreate", f"Error creating: {error}", by=_BY)
            failure = error
        else:
            self._update(body, hash_of(revision), nodes)
        self._write_status(body, hash_of(revision), nodes)
        prune_history(self._cluster, body, live=frozenset({revision["metadata"]["name"]}))
        if failure is not None:
            raise failure

    def _nodes(self, body: JsonObject) -> list[str]:
        """Names of the nodes that take the pod."""
        pod = _tolerant({"spec": body["spec"]["template"]["spec"]})
        nodes = self._cluster.objects.list("", "Node")
        return [node["metadata"]["name"] for node in nodes if not obstacle(pod, node)]

    def _pods(self, body: JsonObject) -> dict[str, list[JsonObject]]:
        """Node name to the pods on it or meant for it, oldest first."""
        pods: dict[str, list[JsonObject]] = {}
        for pod in self._cluster.children(body, "Pod"):
            pods.setdefault(_node_of(pod), []).append(pod)
        return pods

    def _place(self, body: JsonObject, hash_: str, nodes: list[str]) -> None:
        pods = self._pods(body)
        for node, there in pods.items():
            live = [pod for pod in there if not is_deleting(pod)]
            surplus = live[1:] if node in nodes else live
            for pod in surplus:
                self._delete(body, pod)
            if node in nodes and live and is_finished(live[0]):
                message = f"Found failed daemon pod {_label(live[0])} on node {node}, will try to kill it"
                self._cluster.events.warning(body, "FailedDaemonPod", message, by=_BY)
                self._delete(body, live[0])
        for node in nodes:
            if not pods.get(node):
                self._create(body, hash_, node)

    def _update(self, body: JsonObject, hash_: str, nodes: list[str]) -> None:
        """Takes outdated pods away: those that do not serve at once, others as far as maxUnavailable allows."""
        strategy = body["spec"].get("updateStrategy") or {}
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            return
        most = share((strategy.get("rollingUpdate") or {}).get("maxUnavailable"), len(nodes), default=1, round_up=True)
        pods = {node: there[0] for node, there in self._pods(body).items() if node in nodes}
        unavailable = sum(node not in pods or not self._is_available(body, pods[node]) for node in nodes)
        for pod in pods.values():
            if is_deleting(pod) or labels_of(pod).get(HASH_LABEL) == hash_:
                continue
            if not self._is_available(body, pod):
                self._delete(body, pod)
            elif unavailable < most:
                unavailable += 1
                self._delete(body, pod)

    def _is_available(self, body: JsonObject, pod: JsonObject) -> bool:
        if is_deleting(pod):
            return False
        seconds = seconds_until_available(pod, body["spec"].get("minReadySeconds", 0), self._cluster.now)
        if seconds is not None and seconds > 0:
            self._cluster.queue.add_after(seconds, self.reconcile, key_of(body))
        return seconds is not None and seconds <= 0

    def _create(self, body: JsonObject, hash_: str, node: str) -> None:
        pod = _bound_for(_tolerant(pod_from_template(body, body["spec"]["template"])), node)
        labels = {**(pod["metadata"].get("labels") or {}), HASH_LABEL: hash_}
        labels["pod-template-generation"] = str(body["metadata"].get("generation", 1))
        pod["metadata"]["labels"] = labels
        created = create_pod(self._cluster, pod)
        message = f"Created pod: {created['metadata']['name']}"
        self._cluster.events.normal(body, "SuccessfulCreate", message, by=_BY)

    def _delete(self, body: JsonObject, pod: JsonObject) -> None:
        if self._cluster.delete(pod):
            message = f"Deleted pod: {pod['metadata']['name']}"
            self._cluster.events.normal(body, "SuccessfulDelete", message, by=_BY)

    def _write_status(self, body: JsonObject, hash_: str, nodes: list[str]) -> None:
        pods = {node: there[0] for node, there in self._pods(body).items()}
        there = [pod for node, pod in pods.items() if node in nodes]
        available = sum(self._is_available(body, pod) for pod in there)
        status = {
            "currentNumberScheduled": len(there),
            "desiredNumberScheduled": len(nodes),
            "numberAvailable": available,
            "numberMisscheduled": len(pods) - len(there),
            "numberReady": sum(is_ready(pod) for pod in there),
            "numberUnavailable": len(nodes) - available,
            "observedGeneration": body["metadata"].get("generation", 0),
            "updatedNumberScheduled": sum(labels_of(pod).get(HASH_LABEL) == hash_ for pod in there),
        }
        if status_of(body).get("collisionCount"):
            status["collisionCount"] = status_of(body)["collisionCount"]
        self._cluster.write_status(body, without_zeros(status, _OPTIONAL))


def _tolerant(pod: JsonObject) -> JsonObject:
    """Daemons also run where ordinary pods are kept away."""
    tolerations = [
        *(pod["spec"].get("tolerations") or ()),
        *({"key": key, "operator": "Exists", "effect": effect} for key, effect in _TOLERATED),
    ]
    return with_spec(pod, tolerations=tolerations)


def _bound_for(pod: JsonObject, node: str) -> JsonObject:
    """Meant for one node; the scheduler does the binding."""
    affinity = pod["spec"].get("affinity") or {}
    fields = [{"key": "metadata.name", "operator": "In", "values": [node]}]
    required = {"nodeSelectorTerms": [{"matchFields": fields}]}
    node_affinity = {
        **(affinity.get("nodeAffinity") or {}),
        "requiredDuringSchedulingIgnoredDuringExecution": required,
    }
    return with_spec(pod, affinity={**affinity, "nodeAffinity": node_affinity})


def _node_of(pod: JsonObject) -> str:
    spec = pod["spec"]
    if spec.get("nodeName"):
        return str(spec["nodeName"])
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    for term in required.get("nodeSelectorTerms") or ():
        for requirement in term.get("matchFields") or ():
            return str(requirement["values"][0])
    return ""


def _label(pod: JsonObject) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
