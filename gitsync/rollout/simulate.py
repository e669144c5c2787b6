"""What an update of a Rollout is going to do: per step pods, weight, time, and what an abort there would mean.

It runs the controller itself over a simulated cluster in which every pod comes up and every analysis succeeds, so it
cannot tell anything that the controller would not do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gitsync.manifest.object import JsonObject
from gitsync.rollout import defaults
from gitsync.rollout.phase import HEALTHY, shown_phase
from gitsync.rollout.replica_set import copied
from gitsync.rollout.simulated import SimulatedCluster
from gitsync.rollout.step import read_rollout
from gitsync.rollout.step_text import step_text
from gitsync.rollout.validation_references import referenced_analyses, referenced_services
from gitsync.rollout.values import InvalidSpec, LiveObjects, Parts, Routed, RoutingRequest, RunRequest
from model.kinds.rollout import API_VERSION, CanaryStep, Rollout

_START = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_PASSES = 2_000
_MOST_SECONDS = 30 * 24 * 3600
_MARK = "argosy.io/simulated"


@dataclass(frozen=True, slots=True)
class AbortOutcome:
    """`settled_seconds`: until the pods of the new version are gone; None: they stay. Weights are those right after."""

    stable_weight: int
    stable_pods: int
    canary_pods: int
    settled_seconds: float | None


@dataclass(frozen=True, slots=True)
class SimulatedStep:
    """`seconds` None: until somebody promotes. Without a router the weight is the share of pods: all there is."""

    name: str
    canary_pods: int
    stable_pods: int
    weight: int
    routed: bool
    seconds: float | None
    waits_for: str
    abort: AbortOutcome


@dataclass(frozen=True, slots=True)
class Simulation:
    """`seconds` counts the waiting that is told by clocks; None where people decide."""

    strategy: str
    replicas: int
    steps: tuple[SimulatedStep, ...]
    seconds: float | None


def simulate(body: JsonObject) -> Simulation:
    """`body` is the Rollout as it is written. Raises InvalidSpec."""
    rollout = read_rollout(body)
    name = str(body["metadata"]["name"])
    world = _stable_world(body, rollout, name)
    _update(world, name)
    strategy = "canary" if rollout.spec.strategy.canary else "blueGreen"
    steps = _canary(world, rollout, name) if strategy == "canary" else _blue_green(world, rollout, name)
    waits = [step.seconds for step in steps]
    total = None if None in waits else sum(wait for wait in waits if wait is not None)
    return Simulation(strategy, defaults.replicas(rollout), tuple(steps), total)


# ---- the world


def _stable_world(body: JsonObject, rollout: Rollout, name: str) -> SimulatedCluster:
    """A cluster in which an earlier version of the Rollout is stable."""
    world = SimulatedCluster(_START, Parts(_route, _make_run))
    before = copied(body)
    before.pop("status", None)
    before["metadata"] = {"name": name, "namespace": "default", "labels": before["metadata"].get("labels") or {}}
    before.setdefault("spec", {})["paused"] = False
    if "workloadRef" in before["spec"]:
        raise InvalidSpec("a Rollout with workloadRef has no template of its own to simulate")
    for _, service in referenced_services(rollout):
        if service:
            metadata = {"name": service}
            world.add({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": {}}})
    for _, analysis in referenced_analyses(rollout):
        for reference in analysis.templates:
            kind = "ClusterAnalysisTemplate" if reference.cluster_scope else "AnalysisTemplate"
            world.add(
                {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": reference.template_name}, "spec": {}}
            )
    world.add(before)
    world.settle(name, most_passes=_MOST_PASSES)
    status = world.get("Rollout", name).get("status") or {}
    problem = status.get("message") or "it does not settle"
    if status.get("phase") == "Degraded":
        raise InvalidSpec(problem)
    return world


def _update(world: SimulatedCluster, name: str) -> None:
    template = {"metadata": {"annotations": {_MARK: "new"}}}
    world.change("Rollout", name, {"spec": {"template": template}})


def _route(request: RoutingRequest, live: LiveObjects) -> Routed:
    return Routed(verified=True)


def _make_run(
    request: RunRequest, templates: Mapping[str, JsonObject], cluster_templates: Mapping[str, JsonObject]
) -> JsonObject:
    metadata = {
        "name": request.name,
        "namespace": "default",
        "labels": dict(request.labels),
        "ownerReferences": [request.owner],
    }
    status = {"phase": "Successful"}
    return {"apiVersion": API_VERSION, "kind": "AnalysisRun", "metadata": metadata, "status": status}


def _succeed_experiments(world: SimulatedCluster) -> None:
    for experiment in world.all("Experiment"):
        if not experiment.get("status"):
            metadata = experiment["metadata"]
            world.change("Experiment", metadata["name"], {"status": {"phase": "Successful"}})


# ---- canary


def _canary(world: SimulatedCluster, rollout: Rollout, name: str) -> list[SimulatedStep]:
    canary = rollout.spec.strategy.canary
    assert canary is not None
    found: list[SimulatedStep] = []
    waited = 0.0
    for _ in range(_MOST_PASSES):
        world.move_pods()
        _succeed_experiments(world)
        index = _index(world, name)
        result = world.pass_once(name)
        status = world.get("Rollout", name)["status"]
        while len(found) < min(_index(world, name), len(canary.steps)) and _index(world, name) > index:
            step = canary.steps[len(found)]
            found.append(_snapshot(world, rollout, name, step_text(step), _seconds(step), _waits_for(step)))
        if shown_phase(read_rollout(world.get("Rollout", name)))[0] == HEALTHY:
            break
        if not result.writes and not world.move_pods():
            waited += _wait(world, name, status, result.requeue_seconds)
            if waited > _MOST_SECONDS:
                break
    final = _snapshot(world, rollout, name, "promoted", 0.0, "")
    return [*found, final]


def _index(world: SimulatedCluster, name: str) -> int:
    status = world.get("Rollout", name).get("status") or {}
    updating = status.get("stableRS") != status.get("currentPodHash")
    count = len((world.get("Rollout", name)["spec"]["strategy"].get("canary") or {}).get("steps") or [])
    return int(status.get("currentStepIndex") or 0) if updating else (count if status.get("phase") == "Healthy" else 0)


def _wait(world: SimulatedCluster, name: str, status: JsonObject, seconds: float | None) -> float:
    """Lets a clock run out, or does what a person would."""
    if status.get("pauseConditions") and seconds is None:
        world.change("Rollout", name, {"status": {"pauseConditions": None}})
        return 1.0
    world.advance(seconds or 1.0)
    return seconds or 1.0


def _seconds(step: CanaryStep) -> float | None:
    return defaults.pause_seconds(step) if step.pause is not None else 0.0


def _waits_for(step: CanaryStep) -> str:
    if step.pause is not None:
        return "the clock" if defaults.pause_seconds(step) is not None else "somebody to promote it"
    if step.analysis is not None:
        return "its analysis"
    return "its experiment" if step.experiment is not None else "its pods"


# ---- blue-green


def _blue_green(world: SimulatedCluster, rollout: Rollout, name: str) -> list[SimulatedStep]:
    strategy = rollout.spec.strategy.blue_green
    assert strategy is not None
    world.settle(name, most_passes=_MOST_PASSES)
    found: list[SimulatedStep] = []
    status = world.get("Rollout", name)["status"]
    if status.get("pauseConditions"):
        seconds = float(strategy.auto_promotion_seconds) or None
        manual = strategy.auto_promotion_enabled is False
        waits_for = "somebody to promote it" if manual else "the clock"
        found.append(_snapshot(world, rollout, name, "preview", None if manual else seconds, waits_for))
        if manual:
            world.change("Rollout", name, {"status": {"pauseConditions": None}})
        else:
            world.advance(seconds or 1.0)
        world.settle(name, most_passes=_MOST_PASSES)
    delay = float(defaults.scale_down_delay_seconds(rollout))
    found.append(_snapshot(world, rollout, name, "switched", delay, "scaleDownDelaySeconds"))
    world.advance(delay + 1)
    world.settle(name, most_passes=_MOST_PASSES)
    return [*found, _snapshot(world, rollout, name, "promoted", 0.0, "")]


# ---- what it looks like


def _snapshot(
    world: SimulatedCluster, rollout: Rollout, name: str, text: str, seconds: float | None, waits_for: str
) -> SimulatedStep:
    canary_pods, stable_pods = _pods(world, name)
    routed, weight = _weight(world, rollout, name)
    return SimulatedStep(
        text, canary_pods, stable_pods, weight, routed, seconds, waits_for, _abort(world, rollout, name)
    )


def _pods(world: SimulatedCluster, name: str) -> tuple[int, int]:
    status = world.get("Rollout", name)["status"]
    current = status.get("currentPodHash")
    sizes = {
        one["metadata"]["labels"]["rollouts-pod-template-hash"]: one["spec"]["replicas"]
        for one in world.all("ReplicaSet")
    }
    return sizes.get(current, 0), sum(size for hash_, size in sizes.items() if hash_ != current)


def _weight(world: SimulatedCluster, rollout: Rollout, name: str) -> tuple[bool, int]:
    """All traffic goes to the new version once it is promoted, whatever the weights are called then."""
    status = world.get("Rollout", name)["status"]
    promoted = status.get("stableRS") == status.get("currentPodHash")
    if rollout.spec.strategy.blue_green:
        active = (status.get("blueGreen") or {}).get("activeSelector")
        return True, 100 if active == status.get("currentPodHash") else 0
    routed = defaults.traffic_routing(rollout) is not None
    if promoted:
        return routed, defaults.max_weight(rollout)
    if routed:
        weights = (status.get("canary") or {}).get("weights") or {}
        return True, int((weights.get("canary") or {}).get("weight") or 0)
    canary, stable = _pods(world, name)
    return False, round(100 * canary / (canary + stable)) if canary + stable else 0


def _abort(world: SimulatedCluster, rollout: Rollout, name: str) -> AbortOutcome:
    fork = world.fork()
    status = fork.get("Rollout", name)["status"]
    if status.get("stableRS") == status.get("currentPodHash"):
        canary, _ = _pods(fork, name)
        return AbortOutcome(0, 0, canary, None)  # nothing to abort any more: the new version is stable
    fork.change("Rollout", name, {"status": {"abort": True}})
    seconds: float | None = 0.0
    right_after: tuple[int, int, int] | None = None
    for _ in range(_MOST_PASSES):
        result = fork.settle(name, most_passes=_MOST_PASSES)
        canary, stable = _pods(fork, name)
        right_after = right_after or (100 - _weight(fork, rollout, name)[1], stable, canary)
        if canary == 0:
            break
        if result.requeue_seconds is None:
            seconds = None
            break
        fork.advance(result.requeue_seconds)
        seconds = (seconds or 0.0) + result.requeue_seconds
    assert right_after is not None
    return AbortOutcome(*right_after, seconds)
