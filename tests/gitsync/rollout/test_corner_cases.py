"""What is seldom and must still be right: objects without owners, leftovers of aborts, clocks that stand still."""

from typing import Any

import pytest

from gitsync.delivery.store import Store
from gitsync.manifest.object import JsonObject
from gitsync.rollout.defaults import pause_seconds
from gitsync.rollout.simulated import SimulatedCluster
from gitsync.rollout.step import read_rollout, step
from tests.support.rollouts import cluster, phase, resume, rollout, selected, set_image, sizes, status

STEPS = "canary: {steps: [{setWeight: 25}, {pause: {}}]}"


def _settled(strategy: str, *services: str, **spec: Any) -> SimulatedCluster:
    world = cluster(rollout(strategy, **spec), *services)
    world.settle("web")
    return world


def _updated(strategy: str, *services: str, **spec: Any) -> SimulatedCluster:
    world = _settled(strategy, *services, **spec)
    set_image(world, "web:2")
    world.settle("web")
    return world


def test_what_is_being_deleted_is_left_alone() -> None:
    world = _settled(STEPS)
    body = world.get("Rollout", "web")
    leaving = {**body, "metadata": {**body["metadata"], "deletionTimestamp": "2026-03-01T12:00:00Z"}}
    result = step({**leaving, "spec": {**body["spec"], "replicas": 9}}, world.children(), world.now, world.parts)
    assert not result.writes
    assert result.events == ()


def test_an_orphan_that_the_selector_finds_is_adopted() -> None:
    world = _settled(STEPS)
    (one,) = world.all("ReplicaSet")
    world.change("ReplicaSet", one["metadata"]["name"], {"metadata": {"ownerReferences": None}})
    world.settle("web")
    (owner,) = world.get("ReplicaSet", one["metadata"]["name"])["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("Rollout", "web", True)
    assert len(world.all("ReplicaSet")) == 1


def test_what_is_promoted_is_not_aborted_any_more() -> None:
    world = _settled(STEPS)
    world.change("Rollout", "web", {"status": {"abort": True}})
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    assert "abort" not in status(world)


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [(10, 10), ("10", 10), ("30s", 30), ("1h", 3600), ("1m30s", 90), ("1500ms", 1.5), (0, 0), (None, None)],
)
def test_durations_of_pauses_are_read_in_all_of_their_forms(duration: Any, seconds: float | None) -> None:
    body = rollout("canary: {}")
    body["spec"]["strategy"]["canary"]["steps"] = [{"pause": {} if duration is None else {"duration": duration}}]
    canary = read_rollout(body).spec.strategy.canary
    assert canary is not None
    assert pause_seconds(canary.steps[0]) == seconds


def test_a_service_that_was_not_ours_waits_for_all_pods() -> None:
    ready = {"count": 3}
    body = rollout("canary: {stableService: stable, steps: [{setWeight: 25}, {pause: {}}]}")
    world = cluster(body, "stable", available=lambda one: min(ready["count"], one["spec"]["replicas"]))
    world.settle("web")
    assert selected(world, "stable") == ""
    ready["count"] = 4
    world.settle("web")
    assert selected(world, "stable") == status(world)["stableRS"]


def test_the_clock_of_the_deadline_stands_still_in_a_step_that_waits() -> None:
    world = _updated(STEPS, progressDeadlineSeconds=5, progressDeadlineAbort=True)
    world.advance(3600)
    world.settle("web")
    assert phase(world) == ("Paused", "CanaryPauseStep")
    assert "abort" not in status(world)


def _destination_rule(labels: JsonObject) -> JsonObject:
    return {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "DestinationRule",
        "metadata": {"name": "rule"},
        "spec": {"host": "web", "subsets": [{"name": "elsewhere", "labels": labels}]},
    }


def test_pods_that_a_subset_of_the_mesh_selects_stay() -> None:
    routing = "trafficRouting: {smi: {}}"
    world = _settled(f"canary: {{canaryService: c, stableService: s, {routing}, steps: [{{setWeight: 50}}]}}", "c", "s")
    before = status(world)["stableRS"]
    world.add(_destination_rule({"rollouts-pod-template-hash": before}))
    set_image(world, "web:2")
    world.settle("web")
    world.advance(60)
    world.settle("web")
    assert sizes(world) == {1: 4, 2: 4}
    world.change("DestinationRule", "rule", {"spec": {"subsets": []}})
    world.settle("web")
    world.advance(60)
    world.settle("web")
    assert sizes(world) == {1: 0, 2: 4}


def test_only_so_many_versions_wait_for_their_end() -> None:
    world = _settled("blueGreen: {activeService: active, scaleDownDelayRevisionLimit: 1}", "active")
    for image in ("web:2", "web:3", "web:4"):
        set_image(world, image)
        world.settle("web")
    assert sizes(world) == {1: 0, 2: 0, 3: 4, 4: 4}


def test_an_automatic_promotion_may_be_hastened() -> None:
    world = _updated("blueGreen: {activeService: active, autoPromotionSeconds: 600}", "active")
    assert phase(world) == ("Paused", "BlueGreenPause")
    world.change("Rollout", "web", {"status": {"pauseConditions": None}})
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    assert selected(world, "active") == status(world)["currentPodHash"]


def test_a_pause_right_after_one_that_was_resumed_is_a_pause_of_its_own() -> None:
    world = _updated("canary: {steps: [{setWeight: 25}, {pause: {}}, {pause: {}}]}")
    resume(world)
    world.settle("web")
    assert (phase(world), status(world)["currentStepIndex"]) == (("Paused", "CanaryPauseStep"), 2)


def test_an_older_object_from_the_watch_does_not_replace_our_own_write() -> None:
    def seen(version: str, count: int) -> JsonObject:
        metadata = {"namespace": "default", "name": "web", "uid": "u", "resourceVersion": version}
        return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": {"replicas": count}}

    store = Store()
    store.put(seen("7", 1))
    assert store.put(seen("9", 3))
    assert not store.put(seen("8", 2))
    assert store.in_namespace("apps", "ReplicaSet", "default")["web"]["spec"]["replicas"] == 3
