"""Selectors of Services: which ReplicaSet's pods a Service sends its traffic to."""

from collections.abc import Collection, Mapping

from gitsync.manifest.merge_patch import apply_merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.rollout import defaults
from gitsync.rollout.pausing import halted
from gitsync.rollout.replica_counts import is_fully_promoted
from gitsync.rollout.replica_set import ReplicaSet
from gitsync.rollout.values import InvalidSpec, Patch
from gitsync.rollout.working import Pass
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.rollout import HASH_LABEL, MANAGED_BY, Rollout

SERVICE = GroupVersionKind("", "v1", "Service")


def selected_hash(service: JsonObject | None) -> str:
    selector = ((service or {}).get("spec") or {}).get("selector") or {}
    return str(selector.get(HASH_LABEL) or "")


def managed_by(service: JsonObject) -> str:
    """The Rollout whose pods it selects, or ""."""
    return str((service["metadata"].get("annotations") or {}).get(MANAGED_BY) or "")


def service_of(work: Pass, name: str) -> JsonObject:
    service = work.services.get(name)
    if service is None:
        raise InvalidSpec(f'service "{name}" not found')
    return service


def switch(work: Pass, name: str, hash_: str) -> None:
    """Points the Service at these pods and marks it as ours."""
    service = service_of(work, name)
    before = selected_hash(service)
    managed = MANAGED_BY in (service["metadata"].get("annotations") or {})
    if before == hash_ and managed:
        return
    patch: JsonObject = {"spec": {"selector": {HASH_LABEL: hash_}}}
    if not managed:
        patch["metadata"] = {"annotations": {MANAGED_BY: work.name}}
    work.patch(SERVICE, name, patch)
    work.services[name] = apply_merge_patch(service, patch)
    work.event("SwitchService", f"Switched selector for service '{name}' from '{before}' to '{hash_}'")


def ensure(work: Pass, name: str, one: ReplicaSet | None, *, checked: bool = True) -> None:
    """Switches once the pods can take it: all of them for a Service that was not ours, one for one that was."""
    if one is None or not name:
        return
    service = service_of(work, name)
    if selected_hash(service) == one.hash:
        return
    managed = MANAGED_BY in (service["metadata"].get("annotations") or {})
    if checked and (one.available == 0 or (not managed and one.available != one.wanted)):
        return
    switch(work, name, one.hash)


def released(rollout: str, services: Mapping[str, JsonObject], named: Collection[str]) -> tuple[Patch, ...]:
    """Services that the Rollout managed and does not name any more select by their own labels again: nobody would ever
    choose another version for them.
    """
    patch: JsonObject = {"metadata": {"annotations": {MANAGED_BY: None}}, "spec": {"selector": {HASH_LABEL: None}}}
    left = [body["metadata"] for name, body in services.items() if managed_by(body) == rollout and name not in named]
    return tuple(
        Patch(ResourceKey("", "Service", one.get("namespace") or "", one["name"]), SERVICE.version, patch)
        for one in left
    )


# ---- canary


def stable_and_canary(rollout: Rollout) -> tuple[str, str]:
    """Names of the two Services; of a ping-pong pair whichever plays the part now."""
    canary = rollout.spec.strategy.canary
    assert canary is not None
    if canary.ping_pong is None:
        return canary.stable_service, canary.canary_service
    pair = canary.ping_pong
    if rollout.status.canary.stable_ping_pong == "ping":
        return pair.ping_service, pair.pong_service
    return pair.pong_service, pair.ping_service  # the first version begins as the canary, behind ping


def switch_canary_services(work: Pass) -> None:
    canary = work.rollout.spec.strategy.canary
    assert canary is not None
    if canary.ping_pong is not None:
        stable_name, canary_name = stable_and_canary(work.rollout)
        if not is_fully_promoted(work.rollout):
            ensure(work, canary_name, work.new, checked=False)
        elif work.stable is not None and not selected_hash(work.services.get(stable_name)):
            ensure(work, stable_name, work.stable)
        return
    ensure(work, canary.stable_service, work.stable)
    if work.pausing.aborted and canary.traffic_routing is None:
        ensure(work, canary.canary_service, work.stable)
        return
    if work.pausing.aborted and work.stable is not None and work.stable is not work.new:
        return  # routing decides when the canary Service goes back
    if rolls_back_dynamically(work) is None:
        ensure(work, canary.canary_service, work.new)


def rolls_back_dynamically(work: Pass) -> str | None:
    """Going back to stable while stable is still growing: the hash that traffic has to leave step by step."""
    canary, weights = work.rollout.spec.strategy.canary, work.rollout.status.canary.weights
    if canary is None or canary.traffic_routing is None or not canary.dynamic_stable_scale or weights is None:
        return None
    if not is_fully_promoted(work.rollout) or work.new is None:
        return None
    leaving = weights.canary.pod_template_hash
    behind = work.new.available < defaults.replicas(work.rollout)
    return leaving if leaving and leaving != work.new.hash and behind else None


# ---- blue-green


def switch_preview(work: Pass) -> None:
    """Preview shows the newest version from its first moment."""
    strategy = work.rollout.spec.strategy.blue_green
    assert strategy is not None
    if strategy.preview_service and work.new is not None and not halted(work.rollout):
        switch(work, strategy.preview_service, work.new.hash)


def is_saturated(rollout: Rollout, one: ReplicaSet | None) -> bool:
    """It has, wants and believes to have all replicas, every one of them available."""
    count = defaults.replicas(rollout)
    return one is not None and one.wanted == count and one.desired == count and one.available == count
