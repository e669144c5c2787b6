"""`step`: what to write next for one Rollout, as a function of what there is and of the time.

The whole controller is this function, called again whenever something changed or its own timer is due. It writes at
most one thing of each kind in a pass and looks again, so that every intermediate state can be seen and resumed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from gitsync.manifest.merge_patch import merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.rollout import analysis_runs, blue_green, canary, conditions, defaults, status, step_experiment, workload
from gitsync.rollout.pausing import Pausing
from gitsync.rollout.phase import phase_of
from gitsync.rollout.replica_counts import is_fully_promoted
from gitsync.rollout.replica_set import (
    ReplicaSet,
    controller_uid,
    read_replica_set,
    selects,
    total_available,
    total_replicas,
    with_hash,
)
from gitsync.rollout.revision import REPLICA_SET, create_new, find_new, sync_revision
from gitsync.rollout.service_switch import released
from gitsync.rollout.validation import problems
from gitsync.rollout.validation_references import referenced_services
from gitsync.rollout.values import (
    Children,
    InvalidSpec,
    LiveObjects,
    Parts,
    Routed,
    RoutingFailed,
    RoutingRequest,
    RunRequest,
    Step,
)
from gitsync.rollout.working import ROLLOUT, Pass
from model.kinds.rollout import HASH_LABEL, Condition, Rollout, RolloutSpec, RolloutStatus


def read_rollout(body: JsonObject) -> Rollout:
    """Raises InvalidSpec where a field is not what it should be."""
    try:
        return msgspec.convert(body, Rollout, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidSpec(str(error)) from error


def step(body: JsonObject, children: Children, now: datetime, parts: Parts) -> Step:
    """`body` is the Rollout as the cluster has it; `children` everything that belongs to it or is named by it."""
    metadata = body["metadata"]
    if metadata.get("deletionTimestamp"):
        return Step()
    try:
        rollout = read_rollout(body)
    except InvalidSpec as problem:
        return _unreadable(body, now, problem.message)
    work = _begin(rollout, body, children, now, parts)
    written = rollout.metadata.annotations or {}
    try:
        work.rollout = workload.resolved(rollout, children.workload)
        work.pausing.rollout = work.rollout
    except InvalidSpec as problem:
        return _invalid(work, problem.message)
    if rollout.spec.replicas is None:
        work.patch_self({"spec": {"replicas": defaults.REPLICAS}})
        return work.step()
    workload.note_generation(work, written)
    _classify(work)
    try:
        _reconcile(work)
    except InvalidSpec as problem:
        return _invalid(_begin(work.rollout, body, children, now, parts), problem.message)
    except RoutingFailed as problem:
        return _routing_failed(work, body, problem.message)
    return work.step()


def _begin(rollout: Rollout, body: JsonObject, children: Children, now: datetime, parts: Parts) -> Pass:
    work = Pass(rollout, body, children, parts, now, status.fresh(rollout.status), Pausing(rollout))
    work.services = dict(children.services)
    return work


def _reconcile(work: Pass) -> None:
    found = next(problems(work.rollout, work.children), "")
    if not found and defaults.traffic_routing(work.rollout) is not None:
        found = work.parts.missing(work.body, work.children.routed)
    if found:
        raise InvalidSpec(found)
    if work.rollout.status.observed_generation != str(work.rollout.metadata.generation):
        named = {name for _, name in referenced_services(work.rollout)}
        work.patches += released(work.name, work.services, named)
    if work.new is None:
        create_new(work)
        return
    if is_fully_promoted(work.rollout) and work.pausing.aborted:
        work.pausing.remove_abort()
    if _toggle_pause_conditions(work):
        return
    sync_revision(work)
    green = work.rollout.spec.strategy.blue_green is not None
    # What is just beginning has no step yet that could say how large it is.
    begins = status.template_changed(work) if green else status.template_or_steps_changed(work)
    if _is_scaling_event(work) and not begins:
        _scale_only(work, green=green)
    elif green:
        blue_green.reconcile(work)
    else:
        canary.reconcile(work)
    if work.draft.phase:
        workload.scale_down(work, work.draft)


# ---- which ReplicaSet is what


def _classify(work: Pass) -> None:
    uid, selector = work.rollout.metadata.uid, work.rollout.spec.selector
    mine: list[ReplicaSet] = []
    for body in work.children.replica_sets:
        owner = controller_uid(body)
        if owner == uid:
            mine.append(read_replica_set(body))
        elif not owner and HASH_LABEL in (body["metadata"].get("labels") or {}) and _is_orphan(body, selector):
            mine.append(_adopt(work, body))
    work.all = sorted(mine, key=lambda one: (one.created, one.name))
    work.new = find_new(work.rollout, work.all)
    recorded = work.rollout.status.stable_rs
    work.stable = with_hash([*([work.new] if work.new else []), *work.all], recorded)
    work.others = [one for one in work.all if one is not work.new and one is not work.stable]
    analysis_runs.find(work)
    step_experiment.find(work)


def _is_orphan(body: JsonObject, selector: JsonObject | None) -> bool:
    return selects(selector, body["metadata"].get("labels") or {}) and not body["metadata"].get("deletionTimestamp")


def _adopt(work: Pass, body: JsonObject) -> ReplicaSet:
    owners = [*(body["metadata"].get("ownerReferences") or ()), work.owner]
    work.patch(REPLICA_SET, body["metadata"]["name"], {"metadata": {"ownerReferences": owners}})
    return read_replica_set({**body, "metadata": {**body["metadata"], "ownerReferences": owners}})


# ---- invalid


def _invalid(work: Pass, problem: str) -> Step:
    """Says what is wrong in condition and phase, and looks again after a while."""
    message = f'The Rollout "{work.name}" is invalid: {problem}'
    known = conditions.condition_of(work.rollout.status.conditions, conditions.INVALID_SPEC)
    work.wake_after(defaults.INVALID_SPEC_SECONDS)
    generation = str(work.rollout.metadata.generation)
    if known is not None and known.message == message and work.rollout.status.observed_generation == generation:
        return work.step()
    told = Condition(conditions.INVALID_SPEC, "True", work.stamp, work.stamp, "InvalidSpec", message)
    _patch_conditions(work, conditions.with_problem(work.rollout.status.conditions, told))
    return work.step()


def _unreadable(body: JsonObject, now: datetime, problem: str) -> Step:
    """A spec of the wrong shape: the status is read alone, so that the problem can be shown in it."""
    raw: Any = {"metadata": body["metadata"], "spec": {}, "status": body.get("status") or {}}
    try:
        rollout = msgspec.convert(raw, Rollout, strict=False)
    except msgspec.ValidationError:
        rollout = msgspec.convert({**raw, "status": {}}, Rollout, strict=False)
    rollout = msgspec.structs.replace(rollout, spec=RolloutSpec())
    return _invalid(_begin(rollout, body, Children(), now, _no_parts()), problem)


def _no_parts() -> Parts:
    return Parts(_never_routes, _never_runs)


def _never_routes(request: RoutingRequest, live: LiveObjects) -> Routed:
    raise RoutingFailed("the Rollout cannot be read")


def _never_runs(
    request: RunRequest, templates: Mapping[str, JsonObject], cluster_templates: Mapping[str, JsonObject]
) -> JsonObject:
    raise InvalidSpec("the Rollout cannot be read")


def _routing_failed(work: Pass, body: JsonObject, problem: str) -> Step:
    """Nothing of this pass is written: pods must not go while nobody knows where traffic flows."""
    again = _begin(work.rollout, body, work.children, work.now, work.parts)
    again.event(conditions.ROUTING_ERROR, problem, warning=True)
    kept = conditions.without(work.rollout.status.conditions, conditions.INVALID_SPEC)  # the spec itself is well by now
    told = Condition(
        conditions.TRAFFIC_ROUTING, "False", again.stamp, again.stamp, conditions.ROUTING_ERROR, message=problem
    )
    _patch_conditions(again, conditions.with_problem(kept, told))
    again.wake_after(defaults.ERROR_RETRY_SECONDS)
    return again.step()


def replica_set_refused(body: JsonObject, name: str, problem: str, now: datetime) -> Step:
    """What to tell when the cluster would not have the new ReplicaSet."""
    work = _begin(read_rollout(body), body, Children(), now, _no_parts())
    message = f'Failed to create new replica set "{name}": {problem}'
    after, changed = conditions.with_condition(
        work.rollout.status.conditions, conditions.PROGRESSING, "False", "ReplicaSetCreateError", message, work.stamp
    )
    if changed:
        work.event("ReplicaSetCreateError", message, warning=True)
        _patch_conditions(work, after)
    return work.step()


# ---- conditions that follow a pause


def _toggle_pause_conditions(work: Pass) -> bool:
    """Keeps the clock of the deadline honest around pauses. True when that was written: all else waits."""
    rollout = work.rollout
    current = rollout.status.conditions
    if rollout.status.observed_generation != str(rollout.metadata.generation):
        return False
    progressing = conditions.condition_of(current, conditions.PROGRESSING)
    paused = bool(rollout.status.pause_conditions) or rollout.spec.paused
    aborted = progressing is not None and progressing.reason == conditions.ABORTED
    after = current
    said_paused = progressing is not None and progressing.reason == "RolloutPaused"
    if paused != said_paused and not aborted and not conditions.is_completed(rollout.status):
        reason, message = ("RolloutPaused", "Rollout is paused") if paused else ("RolloutResumed", "Rollout is resumed")
        if paused or progressing is not None:
            after = _with(work, after, conditions.PROGRESSING, "Unknown", reason, message)
    if aborted and not rollout.status.abort:
        after = _with(work, after, conditions.PROGRESSING, "Unknown", "RolloutRetry", "Retrying Rollout after abort")
    condition = conditions.condition_of(current, conditions.PAUSED)
    if paused != (condition is not None and condition.status == "True") and not aborted:
        text = "True" if paused else "False"
        after = _with(work, after, conditions.PAUSED, text, "RolloutPaused", "Rollout is paused")
    if after is current:
        return False
    _patch_conditions(work, after)
    work.wake(work.now)
    return True


def _with(
    work: Pass, before: tuple[Condition, ...], type_: str, text: str, reason: str, message: str
) -> tuple[Condition, ...]:
    return conditions.with_condition(before, type_, text, reason, message, work.stamp)[0]


def _patch_conditions(work: Pass, after: tuple[Condition, ...]) -> None:
    before = work.rollout.status
    draft = msgspec.structs.replace(before, conditions=after)
    draft.observed_generation = str(work.rollout.metadata.generation)
    draft.phase, draft.message = phase_of(work.rollout, draft)
    _patch_status(work, before, draft)


def _patch_status(work: Pass, before: RolloutStatus, draft: RolloutStatus) -> None:
    patch = merge_patch(status.encoded(before), status.encoded(draft))
    if patch:
        work.patch(ROLLOUT, work.name, {"status": patch}, subresource="status")


# ---- scaling


def _is_scaling_event(work: Pass) -> bool:
    """The number of replicas changed since a ReplicaSet in use was scaled last."""
    count = defaults.replicas(work.rollout)
    used = {id(one): one for one in (work.new, work.stable) if one is not None}
    return any(one.wanted > 0 and one.desired is not None and one.desired != count for one in used.values())


def _scale_only(work: Pass, *, green: bool) -> None:
    """Only sizes: no Services, no traffic, no steps."""
    kept = work.rollout.status
    work.draft = msgspec.structs.replace(
        kept,
        canary=msgspec.structs.replace(kept.canary),
        blue_green=msgspec.structs.replace(kept.blue_green),
    )
    if green:
        blue_green.scale_all(work)
        active = with_hash(work.all, kept.blue_green.active_selector)
        counted = [active] if active else work.all
    else:
        canary.scale_all(work)
        counted = work.all
    work.draft.hpa_replicas = total_replicas(counted)
    work.draft.available_replicas = total_available(counted)
    status.persist(work)
    work.wake(work.now)
