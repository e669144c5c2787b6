"""Rules that tools and people rely on: what is refused, what is measured, what is fast."""

from typing import Any

import msgspec
import pytest

from gitsync.rollout.simulated import SimulatedCluster
from model.kinds.rollout import RolloutStatus, WeightDestination
from tests.support.rollouts import cluster, phase, resume, rollout, selected, set_image, sizes, status
from tests.support.yaml_text import read_yaml

STEPS = "canary: {steps: [{setWeight: 25}, {pause: {}}]}"
MANUAL = "blueGreen: {activeService: active, previewService: preview, autoPromotionEnabled: false}"
ROUTED = "canaryService: canary, stableService: stable, trafficRouting"


def settled(strategy: str, **spec: Any) -> SimulatedCluster:
    world = cluster(rollout(strategy, **spec), "active", "preview")
    world.settle("web")
    return world


@pytest.mark.parametrize(
    ("strategy", "problem"),
    [
        ("canary: {scaleDownDelaySeconds: 5}", "scaleDownDelaySeconds can only be used with traffic routing"),
        (f"canary: {{{ROUTED}: {{smi: {{}}}}, dynamicStableScale: true, scaleDownDelaySeconds: 5}}", "cannot be used"),
        (f"canary: {{{ROUTED}: {{smi: {{}}, maxTrafficWeight: 1000}}}}", "only supported in Nginx and Plugins"),
        ("canary: {antiAffinity: {}}", "must have exactly one strategy"),
        (
            "canary: {antiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: {weight: 101}}}",
            "AntiAffinity weight must be between 1-100",
        ),
        (
            "canary: {trafficRouting: {istio: {}}, pingPong: {pingService: a, pongService: a}}",
            "same service for the ping and pong services",
        ),
        (
            "canary: {trafficRouting: {alb: {ingress: web}}, pingPong: {pingService: a, pongService: b}}",
            "Root service field is required",
        ),
        (
            "blueGreen: {activeService: active, previewService: preview, scaleDownDelayRevisionLimit: 11}",
            "revision history limit can not be smaller",
        ),
        (
            "canary: {steps: [{experiment: {templates: [{name: a, specRef: stable, weight: 5}]}}]}",
            "Experiment template weight cannot be set",
        ),
        (
            f"canary: {{{ROUTED}: {{alb: {{ingress: web}}, managedRoutes: [{{name: h}}]}}, steps: [{{setHeaderRoute: "
            "{name: h, match: [{headerName: a, headerValue: {regex: b}}]}}]}",
            "ALB supports 'exact' value only",
        ),
    ],
)
def test_what_contradicts_itself_is_an_invalid_spec(strategy: str, problem: str) -> None:
    world = settled(strategy)
    assert phase(world)[0] == "Degraded"
    assert problem in phase(world)[1]


def test_first_version_updates_nothing_so_nothing_is_measured() -> None:
    world = settled(STEPS)
    assert "duration" not in status(world)
    set_image(world, "web:2")
    world.settle("web")
    world.advance(30)
    resume(world)
    world.settle("web")
    record = status(world)["duration"]
    assert (record["completionStatus"], record["totalManualPauseDurationSeconds"]) == ("Promoted", 30)


def test_going_back_to_stable_half_way_is_a_fast_rollback() -> None:
    world = settled(STEPS)
    set_image(world, "web:2")
    world.settle("web")
    set_image(world, "web:1")
    world.settle("web")
    assert status(world)["duration"]["completionStatus"] == "FastRolledBack"


def test_an_overtaken_update_ends_as_superseded_before_the_next_one_is_measured() -> None:
    world = cluster(rollout("canary: {steps: [{setWeight: 50}, {pause: {}}]}"))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    world.advance(60)
    set_image(world, "web:3")
    endings = []
    for _ in range(12):
        world.move_pods()
        world.pass_once("web")
        endings.append(status(world)["duration"].get("completionStatus", ""))
    assert (list(dict.fromkeys(endings)), endings[-1]) == (["", "Superseded"], "")
    assert status(world)["duration"]["rolloutStartedAt"] == "2026-03-01T12:01:00Z"


def test_versions_of_the_same_second_are_told_apart_by_their_revisions() -> None:
    """Times are whole seconds, and two versions can come within one."""
    world = settled(MANUAL)
    set_image(world, "web:2")
    world.settle("web")
    world.change("Rollout", "web", {"status": {"pauseConditions": None}})
    world.settle("web")
    made = {"metadata": {"creationTimestamp": "2026-03-01T12:00:00Z"}}
    for one in world.all("ReplicaSet"):
        world.change("ReplicaSet", one["metadata"]["name"], made)
    set_image(world, "web:1")
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    assert selected(world, "active") == status(world)["currentPodHash"]


def test_delay_of_the_version_before_begins_with_the_promotion() -> None:
    """Somebody may go back as soon as the new version is said to be Healthy."""
    world = settled(MANUAL)
    set_image(world, "web:2")
    world.settle("web")
    world.change("Rollout", "web", {"status": {"pauseConditions": None}})
    while phase(world) != ("Healthy", ""):
        world.pass_once("web")
    set_image(world, "web:1")
    world.settle("web")
    assert phase(world) == ("Healthy", "")


def test_full_promotion_asked_for_together_with_an_update_is_kept_for_it() -> None:
    """Somebody goes back and promotes before the controller has looked: the promotion is about the new version."""
    world = settled(STEPS)
    set_image(world, "web:2")
    world.change("Rollout", "web", {"status": {"promoteFull": True}})
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    assert sizes(world) == {1: 0, 2: 4}


def test_full_promotion_of_one_version_is_none_of_the_next() -> None:
    world = settled(STEPS)
    set_image(world, "web:2")
    world.settle("web")
    world.change("Rollout", "web", {"status": {"promoteFull": True}})
    set_image(world, "web:3")
    world.settle("web")
    assert phase(world) == ("Paused", "CanaryPauseStep")


def test_weights_of_others_may_name_one_side_only() -> None:
    text = read_yaml("{canary: {weights: {canary: {weight: 5}}}}")
    read = msgspec.convert(text, RolloutStatus, strict=False).canary.weights
    assert read is not None
    assert (read.canary.weight, read.stable) == (5, WeightDestination(0))
