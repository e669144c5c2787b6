"""A cluster of values: objects that steps are applied to, and pods that become available as fast as they are told to.

For `simulate` and for tests of the state machine. It knows just enough of Kubernetes for a Rollout to live in: sizes
of ReplicaSets become pods, generations count changes of specs, and deleted things are gone.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from gitsync.manifest.merge_patch import apply_merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.rollout.replica_set import controller_uid, copied, print_time
from gitsync.rollout.step import step
from gitsync.rollout.values import Children, Delete, Event, Parts, Patch, Step
from model.identity import ResourceKey

Available = Callable[[JsonObject], int]


def all_available(replica_set: JsonObject) -> int:
    return int(replica_set["spec"]["replicas"])


class SimulatedCluster:
    """One Rollout and what belongs to it. `available` says how many pods of a ReplicaSet are up by now."""

    def __init__(self, now: datetime, parts: Parts, *, available: Available = all_available) -> None:
        self.now = now
        self.parts = parts
        self.available = available
        self.objects: dict[ResourceKey, JsonObject] = {}
        self.events: list[Event] = []
        self.passes = 0
        self._uid = 0

    def fork(self) -> "SimulatedCluster":
        """The same world, which then goes its own way."""
        other = SimulatedCluster(self.now, self.parts, available=self.available)
        other.objects = dict(self.objects)
        other._uid = self._uid
        return other

    # ---- what people do

    def add(self, body: JsonObject) -> JsonObject:
        self._uid += 1
        body = copied(body)
        metadata = body.setdefault("metadata", {})
        metadata.setdefault("namespace", "default")
        metadata.update(
            uid=f"uid-{self._uid}", generation=1, resourceVersion=str(self._uid), creationTimestamp=self._moment()
        )
        self.objects[_key(body)] = body
        return body

    def change(self, kind: str, name: str, patch: JsonObject) -> None:
        """A merge patch by a person."""
        key = next(key for key in self.objects if (key.kind, key.name) == (kind, name))
        self._patch(Patch(key, "", patch, subresource="status" if set(patch) == {"status"} else ""))

    def get(self, kind: str, name: str) -> JsonObject:
        return next(body for key, body in self.objects.items() if (key.kind, key.name) == (kind, name))

    def all(self, kind: str) -> list[JsonObject]:
        return [body for key, body in self.objects.items() if key.kind == kind]

    # ---- what the controller does

    def pass_once(self, name: str) -> Step:
        result = step(self.get("Rollout", name), self.children(), self.now, self.parts)
        self.passes += 1
        self.apply(result)
        return result

    def settle(self, name: str, *, most_passes: int = 200) -> Step:
        """Passes until one writes nothing more."""
        for _ in range(most_passes):
            self.move_pods()
            result = self.pass_once(name)
            if not result.writes and not self.move_pods():
                return result
        raise RuntimeError(f"Rollout {name} still writes after {most_passes} passes")

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def apply(self, result: Step) -> None:
        for body in result.creates:
            self.add(body)
        for patch in result.patches:
            self._patch(patch)
        for gone in result.deletes:
            self._delete(gone)
        self.events += result.events

    def move_pods(self) -> bool:
        """What kubelets and the ReplicaSet controller do; True when something moved."""
        moved = False
        for body in self.all("ReplicaSet"):
            wanted = body["spec"].get("replicas", 1)
            available = min(max(self.available(body), 0), wanted)
            after = {
                "replicas": wanted,
                "readyReplicas": available,
                "availableReplicas": available,
                "observedGeneration": body["metadata"]["generation"],
            }
            if body.get("status") != after:
                self.objects[_key(body)] = {**body, "status": after}
                moved = True
        return moved

    def children(self) -> Children:
        return Children(
            replica_sets=tuple(self.all("ReplicaSet")),
            pods=tuple(self.all("Pod")),
            services={body["metadata"]["name"]: body for body in self.all("Service")},
            analysis_runs=tuple(self.all("AnalysisRun")),
            experiments=tuple(self.all("Experiment")),
            templates={body["metadata"]["name"]: body for body in self.all("AnalysisTemplate")},
            cluster_templates={body["metadata"]["name"]: body for body in self.all("ClusterAnalysisTemplate")},
            workload=next(iter(self.all("Deployment")), None),
            routed=self.objects,
        )

    def _patch(self, patch: Patch) -> None:
        body = self.objects.get(patch.target)
        if body is None:
            return
        assert isinstance(patch.body, dict), "only merge patches are written"
        changes: dict[str, Any] = patch.body
        if patch.subresource == "status":
            changes = {"status": changes.get("status")}
        after = apply_merge_patch(body, changes)
        if after.get("spec") != body.get("spec"):
            after["metadata"] = {**after["metadata"], "generation": body["metadata"]["generation"] + 1}
        self.objects[patch.target] = after

    def _delete(self, gone: Delete) -> None:
        body = self.objects.pop(gone.target, None)
        if body is not None:
            uid = body["metadata"]["uid"]
            for key in [key for key, child in self.objects.items() if controller_uid(child) == uid]:
                del self.objects[key]

    def _moment(self) -> str:
        """Later objects are younger, even within one second."""
        return print_time(self.now + timedelta(seconds=self._uid))


def _key(body: JsonObject) -> ResourceKey:
    group, _, _ = body["apiVersion"].rpartition("/")
    metadata = body["metadata"]
    return ResourceKey(group, body["kind"], metadata["namespace"], metadata["name"])
