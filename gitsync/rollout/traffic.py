"""Which share of traffic the canary gets now. `routing` turns it into objects; this only decides and records."""

import math

import msgspec

from gitsync.rollout import defaults
from gitsync.rollout.replica_counts import (
    at_desired_counts,
    current_step,
    is_fully_promoted,
    set_weight,
    weight_on_the_way_back,
    weight_until,
)
from gitsync.rollout.service_switch import ensure, rolls_back_dynamically, stable_and_canary
from gitsync.rollout.values import Routed, RoutingRequest
from gitsync.rollout.working import Pass
from model.kinds.rollout import TrafficRouting, TrafficWeights, WeightDestination


class _Decision(msgspec.Struct):
    weight: int = 0
    canary_hash: str = ""
    additional: tuple[WeightDestination, ...] = ()
    remove_managed: bool = False


def route(work: Pass) -> None:
    """Decides the weights, has them written, and keeps them in the status."""
    routing = defaults.traffic_routing(work.rollout)
    if routing is None or not has_router(routing):
        work.draft.canary.weights = None
        return
    decision = _decide(work)
    previous = work.rollout.status.canary.weights
    stable_hash = work.stable.hash if work.stable else ""
    stable_service, canary_service = stable_and_canary(work.rollout)
    whole = defaults.max_weight(work.rollout)
    if not _stable_can_serve(work, decision, whole):
        return
    step, _ = current_step(work.rollout)
    over = work.pausing.aborted or is_fully_promoted(work.rollout)
    shown = step if step and work.revision > 1 and not over else None
    routed = work.parts.route(
        RoutingRequest(
            rollout=work.body,
            canary_hash=decision.canary_hash,
            stable_hash=stable_hash,
            canary_service=canary_service,
            stable_service=stable_service,
            desired_weight=decision.weight,
            max_weight=whole,
            additional=decision.additional,
            header_route=shown.set_header_route if shown else None,
            mirror_route=shown.set_mirror_route if shown else None,
            remove_managed=decision.remove_managed,
            balancers=work.children.balancers,
        ),
        work.children.routed,
    )
    _write(work, routed)
    stable_weight = whole - decision.weight - sum(one.weight for one in decision.additional)
    weights = TrafficWeights(
        canary=WeightDestination(decision.weight, canary_service, decision.canary_hash),
        stable=WeightDestination(stable_weight, stable_service, stable_hash),
        additional=decision.additional,
        verified=routed.verified,
    )
    if previous is None or msgspec.structs.replace(previous, verified=routed.verified) != weights:
        work.event("TrafficWeightUpdated", _message(previous, weights))
    work.draft.canary.weights = weights
    if routed.verified is False:
        work.weights_settled = decision.weight < whole
        work.wake_after(defaults.VERIFY_RETRY_SECONDS)


def has_router(routing: TrafficRouting) -> bool:
    known = (routing.istio, routing.nginx, routing.alb, routing.smi, routing.ambassador, routing.app_mesh)
    return any(one is not None for one in (*known, routing.traefik, routing.apisix)) or bool(routing.plugins)


def _write(work: Pass, routed: Routed) -> None:
    work.creates += routed.creates
    work.patches += routed.patches
    work.deletes += routed.deletes
    work.events += routed.events
    if "alb" in routed.status:
        work.draft.alb = routed.status["alb"]
    if "albs" in routed.status:
        work.draft.albs = tuple(routed.status["albs"])


def _decide(work: Pass) -> _Decision:
    """The first case that fits."""
    rollout, canary = work.rollout, work.rollout.spec.strategy.canary
    assert canary is not None
    new_hash = work.new.hash if work.new else ""
    whole = defaults.max_weight(rollout)
    leaving = rolls_back_dynamically(work)
    if leaving is not None:
        return _Decision(_stepped_down(work), leaving)
    if is_fully_promoted(rollout):
        return _Decision(0, new_hash, remove_managed=True)
    if work.pausing.aborted:
        weight = _stepped_down(work)
        if not canary.dynamic_stable_scale or weight == 0:
            ensure(work, canary.canary_service, work.stable, checked=False)
        return _Decision(weight, new_hash, remove_managed=True)
    if work.new is None or work.new.available == 0:
        return _Decision(0, new_hash, _shares_of_experiment(work), remove_managed=True)
    if rollout.status.promote_full:
        weights = rollout.status.canary.weights
        weight = weights.canary.weight if weights else 0
        if canary.dynamic_stable_scale:
            weight = whole * work.new.available // max(defaults.replicas(rollout), 1)
        return _Decision(min(weight, whole), new_hash, remove_managed=True)
    step, index = current_step(rollout)
    if index is None:
        return _Decision(0, new_hash)
    if not at_desired_counts(rollout, work.new, work.stable, work.others, rollout.status.canary.weights):
        return _Decision(_until_ready(work, index), new_hash, _shares_of_experiment(work))
    if step is not None:
        return _Decision(set_weight(rollout), new_hash, _shares_of_experiment(work))
    return _Decision(whole, new_hash)


def _until_ready(work: Pass, index: int) -> int:
    """More traffic waits for its pods; less does not, since stable has all of its own."""
    canary, before = work.rollout.spec.strategy.canary, weight_until(work.rollout, index - 1)
    if canary is not None and canary.dynamic_stable_scale:
        return before
    return min(before, set_weight(work.rollout))


def _stepped_down(work: Pass) -> int:
    """On the way back: at once where stable is whole, else a setWeight at a time as stable grows, and below the last of
    them what stable cannot serve yet; never up again.
    """
    rollout, canary = work.rollout, work.rollout.spec.strategy.canary
    assert canary is not None
    if not canary.dynamic_stable_scale or work.stable is None:
        return 0
    weights = rollout.status.canary.weights
    now = weights.canary.weight if weights else 0
    if step_weight := weight_on_the_way_back(rollout, work.new, work.stable):
        return min(step_weight, now)
    count, whole = max(defaults.replicas(rollout), 1), defaults.max_weight(rollout)
    return min(max(whole - whole * work.stable.available // count, 0), now)


def _stable_can_serve(work: Pass, decision: _Decision, whole: int) -> bool:
    """Traffic is not sent to pods that are not there yet: before there is a first version, and where stable grows."""
    canary = work.rollout.spec.strategy.canary
    assert canary is not None
    if work.stable is None:
        return False
    weights = work.rollout.status.canary.weights
    shrinks = canary.dynamic_stable_scale and weights is not None and decision.weight < weights.canary.weight
    if weights is not None and not shrinks:
        return True
    count = defaults.replicas(work.rollout)
    return work.stable.available >= math.ceil((whole - decision.weight) * count / whole)


def _shares_of_experiment(work: Pass) -> tuple[WeightDestination, ...]:
    """What a running experiment's templates get beside canary and stable. Pods that have no port have no Service, and
    nothing can be sent to them.
    """
    experiment = work.experiment
    step, _ = current_step(work.rollout)
    if experiment is None or step is None or step.experiment is None:
        return ()
    status = experiment.get("status") or {}
    if status.get("phase") != "Running":
        return ()
    weights = {one.name: one.weight for one in step.experiment.templates if one.weight is not None}
    return tuple(
        WeightDestination(weights[one["name"]], one["serviceName"], one.get("podTemplateHash") or "")
        for one in status.get("templateStatuses") or ()
        if one.get("name") in weights and one.get("serviceName")
    )


def _message(previous: TrafficWeights | None, weights: TrafficWeights) -> str:
    details: list[str] = []
    if previous is None:
        details.append(f"to {weights.canary.weight}")
    elif previous.canary.weight != weights.canary.weight:
        details.append(f"from {previous.canary.weight} to {weights.canary.weight}")
    if previous is not None and previous.additional != weights.additional:
        shares = " ".join(f"{{{one.weight} {one.service_name} {one.pod_template_hash}}}" for one in weights.additional)
        details.append(f"additional: [{shares}]")
    return f"Traffic weight updated {', '.join(details)}"
