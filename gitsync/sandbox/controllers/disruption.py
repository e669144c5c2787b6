"""PodDisruptionBudgets: how many pods may go at this moment."""

from collections.abc import Sequence

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import is_deleting, key_of, labels_of, share, status_of
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.condition import with_condition
from gitsync.sandbox.controllers.pod import is_active, is_ready
from gitsync.sandbox.controllers.selector import matches
from gitsync.sandbox.objects import EventType, StoreEvent
from model.identity import ResourceKey

# A budget looks at every pod of its namespace; many changes at once are one look.
_GATHER_SECONDS = 0.5


class Budgets:
    """Few and far between, so each is simply counted anew."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._by_namespace: dict[str, dict[ResourceKey, JsonObject | None]] = {}

    def note(self, event: StoreEvent) -> None:
        key = key_of(event.object)
        budgets = self._by_namespace.setdefault(key.namespace, {})
        if event.type is EventType.DELETED:
            budgets.pop(key, None)
            return
        budgets[key] = event.object["spec"].get("selector")
        self._cluster.queue.add(self.reconcile, key)

    def note_pod(self, event: StoreEvent) -> None:
        pod = event.object
        for key, selector in self._by_namespace.get(pod["metadata"]["namespace"], {}).items():
            if matches(selector, labels_of(pod)):
                self._cluster.queue.add_after(_GATHER_SECONDS, self.reconcile, key)

    def reconcile(self, key: ResourceKey) -> None:
        budget = self._cluster.objects.get(key)
        if budget is None or is_deleting(budget):
            return
        selector = budget["spec"].get("selector")
        pods = [
            pod
            for pod in self._cluster.objects.list("", "Pod", key.namespace)
            if is_active(pod) and matches(selector, labels_of(pod))
        ]
        healthy, wanted = sum(is_ready(pod) for pod in pods), _wanted(budget["spec"], pods)
        allowed = max(0, healthy - wanted)
        condition = with_condition(
            status_of(budget).get("conditions") or [],
            "DisruptionAllowed",
            "True" if allowed else "False",
            now=self._cluster.now,
            reason="SufficientPods" if allowed else "InsufficientPods",
            observedGeneration=budget["metadata"].get("generation", 1),
        )
        condition = [{"message": "", **each} for each in condition]
        status = {
            "conditions": condition,
            "currentHealthy": healthy,
            "desiredHealthy": wanted,
            "disruptionsAllowed": allowed,
            "expectedPods": len(pods),
            "observedGeneration": budget["metadata"].get("generation", 1),
        }
        self._cluster.write_status(budget, status)


def _wanted(spec: JsonObject, pods: Sequence[JsonObject]) -> int:
    """Pods that have to stay healthy."""
    if "maxUnavailable" in spec:
        return max(0, len(pods) - share(spec["maxUnavailable"], len(pods), default=0, round_up=True))
    return share(spec.get("minAvailable"), len(pods), default=1, round_up=True)
