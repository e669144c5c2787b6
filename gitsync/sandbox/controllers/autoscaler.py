"""HorizontalPodAutoscalers: they keep their target within its bounds and otherwise find its size just right.

No load is measured, since there is none: the metrics they report lie at two thirds of the target.
"""

from collections import defaultdict

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import is_deleting, key_of, status_of, timestamp, with_spec
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.condition import Conditions, with_condition
from gitsync.sandbox.errors import NotFoundError
from gitsync.sandbox.objects import EventType, StoreEvent
from model.identity import ResourceKey

_BY = "horizontal-pod-autoscaler"
_LOOK_AGAIN_SECONDS = 15.0
_EMPTY: JsonObject = {"currentReplicas": 0, "desiredReplicas": 0, "conditions": [], "currentMetrics": None}


class Autoscalers:
    """Looked at when they or their target change; again later while there is no target."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._by_target: dict[ResourceKey, set[ResourceKey]] = defaultdict(set)

    def note(self, event: StoreEvent) -> None:
        key, target = key_of(event.object), _target(event.object)
        if event.old is not None and _target(event.old) != target:
            self._by_target[_target(event.old)].discard(key)
        if event.type is EventType.DELETED:
            self._by_target[target].discard(key)
        else:
            self._by_target[target].add(key)
            self._cluster.queue.add(self.reconcile, key)

    def note_any(self, event: StoreEvent) -> None:
        """Any object may be a target, also one of a kind that is not known here."""
        if self._by_target:
            for key in self._by_target.get(key_of(event.object), ()):
                self._cluster.queue.add(self.reconcile, key)

    def reconcile(self, key: ResourceKey) -> None:
        scaler = self._cluster.objects.get(key)
        if scaler is None or is_deleting(scaler):
            return
        target = self._find(_target(scaler))
        conditions: Conditions = status_of(scaler).get("conditions") or []
        if target is None:
            reference = scaler["spec"]["scaleTargetRef"]
            why = f'"{reference["name"]}" not found'
            message = f"the HPA controller was unable to get the target's current scale: {why}"
            conditions = self._said(conditions, "AbleToScale", "False", "FailedGetScale", message)
            self._cluster.events.warning(scaler, "FailedGetScale", message, by=_BY)
            self._cluster.write_status(scaler, {**_EMPTY, **status_of(scaler), "conditions": conditions})
            self._cluster.queue.add_after(_LOOK_AGAIN_SECONDS, self.reconcile, key)
            return
        self._keep_within_bounds(scaler, target, conditions)

    def _keep_within_bounds(self, scaler: JsonObject, target: JsonObject, conditions: Conditions) -> None:
        spec = scaler["spec"]
        current = target["spec"].get("replicas", 1)
        lowest, highest = spec.get("minReplicas", 1), spec["maxReplicas"]
        desired = min(max(current, lowest), highest) if current else 0
        status = {**_EMPTY, **status_of(scaler), "currentReplicas": current, "desiredReplicas": desired}
        if desired != current:
            self._cluster.objects.update(with_spec(target, replicas=desired))
            why = "below" if desired > current else "above"
            message = f"New size: {desired}; reason: Current number of replicas {why} Spec."
            message += "MinReplicas" if desired > current else "MaxReplicas"
            self._cluster.events.normal(scaler, "SuccessfulRescale", message, by=_BY)
            status["lastScaleTime"] = timestamp(self._cluster.now)
            said = f"the HPA controller was able to update the target scale to {desired}"
            conditions = self._said(conditions, "AbleToScale", "True", "SucceededRescale", said)
        else:
            said = "recommended size matches current size"
            conditions = self._said(conditions, "AbleToScale", "True", "ReadyForNewScale", said)
        if not current:
            said = "scaling is disabled since the replica count of the target is zero"
            conditions = self._said(conditions, "ScalingActive", "False", "ScalingDisabled", said)
        else:
            said = "the HPA was able to successfully calculate a replica count from the metrics"
            conditions = self._said(conditions, "ScalingActive", "True", "ValidMetricFound", said)
            said = "the desired count is within the acceptable range"
            conditions = self._said(conditions, "ScalingLimited", "False", "DesiredWithinRange", said)
        status.update(conditions=list(conditions), currentMetrics=_metrics(spec))
        status["observedGeneration"] = scaler["metadata"].get("generation", 1)
        self._cluster.write_status(scaler, status)

    def _find(self, key: ResourceKey) -> JsonObject | None:
        try:
            return self._cluster.objects.get(key)
        except NotFoundError:
            return None

    def _said(self, conditions: Conditions, type_: str, status: str, reason: str, message: str) -> Conditions:
        return with_condition(conditions, type_, status, now=self._cluster.now, reason=reason, message=message)


def _target(scaler: JsonObject) -> ResourceKey:
    reference = scaler["spec"]["scaleTargetRef"]
    group, _, _ = reference.get("apiVersion", "").rpartition("/")
    return ResourceKey(group, reference["kind"], scaler["metadata"]["namespace"], reference["name"])


def _metrics(spec: JsonObject) -> list[JsonObject] | None:
    current = []
    for metric in spec.get("metrics") or ():
        if metric["type"] != "Resource":
            continue
        target = metric["resource"]["target"]
        utilization = target.get("averageUtilization")
        value: JsonObject = {"averageValue": target.get("averageValue", "100m")}
        if utilization is not None:
            value["averageUtilization"] = utilization * 2 // 3
        current.append({"type": "Resource", "resource": {"name": metric["resource"]["name"], "current": value}})
    return current or None
