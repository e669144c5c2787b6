"""How many pods canary and stable should have now: arithmetic of weights, surge and availability."""

import math

from gitsync.rollout import defaults
from gitsync.rollout.replica_set import ReplicaSet, total_available, total_wanted
from model.kinds.rollout import CanaryStep, Rollout, SetCanaryScale, TrafficWeights


def current_step(rollout: Rollout) -> tuple[CanaryStep | None, int | None]:
    """The step and its index; no step behind the last one, no index where there are no steps."""
    canary = rollout.spec.strategy.canary
    if canary is None or not canary.steps:
        return None, None
    index = rollout.status.current_step_index or 0
    return (canary.steps[index] if 0 <= index < len(canary.steps) else None), index


def is_fully_promoted(rollout: Rollout) -> bool:
    return rollout.status.stable_rs == rollout.status.current_pod_hash


def set_weight(rollout: Rollout) -> int:
    """The weight of the last setWeight step at or before the current one; all when the steps are through."""
    if rollout.status.abort:
        return 0
    step, index = current_step(rollout)
    if step is None:
        return defaults.max_weight(rollout)
    return weight_until(rollout, index or 0)


def weight_until(rollout: Rollout, index: int) -> int:
    """The weight of the last setWeight step at or before `index`; 0 when there is none."""
    canary = rollout.spec.strategy.canary
    for step in reversed(canary.steps[: index + 1] if canary and index >= 0 else ()):
        if step.set_weight is not None:
            return step.set_weight
    return 0


def canary_scale(rollout: Rollout) -> SetCanaryScale | None:
    """The setCanaryScale step in force: only with a router, until traffic weight is to match again."""
    canary = rollout.spec.strategy.canary
    if canary is None or canary.traffic_routing is None:
        return None
    if rollout.status.abort and defaults.abort_scale_down_delay_seconds(rollout)[0] is not None:
        return None
    step, index = current_step(rollout)
    if step is None or index is None:
        return None
    for earlier in reversed(canary.steps[: index + 1]):
        if earlier.set_canary_scale is not None:
            return None if earlier.set_canary_scale.match_traffic_weight else earlier.set_canary_scale
    return None


def weight_on_the_way_back(rollout: Rollout, new: ReplicaSet | None, stable: ReplicaSet) -> int:
    """Of an aborted update whose stable pods have to come back first: the next setWeight below what the canary still
    has to carry, so that no more new pods are made at once than that step frees; 0 when no step is below it.
    """
    canary, count, whole = rollout.spec.strategy.canary, defaults.replicas(rollout), defaults.max_weight(rollout)
    carried = max(count - stable.available, 0)
    _, explicit = defaults.abort_scale_down_delay_seconds(rollout)
    if not explicit and new is not None and new is not stable:
        carried = max(carried, new.available)
    for step in reversed(canary.steps if canary else ()):
        if step.set_weight is not None and _share(count, step.set_weight, whole) < carried:
            return step.set_weight
    return 0


def replicas_or_weight(rollout: Rollout, new: ReplicaSet | None, stable: ReplicaSet | None) -> tuple[int | None, int]:
    status = rollout.status
    if status.promote_full or not status.stable_rs or status.current_pod_hash == status.stable_rs:
        return None, defaults.max_weight(rollout)
    scale = canary_scale(rollout)
    if scale is not None:
        if scale.replicas is not None:
            return scale.replicas, 0
        if scale.weight is not None:
            return None, scale.weight
    canary = rollout.spec.strategy.canary
    if status.abort and canary is not None and canary.dynamic_stable_scale and new is not None and stable is not None:
        return None, weight_on_the_way_back(rollout, new, stable)
    return None, set_weight(rollout)


def approximate(count: int, weight: int, surge: int, whole: int = 100) -> tuple[int, int]:
    """Canary and stable pods that come closest to the weight without a router."""
    if count == 0:
        return 0, 0
    ceiling, floor = -(-count * weight // whole), count * weight // whole
    zero_allowed = weight in (0, whole) or (count == 1 and surge == 0)
    options: list[tuple[int, int]] = []
    if ceiling < count or zero_allowed:
        options.append((ceiling, count))
    if not _tied(count, weight, whole) and (floor or zero_allowed):
        options.append((floor, count))
    if surge > 0:
        options.append((ceiling, count + 1))
        if not _tied(count + 1, weight, whole) and (floor or zero_allowed):
            options.append((floor, count + 1))
    if not options:
        return 0, count
    canary, total = min(options, key=lambda option: abs(option[0] * whole / option[1] - weight))
    return canary, total - canary


def _tied(count: int, weight: int, whole: int) -> bool:
    """Rounding up and down are equally far from the weight."""
    return count * weight * 2 % (whole * 2) == whole


def has_stable(new: ReplicaSet | None, stable: ReplicaSet | None) -> bool:
    """There is a stable ReplicaSet apart from the new one."""
    return stable is not None and (new is None or new.name != stable.name)


def basic_counts(
    rollout: Rollout, new: ReplicaSet | None, stable: ReplicaSet | None, others: list[ReplicaSet]
) -> tuple[int, int]:
    """Next sizes of new and stable ReplicaSet without a router: up within the surge, down within availability."""
    count, surge = defaults.replicas(rollout), defaults.max_surge(rollout)
    apart = stable if has_stable(new, stable) else None
    desired_new, desired_stable = approximate(
        count, replicas_or_weight(rollout, new, stable)[1], surge, defaults.max_weight(rollout)
    )
    if apart is None:
        desired_new, desired_stable = count, 0
    most = count + surge
    new_count, stable_count = (new.wanted if new else 0), (apart.wanted if apart else 0)
    room = most - total_wanted([*others, new, apart])
    if apart and apart.wanted < desired_stable and room > 0:
        stable_count = min(desired_stable, apart.wanted + room)
        room -= stable_count - apart.wanted
    if new and new.wanted < desired_new and room > 0:
        new_count = min(desired_new, new.wanted + room)
    if total_wanted(others) > 0:
        return new_count, stable_count
    fewest = count - defaults.max_unavailable(rollout)
    increasing = new is None or desired_new >= new.wanted
    drainable = _drainable(new, whole=not increasing) + _drainable(stable, whole=increasing)
    if drainable <= fewest:
        return new_count, stable_count
    surplus = drainable - fewest
    if not increasing:
        new_count = _drained(new, desired_new, surplus, new_count)
        return _within(new, stable, new_count, stable_count, most, fewest)
    if apart:
        stable_count = _drained(apart, desired_stable, surplus, stable_count)
        stable_count, new_count = _within(apart, new, stable_count, new_count, most, fewest)
    return new_count, stable_count


def _drainable(one: ReplicaSet | None, *, whole: bool) -> int:
    if one is None:
        return 0
    return one.wanted if whole or one.wanted < one.available else one.available


def _drained(one: ReplicaSet | None, desired: int, surplus: int, count: int) -> int:
    return max(desired, one.wanted - surplus) if one and one.wanted > desired else count


def _within(
    drained: ReplicaSet | None, kept: ReplicaSet | None, drained_count: int, kept_count: int, most: int, fewest: int
) -> tuple[int, int]:
    """Trims what is kept to the surge, gives back what availability needs, and takes the rest from the drained one."""
    if kept is None:
        return drained_count, kept_count
    above = max(0, kept_count + drained_count - most)
    available = min(drained.available, drained_count) if drained else 0
    kept_count -= above
    available += min(kept.available, kept_count)
    lost = max(0, kept.available - kept_count)
    kept_count += min(lost, max(0, fewest - available))
    return drained_count - max(0, kept_count + drained_count - most), kept_count


def routed_counts(
    rollout: Rollout, new: ReplicaSet | None, stable_set: ReplicaSet | None, weights: TrafficWeights | None
) -> tuple[int, int]:
    """Sizes of canary and stable with a router, which sends exact shares to whatever is there."""
    count, whole = defaults.replicas(rollout), defaults.max_weight(rollout)
    scale_replicas, weight = replicas_or_weight(rollout, new, stable_set)
    canary_strategy = rollout.spec.strategy.canary
    assert canary_strategy is not None
    canary = scale_replicas if scale_replicas is not None else _at_least(rollout, _share(count, weight, whole))
    if not canary_strategy.dynamic_stable_scale:
        return canary, count
    stable = _share(count, whole - weight, whole)
    if weights is not None:
        stable = max(stable, _share(count, weights.stable.weight, whole))
        if scale_replicas is None and not is_fully_promoted(rollout):
            canary = max(canary, _share(count, weights.canary.weight, whole))  # its pods stay until traffic has left
    return _at_least(rollout, canary), _at_least(rollout, stable)


def _share(count: int, weight: int, whole: int) -> int:
    return math.ceil(weight * count / whole)


def _at_least(rollout: Rollout, count: int) -> int:
    """minPodsPerReplicaSet, but never more than the Rollout has; nothing stays nothing."""
    canary = rollout.spec.strategy.canary
    if not count or canary is None or canary.min_pods_per_replica_set is None or canary.traffic_routing is None:
        return count
    return max(count, min(canary.min_pods_per_replica_set, defaults.replicas(rollout)))


def at_desired_counts(
    rollout: Rollout,
    new: ReplicaSet | None,
    stable: ReplicaSet | None,
    others: list[ReplicaSet],
    weights: TrafficWeights | None,
) -> bool:
    canary = rollout.spec.strategy.canary
    assert canary is not None
    routed = canary.traffic_routing is not None
    desired_new, desired_stable = (
        routed_counts(rollout, new, stable, weights) if routed else basic_counts(rollout, new, stable, others)
    )
    if new is None or new.wanted != desired_new or not enough_available(rollout, new.available, desired_new):
        return False
    if (not routed or not canary.dynamic_stable_scale) and (
        stable is None or stable.wanted != desired_stable or stable.replicas != desired_stable
    ):
        return False
    return routed or total_available(others) == 0


def enough_available(rollout: Rollout, available: int, desired: int) -> bool:
    """All of them, or as many as replicaProgressThreshold asks for."""
    step, _ = current_step(rollout)
    canary = rollout.spec.strategy.canary
    threshold = (step.replica_progress_threshold if step else None) or (
        canary.replica_progress_threshold if canary else None
    )
    if not threshold:
        return available == desired
    amount = int(threshold.get("value") or 0)
    if str(threshold.get("type") or "Pods").lower().startswith("percent"):
        amount = math.ceil(desired * amount / 100)
    return available >= min(amount, desired)
