"""The sandbox's controllers over its real store, without HTTP, under a clock that a test moves by hand."""

from collections.abc import Iterator
from typing import Any

import pytest

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.addresses import Addresses
from gitsync.sandbox.admission import Admission
from gitsync.sandbox.clock import SandboxClock
from gitsync.sandbox.cluster import ClusterObjects
from gitsync.sandbox.controllers import start_controllers
from gitsync.sandbox.deletion import Deletion
from gitsync.sandbox.lifecycle.garbage import GarbageCollector
from gitsync.sandbox.lifecycle.namespaces import NamespaceKeeper
from gitsync.sandbox.lifecycle.slices import Slices
from gitsync.sandbox.objects import StoreEvent
from gitsync.sandbox.registry import Registry
from gitsync.sandbox.store import Store
from gitsync.sandbox.writes import Writes
from model.identity import ResourceKey
from tests.support.stepped_clock import SteppedClock
from tests.support.yaml_text import read_all_yaml

_GROUPS = {
    "ControllerRevision": "apps",
    "CronJob": "batch",
    "DaemonSet": "apps",
    "Deployment": "apps",
    "EndpointSlice": "discovery.k8s.io",
    "HorizontalPodAutoscaler": "autoscaling",
    "Ingress": "networking.k8s.io",
    "Job": "batch",
    "PodDisruptionBudget": "policy",
    "ReplicaSet": "apps",
    "StatefulSet": "apps",
}
_CLUSTER_SCOPED = frozenset({"Node", "PersistentVolume", "Namespace"})


class Rig:
    """`apply` what a person would, `advance` the time, look at what became of it."""

    def __init__(self, *, nodes: int = 3) -> None:
        self.clock = SteppedClock()
        store, registry, slices = Store(), Registry(), Slices()
        clock = SandboxClock(1.0, wall=self.clock.now)
        writes = Writes(store, clock, Admission(store, Addresses()))
        self.objects = ClusterObjects(store, registry, writes, Deletion(store, clock))
        self._slices = slices
        self.writes = 0
        namespaces = NamespaceKeeper(self.objects, store, slices, "certificate")
        for listener in (GarbageCollector(self.objects, slices).note, namespaces.note, self._count):
            store.listen(listener)
        namespaces.create_initial()
        slices.run_all()
        self.controllers = start_controllers(self.objects, self.clock, nodes=nodes)
        self.advance(0.0)

    def apply(self, text: str, **changes: Any) -> JsonObject:
        """Creates the objects of a YAML text, or replaces all but their status. Returns the last."""
        body: JsonObject = {}
        for body in read_all_yaml(text.format(**changes) if changes else text):
            if body is None:
                continue
            body["metadata"].setdefault("namespace", "default")
            found = self.find(body["kind"], body["metadata"]["name"], body["metadata"]["namespace"])
            if found is None:
                self.objects.create(body, manager="kubectl")
            else:
                metadata = {**found["metadata"], **body["metadata"]}
                metadata["annotations"] = {
                    **(found["metadata"].get("annotations") or {}),
                    **(body["metadata"].get("annotations") or {}),
                }
                self.objects.update({**found, **body, "metadata": metadata}, manager="kubectl")
        return body

    def patch(self, kind: str, name: str, **spec: Any) -> None:
        """Changes fields of the spec."""
        body = self.get(kind, name)
        self.objects.update({**body, "spec": {**body["spec"], **spec}}, manager="kubectl")

    def advance(self, seconds: float = 0.0) -> None:
        """Lets the time pass in steps, and the store's own house-keeping in between."""
        end = self.clock.after(seconds)
        while True:
            self._slices.run_all()
            self.clock.advance(min(0.05, (end - self.clock.now()).total_seconds()))
            if self.clock.now() >= end:
                break
        self._slices.run_all()
        self.clock.advance(0.0)

    def find(self, kind: str, name: str, namespace: str = "default") -> JsonObject | None:
        place = "" if kind in _CLUSTER_SCOPED else namespace
        return self.objects.get(ResourceKey(_GROUPS.get(kind, ""), kind, place, name))

    def get(self, kind: str, name: str) -> JsonObject:
        body = self.find(kind, name)
        assert body is not None, f"there is no {kind} {name}"
        return body

    def status(self, kind: str, name: str) -> JsonObject:
        return dict(self.get(kind, name).get("status") or {})

    def condition(self, kind: str, name: str, type_: str) -> tuple[str, str]:
        """Status and reason of a condition; ("", "") if there is none."""
        for condition in self.status(kind, name).get("conditions") or ():
            if condition["type"] == type_:
                return condition["status"], condition.get("reason", "")
        return "", ""

    def all(self, kind: str, namespace: str | None = "default") -> list[JsonObject]:
        return list(self.objects.list(_GROUPS.get(kind, ""), kind, namespace))

    def pods(self, prefix: str = "") -> list[JsonObject]:
        """Pods by name."""
        return [pod for pod in self.all("Pod") if pod["metadata"]["name"].startswith(prefix)]

    def delete(self, kind: str, name: str) -> None:
        self.objects.delete(ResourceKey(_GROUPS.get(kind, ""), kind, "default", name))

    def reasons(self, kind: str) -> list[str]:
        """Reasons of the events about objects of a kind, oldest first."""
        events = [event for event in self.all("Event", None) if event["involvedObject"]["kind"] == kind]
        return [event["reason"] for event in sorted(events, key=lambda event: str(event["metadata"]["name"][-16:]))]

    def _count(self, event: StoreEvent) -> None:
        self.writes += 1


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.controllers.stop()
