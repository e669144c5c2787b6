"""Sizes of ReplicaSets: one at a time, with the event and the marks that go with it."""

from datetime import timedelta

from gitsync.manifest.merge_patch import apply_merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.rollout import defaults
from gitsync.rollout.replica_counts import (
    basic_counts,
    has_stable,
    is_fully_promoted,
    routed_counts,
)
from gitsync.rollout.replica_set import ReplicaSet, print_time, total_available, with_hash
from gitsync.rollout.revision import REPLICA_SET
from gitsync.rollout.rollback import within_delay
from gitsync.rollout.service_switch import stable_and_canary
from gitsync.rollout.target_groups import verify_targets
from gitsync.rollout.working import Pass
from model.kinds.rollout import DESIRED_REPLICAS, HASH_LABEL, SCALE_DOWN_DEADLINE, BlueGreenStrategy


def scale(work: Pass, one: ReplicaSet, count: int) -> bool:
    """True when its size changes; the mark of how many the Rollout wants is kept fresh in any case."""
    wanted = str(defaults.replicas(work.rollout))
    stale = one.annotations.get(DESIRED_REPLICAS) != wanted
    if one.wanted == count and not stale:
        return False
    patch: JsonObject = {"metadata": {"annotations": {DESIRED_REPLICAS: wanted}}, "spec": {"replicas": count}}
    if count == 0 and one.has_deadline and not delays_scale_down_on_abort(work):
        patch["metadata"]["annotations"][SCALE_DOWN_DEADLINE] = None
    work.patch(REPLICA_SET, one.name, patch)
    before, one.wanted = one.wanted, count
    one.body = apply_merge_patch(one.body, patch)
    one.annotations = dict(one.body["metadata"].get("annotations") or {})
    if before == count:
        return False
    direction = "up" if before < count else "down"
    message = f"Scaled {direction} ReplicaSet {one.name} (revision {one.revision}) from {before} to {count}"
    work.event("ScalingReplicaSet", message)
    return True


def set_deadline(work: Pass, one: ReplicaSet, seconds: int | None) -> None:
    """The moment from which it may be scaled down; None or 0 takes the mark away."""
    text = print_time(work.now + timedelta(seconds=seconds)) if seconds else None
    if text is None and not one.has_deadline:
        return
    patch = {"metadata": {"annotations": {SCALE_DOWN_DEADLINE: text}}}
    work.patch(REPLICA_SET, one.name, patch)
    one.body = apply_merge_patch(one.body, patch)
    one.annotations = dict(one.body["metadata"].get("annotations") or {})


def delays_scale_down_on_abort(work: Pass) -> bool:
    """Whether canary or preview stays for a while after an abort."""
    if not work.pausing.aborted or work.stable is None:
        return False
    canary = work.rollout.spec.strategy.canary
    if canary is not None and canary.traffic_routing is None:
        return False
    seconds, explicit = defaults.abort_scale_down_delay_seconds(work.rollout)
    if seconds is None:
        return False
    return not (canary is not None and canary.dynamic_stable_scale and not explicit)


def remove_deadlines(work: Pass) -> None:
    """What is new or stable does not wait for its end, even if it came back from there."""
    if work.new is not None and not delays_scale_down_on_abort(work):
        set_deadline(work, work.new, None)
    if work.stable is not None and work.stable is not work.new:
        set_deadline(work, work.stable, None)


def scale_stable(work: Pass) -> bool:
    """Of a canary. With a router it follows the weights that were written before, never those of this pass."""
    if not has_stable(work.new, work.stable):
        return False
    assert work.stable is not None
    if defaults.traffic_routing(work.rollout) is None:
        _, count = basic_counts(work.rollout, work.new, work.stable, work.others)
    else:
        _, count = routed_counts(work.rollout, work.new, work.stable, work.rollout.status.canary.weights)
    return scale(work, work.stable, count)


def scale_new(work: Pass) -> bool:
    if work.new is None:
        return False
    count = _new_count(work, work.new)
    if not delays_scale_down_on_abort(work):
        return scale(work, work.new, count)
    assert work.stable is not None
    seconds, _ = defaults.abort_scale_down_delay_seconds(work.rollout)
    if work.new is work.stable:
        return scale(work, work.new, count)
    # What keeps its size must still know how many the Rollout wants, or every pass would look like a scaling event.
    scale(work, work.new, work.new.wanted)
    if not work.new.has_deadline:
        if work.stable.available >= defaults.replicas(work.rollout):
            set_deadline(work, work.new, seconds)
            work.wake_after(seconds or 0)
        return False
    deadline = work.new.deadline
    if deadline is not None and deadline > work.now:
        work.wake(deadline)
        return False
    return scale(work, work.new, 0)


def _new_count(work: Pass, new: ReplicaSet) -> int:
    rollout = work.rollout
    blue_green = rollout.spec.strategy.blue_green
    if blue_green is not None:
        return preview_count(work, new, blue_green)
    if defaults.traffic_routing(rollout) is None:
        return basic_counts(rollout, new, work.stable, work.others)[0]
    return routed_counts(rollout, new, work.stable, work.draft.canary.weights)[0]


def preview_count(work: Pass, new: ReplicaSet, blue_green: BlueGreenStrategy) -> int:
    """previewReplicaCount until the way to the switch is free; what comes back within its delay takes over whole."""
    status, count = work.rollout.status, defaults.replicas(work.rollout)
    preview = blue_green.preview_replica_count
    active = with_hash(work.all, status.blue_green.active_selector)
    if preview is None or active is None or active is new or status.promote_full or within_delay(work):
        return count
    if new.hash != status.current_pod_hash:
        return preview
    unpaused = not work.rollout.spec.paused and not status.pause_conditions
    return count if unpaused and status.blue_green.scale_up_preview_check_point else preview


def is_referenced(work: Pass, one: ReplicaSet) -> bool:
    """Status, weights, a Service or a subset of Istio still name it, so it may not go."""
    status, strategy = work.rollout.status, work.rollout.spec.strategy
    named = {
        status.stable_rs,
        status.current_pod_hash,
        status.blue_green.active_selector,
        status.blue_green.preview_selector,
    }
    if weights := status.canary.weights:
        named |= {weights.canary.pod_template_hash, weights.stable.pod_template_hash}
    services: tuple[str, ...] = ()
    if strategy.canary:
        services = (strategy.canary.canary_service, strategy.canary.stable_service)
        if strategy.canary.ping_pong is not None:
            serving, idle = stable_and_canary(work.rollout)
            services += (serving,) if is_fully_promoted(work.rollout) else (serving, idle)
    elif strategy.blue_green:
        services = (strategy.blue_green.active_service, strategy.blue_green.preview_service)
    for name in services:
        service = work.services.get(name)
        if service is not None:
            named.add(((service.get("spec") or {}).get("selector") or {}).get(HASH_LABEL) or "")
    return bool(one.hash) and (one.hash in named or one.hash in _hashes_of_subsets(work))


def _hashes_of_subsets(work: Pass) -> set[str]:
    subsets = [
        subset
        for key, body in work.children.routed.items()
        if key.kind == "DestinationRule"
        for subset in (body.get("spec") or {}).get("subsets") or ()
    ]
    return {str((subset.get("labels") or {}).get(HASH_LABEL) or "") for subset in subsets}


def delayed_count(work: Pass, one: ReplicaSet, marked: int, keep: int) -> tuple[int, int]:
    """How many ReplicaSets wait for their end so far, and how many pods this one keeps while it does."""
    limit = defaults.scale_down_delay_revisions(work.rollout)
    if not one.has_deadline:
        if one.wanted == 0 or marked >= limit:
            return marked, 0
        seconds = defaults.scale_down_delay_seconds(work.rollout)
        set_deadline(work, one, seconds)
        work.wake_after(seconds)
        return marked + 1, one.wanted if seconds else 0
    if marked + 1 > limit:
        return marked + 1, 0
    deadline = one.deadline
    if deadline is None or deadline <= work.now:
        return marked + 1, 0
    work.wake(deadline)
    return marked + 1, keep


def scale_others_of_canary(work: Pass) -> bool:
    """Shrinks what is neither new nor stable, newest first, as far as availability allows."""
    active = [one for one in work.others if one.wanted > 0]
    if not active or not _targets_follow(work, active):
        return False
    scaled = _drop_unhealthy(work, active)
    fewest = defaults.replicas(work.rollout) - defaults.max_unavailable(work.rollout)
    spare = total_available(work.all) - fewest
    routed = defaults.traffic_routing(work.rollout) is not None
    marked = 0
    for one in sorted(active, key=lambda old: (old.revision, old.created), reverse=True):
        if routed and is_referenced(work, one):
            continue
        if spare <= 0:
            break
        if one.wanted == 0:
            continue
        if not routed:
            count = max(one.wanted - spare, 0)
        else:
            marked, count = _routed_other_count(work, one, marked)
        before = one.wanted
        if before != count:
            scaled = scale(work, one, count) or scaled
            spare -= before - count
    return scaled


def _targets_follow(work: Pass, active: list[ReplicaSet]) -> bool:
    """Behind an ALB the version before begins to wait for its end once the balancer sends to its successor's pods."""
    routing = defaults.traffic_routing(work.rollout)
    if routing is None or routing.alb is None or not is_fully_promoted(work.rollout):
        return True
    if all(one.has_deadline for one in active):
        return True
    return verify_targets(work, stable_and_canary(work.rollout)[0])


def _routed_other_count(work: Pass, one: ReplicaSet, marked: int) -> tuple[int, int]:
    """The previous stable one waits; a version that was overtaken half-way gets no traffic and goes at once."""
    canary = work.rollout.spec.strategy.canary
    assert canary is not None
    if not (is_fully_promoted(work.rollout) or one.has_deadline) or canary.dynamic_stable_scale:
        return marked, 0
    return delayed_count(work, one, marked, one.wanted)


def _drop_unhealthy(work: Pass, active: list[ReplicaSet]) -> bool:
    """Pods that are not available serve nobody; they would only hold the update up."""
    scaled = False
    for one in sorted(active, key=lambda old: old.created):
        if 0 < one.wanted != one.available < one.wanted and not (
            defaults.traffic_routing(work.rollout) is not None and is_referenced(work, one)
        ):
            scaled = scale(work, one, one.available) or scaled
    return scaled
