"""ReplicaSets: as many pods as asked for."""

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import is_deleting, key_of, labels_of, status_of, without_zeros
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.condition import with_condition, without
from gitsync.sandbox.controllers.pod import (
    deletion_rank,
    is_active,
    is_finished,
    is_ready,
    pod_from_template,
    seconds_until_available,
)
from gitsync.sandbox.controllers.selector import matches_labels
from gitsync.sandbox.controllers.service_account import create_pod
from gitsync.sandbox.errors import ApiError
from model.identity import ResourceKey

_BY = "replicaset-controller"
_BURST = 500
_OPTIONAL = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration")


class ReplicaSets:
    """Keeps the number of pods of each ReplicaSet."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, key: ResourceKey) -> None:
        replica_set = self._cluster.objects.get(key)
        if replica_set is None:
            return
        pods = self._cluster.children(replica_set, "Pod")
        failure: ApiError | None = None
        if not is_deleting(replica_set):
            failure = self._fit_number(replica_set, [pod for pod in pods if is_active(pod)])
            pods = self._cluster.children(replica_set, "Pod")
        self._write_status(replica_set, pods, failure)
        if failure is not None:
            raise failure

    def _fit_number(self, replica_set: JsonObject, active: list[JsonObject]) -> ApiError | None:
        """Creates or deletes pods; returns why one could not be created."""
        missing = replica_set["spec"].get("replicas", 1) - len(active)
        if missing < 0:
            for pod in sorted(active, key=deletion_rank)[:-missing]:
                if self._cluster.delete(pod):
                    message = f"Deleted pod: {pod['metadata']['name']}"
                    self._cluster.events.normal(replica_set, "SuccessfulDelete", message, by=_BY)
            return None
        for _ in range(min(missing, _BURST)):
            try:
                pod = create_pod(self._cluster, pod_from_template(replica_set, replica_set["spec"]["template"]))
            except ApiError as error:
                self._cluster.events.warning(replica_set, "FailedCreate", f"Error creating: {error}", by=_BY)
                return error
            message = f"Created pod: {pod['metadata']['name']}"
            self._cluster.events.normal(replica_set, "SuccessfulCreate", message, by=_BY)
        if missing > _BURST:
            self._cluster.queue.add(self.reconcile, key_of(replica_set))
        return None

    def _write_status(self, replica_set: JsonObject, pods: list[JsonObject], failure: ApiError | None) -> None:
        spec, now = replica_set["spec"], self._cluster.now
        template_labels = (spec["template"].get("metadata") or {}).get("labels") or {}
        active = [pod for pod in pods if is_active(pod)]
        waits = [seconds_until_available(pod, spec.get("minReadySeconds", 0), now) for pod in active]
        if later := [wait for wait in waits if wait is not None and wait > 0]:
            self._cluster.queue.add_after(min(later), self.reconcile, key_of(replica_set))
        conditions = status_of(replica_set).get("conditions") or []
        if failure is not None:
            conditions = with_condition(
                conditions, "ReplicaFailure", "True", now=now, reason="FailedCreate", message=str(failure)
            )
        else:
            conditions = without(conditions, "ReplicaFailure")
        status: JsonObject = {
            "replicas": len(active),
            "fullyLabeledReplicas": sum(matches_labels(template_labels, labels_of(pod)) for pod in active),
            "readyReplicas": sum(is_ready(pod) for pod in active),
            "availableReplicas": sum(wait is not None and wait <= 0 for wait in waits),
            "terminatingReplicas": sum(is_deleting(pod) and not is_finished(pod) for pod in pods),
            "observedGeneration": replica_set["metadata"].get("generation", 0),
        }
        status = without_zeros(status, _OPTIONAL)
        if conditions:
            status["conditions"] = conditions
        self._cluster.write_status(replica_set, status)
