"""The first passes of an update: what is made first, what is told in which order, and what must not happen yet."""

from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.simulated import SimulatedCluster
from tests.support.rollouts import cluster, phase, reasons, rollout, selected, set_image, sizes, status

STEPS = "canary: {steps: [{setWeight: 25}, {pause: {}}]}"
GREEN = "blueGreen: {activeService: active, previewService: preview, previewReplicaCount: 1, autoPromotionSeconds: 5}"
BEGUN = ["RolloutUpdated", "NewReplicaSetCreated"]


def _settled(strategy: str, **spec: Any) -> SimulatedCluster:
    world = cluster(rollout(strategy, **spec), "active", "preview", "stable", "canary")
    world.settle("web")
    world.events.clear()
    return world


def _messages(world: SimulatedCluster, reason: str) -> list[str]:
    return [event.message for event in world.events if event.reason == reason]


def test_a_new_version_is_made_and_numbered_before_its_update_begins() -> None:
    for strategy in (STEPS, GREEN):
        world = _settled(strategy)
        set_image(world, "web:2")
        world.pass_once("web")
        assert (reasons(world), sizes(world)) == (BEGUN, {1: 4, 2: 0})
        world.pass_once("web")
        assert "started update to revision 2 (" in _messages(world, "RolloutNotCompleted")[0]


def test_an_update_back_to_an_older_version_is_told_with_its_new_number() -> None:
    world = _settled("canary: {}")
    set_image(world, "web:2")
    world.settle("web")
    world.events.clear()
    set_image(world, "web:1")
    world.settle("web")
    assert "started update to revision 3 (" in _messages(world, "RolloutNotCompleted")[0]


def test_a_first_version_with_a_router_changes_no_traffic_before_it_is_there() -> None:
    backend = {"service": {"name": "stable", "port": {"number": 80}}}
    rule = {"host": "a", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    ingress: JsonObject = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"rules": [rule]},
    }
    strategy = (
        "canary: {canaryService: canary, stableService: stable, trafficRouting: {nginx: {stableIngress: web}}, "
        "steps: [{setWeight: 25}]}"
    )
    world = cluster(rollout(strategy), "stable", "canary")
    world.add(ingress)
    world.settle("web")
    assert reasons(world) == [
        *BEGUN,
        "RolloutNotCompleted",
        "ScalingReplicaSet",
        "RolloutCompleted",
        "SwitchService",
        "SwitchService",
        "CreatingCanaryIngress",
        "TrafficWeightUpdated",
    ]


def test_a_version_that_comes_together_with_more_replicas_begins_at_its_first_step() -> None:
    """The step index of the version before says that all steps are through."""
    world = _settled(STEPS)
    largest = 0
    containers = [{"name": "web", "image": "web:2"}]
    world.change("Rollout", "web", {"spec": {"replicas": 8, "template": {"spec": {"containers": containers}}}})
    for _ in range(40):
        world.pass_once("web")
        world.move_pods()
        largest = max(largest, sizes(world).get(2, 0))
    assert (phase(world), sizes(world), largest) == (("Paused", "CanaryPauseStep"), {1: 6, 2: 2}, 2)


def test_a_version_that_returns_within_its_delay_takes_over_with_all_of_its_pods() -> None:
    world = _settled(GREEN)
    set_image(world, "web:2")
    world.settle("web")
    world.advance(6)
    world.settle("web")
    assert (phase(world), sizes(world)) == (("Healthy", ""), {1: 4, 2: 4})
    world.events.clear()
    set_image(world, "web:1")
    world.settle("web")
    assert (phase(world), sizes(world)) == (("Healthy", ""), {2: 4, 3: 4})
    assert selected(world, "active") == status(world)["currentPodHash"]
    assert "ScalingReplicaSet" not in reasons(world)


def test_a_pause_that_somebody_ends_while_sizes_change_does_not_begin_again() -> None:
    world = _settled("canary: {steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {}}]}")
    set_image(world, "web:2")
    world.settle("web")
    old = next(one for one in world.all("ReplicaSet") if one["spec"]["replicas"] == 3)
    world.change("ReplicaSet", old["metadata"]["name"], {"spec": {"replicas": 2}})
    world.change("Rollout", "web", {"status": {"pauseConditions": None}})
    world.settle("web")
    assert (status(world)["currentStepIndex"], sizes(world)) == (3, {1: 2, 2: 2})


def test_pausing_what_is_promoted_leaves_its_progress_alone() -> None:
    world = _settled(STEPS)
    world.change("Rollout", "web", {"spec": {"paused": True}})
    world.settle("web")
    progressing = next(one for one in status(world)["conditions"] if one["type"] == "Progressing")
    assert (phase(world), progressing["reason"]) == (("Paused", "manually paused"), "NewReplicaSetAvailable")


def test_a_missed_deadline_is_told_once_as_itself_and_once_as_the_abort() -> None:
    body = rollout(STEPS, progressDeadlineSeconds=5, progressDeadlineAbort=True)
    world = cluster(body, available=lambda one: 0 if "web:2" in str(one["spec"]) else one["spec"]["replicas"])
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    world.events.clear()
    world.advance(7)
    world.settle("web")
    assert reasons(world) == ["RolloutAborted", "RolloutAborted", "ScalingReplicaSet", "ScalingReplicaSet"]
    assert phase(world)[1].endswith("has timed out progressing.")
    assert phase(world)[1].startswith("RolloutAborted: Rollout aborted update to revision 2: ReplicaSet ")


def test_a_service_that_is_not_named_any_more_selects_by_its_own_labels_again() -> None:
    world = _settled(GREEN)
    assert selected(world, "preview")
    world.change("Rollout", "web", {"spec": {"strategy": {"blueGreen": {"previewService": None}}}})
    world.settle("web")
    preview = world.get("Service", "preview")
    assert (preview["spec"]["selector"], preview["metadata"].get("annotations", {})) == ({"app": "web"}, {})
    assert selected(world, "active") == status(world)["currentPodHash"]
