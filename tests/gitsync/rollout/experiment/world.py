"""Plays an Experiment: applies what its steps write, and lets pods come and go when told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gitsync.manifest.merge_patch import apply_merge_patch
from gitsync.rollout.experiment.step import step
from gitsync.rollout.experiment.values import Surroundings

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
Objects = dict[str, dict[str, Any]]


def pod_template(image: str) -> dict[str, Any]:
    return {
        "metadata": {"labels": {"app": "shop"}},
        "spec": {"containers": [{"name": "c", "image": image, "ports": [{"name": "http", "containerPort": 8080}]}]},
    }


def template(name: str, **more: Any) -> dict[str, Any]:
    selector = {"matchLabels": {"app": "shop"}}
    return {"name": name, "selector": selector, "template": pod_template(name), **more}


@dataclass
class World:
    """`ready` says how many pods of a ReplicaSet become available; all of them unless told otherwise."""

    spec: dict[str, Any]
    ready: Callable[[str, int], int] = lambda name, wanted: wanted
    metadata: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    replica_sets: Objects = field(default_factory=dict)
    services: Objects = field(default_factory=dict)
    runs: Objects = field(default_factory=dict)
    templates: Objects = field(default_factory=dict)
    now: datetime = START
    events: list[str] = field(default_factory=list)

    @property
    def body(self) -> dict[str, Any]:
        metadata = {"name": "exp", "namespace": "team", "uid": "exp-uid", **self.metadata}
        return {"metadata": metadata, "spec": self.spec, "status": self.status}

    def look(self) -> float | None:
        around = Surroundings(
            tuple(self.replica_sets.values()), tuple(self.services.values()), self.runs, self.templates, {}
        )
        made = step(self.body, around, self.now)
        for body in made.creates:
            found = self._of(body["kind"])
            assert body["metadata"]["name"] not in found
            found[body["metadata"]["name"]] = body
        for patch in made.patches:
            assert isinstance(patch.body, dict)
            if patch.target.kind == "Experiment":
                assert patch.subresource == "status"
                self.status = apply_merge_patch(self.status, patch.body["status"])
            else:
                found = self._of(patch.target.kind)
                found[patch.target.name] = apply_merge_patch(found[patch.target.name], patch.body)
        for gone in made.deletes:
            del self._of(gone.target.kind)[gone.target.name]
        self.events += [f"{event.reason}: {event.message}" for event in made.events]
        self.changed = made.writes
        return made.requeue_seconds

    def _of(self, kind: str) -> Objects:
        return {"ReplicaSet": self.replica_sets, "Service": self.services, "AnalysisRun": self.runs}[kind]

    def pods(self) -> None:
        """What the cluster makes of the sizes."""
        for name, body in self.replica_sets.items():
            wanted = body["spec"]["replicas"]
            available = self.ready(name, wanted)
            body["status"] = {"replicas": wanted, "readyReplicas": available, "availableReplicas": available}

    def settle(self) -> "World":
        """Until nothing is written any more, at this moment."""
        for _ in range(30):
            self.look()
            self.pods()
            if not self.changed:
                return self
        raise AssertionError("never comes to rest")

    def wait(self, seconds: float) -> "World":
        self.now += timedelta(seconds=seconds)
        return self.settle()

    @property
    def phase(self) -> str:
        return str(self.status.get("phase", ""))

    @property
    def sizes(self) -> dict[str, int]:
        return {name: body["spec"]["replicas"] for name, body in self.replica_sets.items()}

    def template_status(self, name: str) -> dict[str, Any]:
        return next(one for one in self.status["templateStatuses"] if one["name"] == name)

    def finish(self, run: str, phase: str, message: str = "") -> None:
        self.runs[run] = {**self.runs[run], "status": {"phase": phase, "message": message}}
