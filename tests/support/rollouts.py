"""Rollouts over a simulated cluster, for tests of the state machine."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.routing.route import missing, route
from gitsync.rollout.simulated import Available, SimulatedCluster, all_available
from gitsync.rollout.values import Parts, RunRequest
from tests.support.yaml_text import read_yaml

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_TEXT = """
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
"""


def make_run(
    request: RunRequest, templates: Mapping[str, JsonObject], cluster_templates: Mapping[str, JsonObject]
) -> JsonObject:
    """The run that a request asks for, with no metrics: its verdict is put into its status by the test."""
    metadata = {
        "name": request.name,
        "namespace": "default",
        "labels": dict(request.labels),
        "annotations": dict(request.annotations),
        "ownerReferences": [request.owner],
    }
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "metadata": metadata, "spec": {"metrics": []}}


def rollout(strategy: str, **spec: Any) -> JsonObject:
    body: JsonObject = read_yaml(_TEXT)
    body["spec"]["strategy"] = read_yaml(strategy)
    body["spec"].update(spec)
    return body


def cluster(body: JsonObject, *services: str, available: Available = all_available) -> SimulatedCluster:
    world = SimulatedCluster(START, Parts(route, make_run, missing), available=available)
    for name in services:
        world.add(
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": {"app": "web"}}}
        )
    world.add(body)
    return world


def set_image(world: SimulatedCluster, image: str) -> None:
    containers = [{"name": "web", "image": image}]
    world.change("Rollout", "web", {"spec": {"template": {"spec": {"containers": containers}}}})


def status(world: SimulatedCluster) -> JsonObject:
    found: JsonObject = world.get("Rollout", "web").get("status") or {}
    return found


def phase(world: SimulatedCluster) -> tuple[str, str]:
    return status(world)["phase"], status(world).get("message", "")


def sizes(world: SimulatedCluster) -> dict[int, int]:
    """Pods asked for, by revision."""
    return {
        int(body["metadata"]["annotations"]["rollout.argoproj.io/revision"]): body["spec"]["replicas"]
        for body in world.all("ReplicaSet")
    }


def reasons(world: SimulatedCluster) -> list[str]:
    """Reasons of the events since the last call."""
    found = [event.reason for event in world.events]
    world.events.clear()
    return found


def selected(world: SimulatedCluster, service: str) -> str:
    selector: dict[str, str] = world.get("Service", service)["spec"]["selector"]
    return selector.get("rollouts-pod-template-hash", "")


def resume(world: SimulatedCluster) -> None:
    """As `promote` does it: what is paused goes on, what waits for something else goes a step further."""
    paused, index = status(world).get("pauseConditions"), status(world).get("currentStepIndex", 0)
    further = {} if paused else {"currentStepIndex": index + 1}
    world.change("Rollout", "web", {"status": {"pauseConditions": None, **further}})
