"""StatefulSets: numbered pods with names and volumes that stay, started and replaced in order.

Ordered (the default): a pod is created once all before it are ready, and removed once all after it are gone. Parallel:
all at once. An update goes from the highest number down to the partition, one pod at a time.
"""

from dataclasses import dataclass

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import (
    is_deleting,
    key_of,
    labels_of,
    owner_reference,
    status_of,
    with_spec,
    without_zeros,
)
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.history import (
    HASH_LABEL,
    current_revision,
    find_revision,
    prune_history,
    revisions_of,
    template_of,
)
from gitsync.sandbox.controllers.pod import is_finished, is_ready, pod_from_template, seconds_until_available
from gitsync.sandbox.controllers.service_account import create_pod
from gitsync.sandbox.errors import AlreadyExistsError, ApiError
from model.identity import ResourceKey

_BY = "statefulset-controller"
_OPTIONAL = ("readyReplicas", "currentReplicas", "updatedReplicas", "observedGeneration")
_INDEX_LABEL = "apps.kubernetes.io/pod-index"
_NAME_LABEL = "statefulset.kubernetes.io/pod-name"


@dataclass(frozen=True, slots=True)
class _Set:
    """A StatefulSet with what this run knows about it."""

    body: JsonObject
    current: JsonObject
    update: JsonObject
    pods: dict[int, JsonObject]

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def wanted(self) -> range:
        spec = self.body["spec"]
        start = (spec.get("ordinals") or {}).get("start", 0)
        return range(start, start + spec.get("replicas", 1))

    @property
    def is_ordered(self) -> bool:
        return bool(self.body["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady")

    @property
    def partition(self) -> int:
        strategy = self.body["spec"].get("updateStrategy") or {}
        return self.wanted.start + int((strategy.get("rollingUpdate") or {}).get("partition") or 0)

    @property
    def is_on_delete(self) -> bool:
        return (self.body["spec"].get("updateStrategy") or {}).get("type") == "OnDelete"

    def revision_for(self, ordinal: int) -> JsonObject:
        """Numbers below the partition stay at the current revision, also when their pod is made anew."""
        return self.current if not self.is_on_delete and ordinal < self.partition else self.update


class StatefulSets:
    """One step for one StatefulSet at a time; every event of its pods is the next step."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, key: ResourceKey) -> None:
        body = self._cluster.objects.get(key)
        if body is None:
            return
        if is_deleting(body):
            return
        update = current_revision(self._cluster, body)
        known = revisions_of(self._cluster, body)
        current = find_revision(known, status_of(body).get("currentRevision", "")) or update
        failure: ApiError | None = None
        try:
            self._advance(_Set(body, current, update, self._pods(body)))
        except ApiError as error:
            message = f"Create Pod in StatefulSet {key.name} failed error: {error}"
            self._cluster.events.warning(body, "FailedCreate", message, by=_BY)
            failure = error
        after = _Set(body, current, update, self._pods(body))
        self._write_status(after)
        used = {labels_of(pod).get(HASH_LABEL, "") for pod in after.pods.values()}
        live = frozenset({current["metadata"]["name"], update["metadata"]["name"], *used})
        prune_history(self._cluster, body, live=live)
        if failure is not None:
            raise failure

    def _pods(self, body: JsonObject) -> dict[int, JsonObject]:
        prefix = f"{body['metadata']['name']}-"
        pods = {}
        for pod in self._cluster.children(body, "Pod"):
            name = pod["metadata"]["name"]
            if name.startswith(prefix) and name[len(prefix) :].isdigit():
                pods[int(name[len(prefix) :])] = pod
        return pods

    def _advance(self, state: _Set) -> None:
        if not self._fill(state):
            return
        if not self._shrink(state):
            return
        if not state.is_on_delete:
            self._update(state)

    def _fill(self, state: _Set) -> bool:
        """Makes what is missing. False: wait for it before anything else."""
        for ordinal in state.wanted:
            pod = state.pods.get(ordinal)
            if pod is not None and is_finished(pod) and not is_deleting(pod):
                message = f"StatefulSet {state.name} is recreating failed Pod {pod['metadata']['name']}"
                self._cluster.events.warning(state.body, "RecreatingFailedPod", message, by=_BY)
                self._cluster.delete(pod, grace_seconds=0)
                pod = None
            if pod is None:
                self._create(state, ordinal)
                if state.is_ordered:
                    return False
            elif state.is_ordered and not self._is_available(state, pod):
                return False
        return True

    def _shrink(self, state: _Set) -> bool:
        """Removes what is too many, the highest number first."""
        surplus = sorted((ordinal for ordinal in state.pods if ordinal not in state.wanted), reverse=True)
        for ordinal in surplus:
            pod = state.pods[ordinal]
            if not is_deleting(pod):
                self._delete(state, pod)
            if state.is_ordered:
                return False
        return not surplus

    def _update(self, state: _Set) -> None:
        for ordinal in reversed(state.wanted):
            pod = state.pods.get(ordinal)
            if ordinal < state.partition or pod is None:
                return
            outdated = labels_of(pod).get(HASH_LABEL) != state.update["metadata"]["name"]
            if outdated and not is_deleting(pod):
                self._delete(state, pod)
                return
            if not self._is_available(state, pod):
                return

    def _is_available(self, state: _Set, pod: JsonObject) -> bool:
        if is_deleting(pod):
            return False
        seconds = seconds_until_available(pod, state.body["spec"].get("minReadySeconds", 0), self._cluster.now)
        if seconds is not None and seconds > 0:
            self._cluster.queue.add_after(seconds, self.reconcile, key_of(state.body))
        return seconds is not None and seconds <= 0

    def _create(self, state: _Set, ordinal: int) -> None:
        claims = self._claims(state, ordinal)
        revision = state.revision_for(ordinal)
        pod = _numbered_pod(state.body, template_of(revision), ordinal, claims)
        pod["metadata"]["labels"][HASH_LABEL] = revision["metadata"]["name"]
        create_pod(self._cluster, pod)
        message = f"Create Pod {pod['metadata']['name']} in StatefulSet {state.name} successful"
        self._cluster.events.normal(state.body, "SuccessfulCreate", message, by=_BY)

    def _claims(self, state: _Set, ordinal: int) -> dict[str, str]:
        """Volume name to claim name; claims that are missing are made, those that are there are used again."""
        claims = {}
        for template in state.body["spec"].get("volumeClaimTemplates") or ():
            metadata = template["metadata"]
            name = f"{metadata['name']}-{state.name}-{ordinal}"
            claims[metadata["name"]] = name
            selector = state.body["spec"].get("selector") or {}
            labels = {**(metadata.get("labels") or {}), **(selector.get("matchLabels") or {})}
            claim = {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": name, "namespace": state.body["metadata"]["namespace"], "labels": labels},
                "spec": template["spec"],
            }
            if metadata.get("annotations"):
                claim["metadata"]["annotations"] = metadata["annotations"]
            policy = state.body["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
            if policy.get("whenDeleted") == "Delete":
                claim["metadata"]["ownerReferences"] = [owner_reference(state.body)]
            try:
                self._cluster.objects.create(claim)
            except AlreadyExistsError:
                continue
            message = f"Create Claim {name} Pod {state.name}-{ordinal} in StatefulSet {state.name} success"
            self._cluster.events.normal(state.body, "SuccessfulCreate", message, by=_BY)
        return claims

    def _delete(self, state: _Set, pod: JsonObject) -> None:
        if self._cluster.delete(pod):
            message = f"Delete Pod {pod['metadata']['name']} in StatefulSet {state.name} successful"
            self._cluster.events.normal(state.body, "SuccessfulDelete", message, by=_BY)

    def _write_status(self, state: _Set) -> None:
        live = [pod for pod in state.pods.values() if not is_finished(pod)]
        names = [labels_of(pod).get(HASH_LABEL) for pod in live if not is_deleting(pod)]
        current, update = state.current["metadata"]["name"], state.update["metadata"]["name"]
        updated = names.count(update)
        ready = sum(is_ready(pod) for pod in live)
        complete = not state.is_on_delete and updated == ready == len(live) == len(state.wanted)
        if complete:
            current = update
        status = {
            "observedGeneration": state.body["metadata"].get("generation", 0),
            "replicas": len(live),
            "readyReplicas": ready,
            "availableReplicas": sum(is_ready(pod) and self._is_available(state, pod) for pod in live),
            "currentReplicas": names.count(current),
            "updatedReplicas": updated,
            "currentRevision": current,
            "updateRevision": update,
            "collisionCount": status_of(state.body).get("collisionCount") or 0,
        }
        self._cluster.write_status(state.body, without_zeros(status, _OPTIONAL))


def _numbered_pod(body: JsonObject, template: JsonObject, ordinal: int, claims: dict[str, str]) -> JsonObject:
    name = f"{body['metadata']['name']}-{ordinal}"
    pod = pod_from_template(body, template, name=name)
    pod["metadata"]["generateName"] = f"{body['metadata']['name']}-"
    pod["metadata"]["labels"] = {
        **(pod["metadata"].get("labels") or {}),
        _INDEX_LABEL: str(ordinal),
        _NAME_LABEL: name,
    }
    spec: JsonObject = {"hostname": name}
    if body["spec"].get("serviceName"):
        spec["subdomain"] = body["spec"]["serviceName"]
    if claims:
        others = [volume for volume in pod["spec"].get("volumes") or () if volume["name"] not in claims]
        own = [{"name": volume, "persistentVolumeClaim": {"claimName": claim}} for volume, claim in claims.items()]
        spec["volumes"] = [*own, *others]
    return with_spec(pod, **spec)
