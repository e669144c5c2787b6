"""A Rollout as people look at it, out of the objects around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from gitsync.manifest.object import JsonObject
from gitsync.rollout.defaults import max_weight, replicas, traffic_routing
from gitsync.rollout.explain import explain
from gitsync.rollout.next_transition import next_transition
from gitsync.rollout.phase import shown_phase
from gitsync.rollout.replica_set import ReplicaSet, owned, read_replica_set
from gitsync.rollout.simulate import SimulatedStep, Simulation
from gitsync.rollout.steering import Steer, impossible
from gitsync.rollout.values import Children, InvalidSpec
from gitsync.rollout.view_analysis import analysis_run_view
from gitsync.rollout.view_steps import step_views
from model.identity import ApplicationKey
from model.kinds.rollout import Rollout
from model.rollout_view import (
    AbortView,
    ActionView,
    AnalysisRunView,
    RevisionView,
    RolloutView,
    SimulatedStepView,
    SimulationView,
)

_MAX_RUNS = 50
_MAX_REVISIONS = 50


@dataclass(frozen=True, slots=True)
class Around:
    """Bodies that may belong to the Rollout, and more."""

    replica_sets: Sequence[JsonObject] = ()
    analysis_runs: Sequence[JsonObject] = ()


def read_rollout(body: JsonObject) -> Rollout:
    """Raises InvalidSpec for an object that is no Rollout."""
    try:
        return msgspec.convert(body, Rollout, strict=False)
    except msgspec.ValidationError as failure:
        raise InvalidSpec(
            f"Rollout {body['metadata'].get('name', '')} cannot be read: {failure}", suggestion="correct its spec"
        ) from failure


def revisions_of(rollout: Rollout, around: Around) -> list[ReplicaSet]:
    """Newest first."""
    mine = [read_replica_set(body) for body in owned(around.replica_sets, rollout.metadata.uid)]
    return sorted(mine, key=lambda one: one.revision, reverse=True)


def rollout_view(
    body: JsonObject, around: Around, application: ApplicationKey, cluster: str, now: datetime
) -> RolloutView:
    """Raises InvalidSpec."""
    rollout = read_rollout(body)
    sets = revisions_of(rollout, around)
    runs = _runs(rollout, around)
    metadata, status = rollout.metadata, rollout.status
    phase, message = shown_phase(rollout)
    numbers = [one.revision for one in sets]
    return RolloutView(
        application=application,
        cluster=cluster,
        name=metadata.name,
        namespace=metadata.namespace,
        uid=metadata.uid,
        strategy="blueGreen" if rollout.spec.strategy.blue_green else "canary",
        phase=phase,
        message=message,
        created=metadata.creation_timestamp,
        labels=metadata.labels or {},
        annotations=metadata.annotations or {},
        desired_replicas=replicas(rollout),
        current_replicas=status.replicas,
        updated_replicas=status.updated_replicas,
        ready_replicas=status.ready_replicas,
        available_replicas=status.available_replicas,
        current_step_index=status.current_step_index,
        steps=step_views(body, rollout, runs),
        weight_of_new=weight_of_new(rollout, sets),
        traffic_routed=traffic_routing(rollout) is not None,
        paused=rollout.spec.paused or bool(status.pause_conditions),
        aborted=status.abort,
        promote_full=status.promote_full,
        revisions=tuple(_revision(rollout, one) for one in sets[:_MAX_REVISIONS]),
        analysis_runs=runs,
        actions=tuple(ActionView(action.value, impossible(rollout, action, numbers)) for action in Steer),
        next_transition=next_transition(rollout, sets, now),
        explanation=_explanation(body, around, now),
    )


def _explanation(body: JsonObject, around: Around, now: datetime) -> str:
    children = Children(replica_sets=tuple(around.replica_sets), analysis_runs=tuple(around.analysis_runs))
    return explain(body, children, now).sentence


def simulation_view(found: Simulation) -> SimulationView:
    return SimulationView(found.strategy, found.replicas, tuple(map(_simulated, found.steps)), found.seconds)


def _simulated(step: SimulatedStep) -> SimulatedStepView:
    abort = step.abort
    return SimulatedStepView(
        name=step.name,
        canary_pods=step.canary_pods,
        stable_pods=step.stable_pods,
        weight=step.weight,
        routed=step.routed,
        abort=AbortView(abort.stable_weight, abort.stable_pods, abort.canary_pods, abort.settled_seconds),
        seconds=step.seconds,
        waits_for=step.waits_for,
    )


def _runs(rollout: Rollout, around: Around) -> tuple[AnalysisRunView, ...]:
    """Those of the update that is under way or was the last, newest first."""
    current = rollout.status.current_pod_hash
    mine = [
        body
        for body in owned(around.analysis_runs, rollout.metadata.uid)
        if not current or (body["metadata"].get("labels") or {}).get("rollouts-pod-template-hash") == current
    ]
    mine.sort(key=lambda body: str(body["metadata"].get("creationTimestamp") or ""), reverse=True)
    return tuple(analysis_run_view(body) for body in mine[:_MAX_RUNS])


def weight_of_new(rollout: Rollout, sets: Sequence[ReplicaSet]) -> float:
    """Percent. With a router what it was told; without one no more than what the available pods say."""
    status = rollout.status
    if rollout.spec.strategy.blue_green:
        return 100.0 if status.blue_green.active_selector == status.current_pod_hash != "" else 0.0
    if status.stable_rs and status.stable_rs == status.current_pod_hash:
        return 100.0
    if traffic_routing(rollout) is not None:
        weights = status.canary.weights
        return 100.0 * weights.canary.weight / max_weight(rollout) if weights else 0.0
    available = sum(one.available for one in sets)
    new = sum(one.available for one in sets if one.hash == status.current_pod_hash)
    return round(100.0 * new / available, 2) if available else 0.0


def _revision(rollout: Rollout, one: ReplicaSet) -> RevisionView:
    containers = (one.template.get("spec") or {}).get("containers") or ()
    return RevisionView(
        revision=one.revision,
        pod_template_hash=one.hash,
        roles=_roles(rollout, one.hash),
        images=tuple(str(container.get("image") or "") for container in containers),
        replicas=one.replicas,
        ready_replicas=one.ready,
        weight=_weight(rollout, one.hash),
        created=one.created if one.body["metadata"].get("creationTimestamp") else None,
        scale_down_at=one.deadline,
    )


def _roles(rollout: Rollout, hash_: str) -> tuple[str, ...]:
    status, strategy = rollout.status, rollout.spec.strategy
    if strategy.blue_green:
        roles = [("stable", status.stable_rs), ("active", status.blue_green.active_selector)]
        roles.append(("preview", status.blue_green.preview_selector))
    else:
        new = status.current_pod_hash if status.current_pod_hash != status.stable_rs else ""
        roles = [("stable", status.stable_rs), ("canary", new)]
    return tuple(role for role, of in roles if of and of == hash_)


def _weight(rollout: Rollout, hash_: str) -> float | None:
    weights = rollout.status.canary.weights
    if traffic_routing(rollout) is None or weights is None:
        return None
    total = sum(
        one.weight for one in (weights.canary, weights.stable, *weights.additional) if one.pod_template_hash == hash_
    )
    return 100.0 * total / max_weight(rollout)
