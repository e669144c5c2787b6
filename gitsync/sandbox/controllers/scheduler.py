"""Binds pods to nodes, in turn, as far as the pod's and the node's wishes allow."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import is_deleting, labels_of, status_of, with_spec
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.condition import with_condition
from gitsync.sandbox.controllers.selector import matches_labels, matches_requirement
from gitsync.sandbox.objects import SCHEDULER
from gitsync.sandbox.quantity import parse
from model.identity import ResourceKey

_BY = "default-scheduler"
_BLOCKING = ("NoSchedule", "NoExecute")


class Scheduler:
    """One pod at a time; those that fit nowhere are looked at again when a node changes."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._turn = 0
        self._waiting: dict[ResourceKey, None] = {}

    def reconcile(self, key: ResourceKey) -> None:
        pod = self._cluster.objects.get(key)
        if pod is None or pod["spec"].get("nodeName") or is_deleting(pod):
            self._waiting.pop(key, None)
            return
        if gates := pod["spec"].get("schedulingGates"):
            names = ", ".join(gate["name"] for gate in gates)
            self._refuse(pod, "SchedulingGated", f"Scheduling is blocked due to non-empty scheduling gates: {names}")
            return
        nodes = sorted(self._cluster.objects.list("", "Node"), key=lambda node: str(node["metadata"]["name"]))
        reasons = [obstacle(pod, node) for node in nodes]
        fitting = [node for node, reason in zip(nodes, reasons, strict=True) if not reason]
        if not fitting:
            self._waiting[key] = None
            said = ", ".join(f"{count} {reason}" for reason, count in sorted(Counter(reasons).items()))
            none = f"0/{len(nodes)} nodes are available:"
            preemption = f"{none} {len(nodes)} Preemption is not helpful for scheduling."
            message = f"{none} {said}. no new claims to deallocate, preemption: {preemption}"
            if not nodes:
                message = "no nodes available to schedule pods"
            self._refuse(pod, "Unschedulable", message)
            self._cluster.events.warning(pod, "FailedScheduling", message, by=_BY)
            return
        self._waiting.pop(key, None)
        self._bind(pod, fitting)

    def nodes_changed(self) -> None:
        for key in tuple(self._waiting):
            self._cluster.queue.add(self.reconcile, key)

    def _bind(self, pod: JsonObject, fitting: Sequence[JsonObject]) -> None:
        node = fitting[self._turn % len(fitting)]["metadata"]["name"]
        self._turn += 1
        self._cluster.objects.update(with_spec(pod, nodeName=node), manager=SCHEDULER)
        metadata = pod["metadata"]
        message = f"Successfully assigned {metadata['namespace']}/{metadata['name']} to {node}"
        self._cluster.events.normal(pod, "Scheduled", message, by=_BY)

    def _refuse(self, pod: JsonObject, reason: str, message: str) -> None:
        conditions = with_condition(
            status_of(pod).get("conditions") or [],
            "PodScheduled",
            "False",
            now=self._cluster.now,
            reason=reason,
            message=message,
        )
        status = {**status_of(pod), "phase": "Pending", "conditions": conditions}
        self._cluster.write_status(pod, status, manager=SCHEDULER)


def obstacle(pod: JsonObject, node: JsonObject) -> str:
    """Why the pod cannot run on the node; "" if it can."""
    spec = pod["spec"]
    if node["spec"].get("unschedulable") and not _tolerates(spec, _taint("node.kubernetes.io/unschedulable")):
        return "node(s) were unschedulable"
    for taint in node["spec"].get("taints") or ():
        if taint.get("effect") in _BLOCKING and not _tolerates(spec, taint):
            return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    if not _wants(spec, node):
        return "node(s) didn't match Pod's node affinity/selector"
    room = status_of(node).get("allocatable") or {}
    for resource, wanted in _requests(spec).items():
        if resource in room and wanted > parse(str(room[resource]))[0]:
            return f"Insufficient {resource}"
    return ""


def _wants(spec: JsonObject, node: JsonObject) -> bool:
    labels = labels_of(node)
    if not matches_labels(spec.get("nodeSelector") or {}, labels):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(
        all(matches_requirement(part, labels) for part in term.get("matchExpressions") or ())
        and all(matches_requirement(part, fields) for part in term.get("matchFields") or ())
        for term in required.get("nodeSelectorTerms") or ()
    )


def _tolerates(spec: JsonObject, taint: JsonObject) -> bool:
    for toleration in spec.get("tolerations") or ():
        if toleration.get("effect") not in (None, "", taint["effect"]):
            continue
        if toleration.get("operator") == "Exists" and toleration.get("key") in (None, "", taint["key"]):
            return True
        if toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", ""):
            return True
    return False


def _taint(key: str) -> JsonObject:
    return {"key": key, "effect": "NoSchedule"}


def _requests(spec: JsonObject) -> dict[str, Fraction]:
    total: dict[str, Fraction] = {}
    for container in spec["containers"]:
        for resource, amount in ((container.get("resources") or {}).get("requests") or {}).items():
            total[resource] = total.get(resource, Fraction()) + parse(str(amount))[0]
    return total
