"""A Rollout that takes its pods from another workload: its template in memory, and that workload's way down to zero."""

from collections.abc import Mapping

import msgspec

from gitsync.manifest.object import JsonObject
from gitsync.rollout import defaults
from gitsync.rollout.values import InvalidSpec
from gitsync.rollout.working import Pass
from model.identity import GroupVersionKind
from model.kinds.rollout import WORKLOAD_GENERATION, Rollout, RolloutStatus, WorkloadRef

_KINDS = {("apps", "Deployment"), ("apps", "ReplicaSet"), ("", "PodTemplate")}
NEVER, ON_SUCCESS, PROGRESSIVELY = "never", "onsuccess", "progressively"


def workload_kind(reference: WorkloadRef) -> GroupVersionKind:
    """Raises InvalidSpec for a kind that has no pod template."""
    gvk = GroupVersionKind.parse(reference.api_version, reference.kind)
    if (gvk.group, gvk.kind) not in _KINDS:
        raise InvalidSpec(f"workload of type {gvk.group}/{gvk.kind} is not supported")
    return gvk


def resolved(rollout: Rollout, workload: JsonObject | None) -> Rollout:
    """The Rollout with the template, and where it has none the selector, of what it refers to. Raises InvalidSpec."""
    reference = rollout.spec.workload_ref
    if reference is None:
        return rollout
    gvk = workload_kind(reference)
    if rollout.spec.template and (rollout.spec.template.get("spec") or {}).get("containers"):
        raise InvalidSpec("template must be empty for workload reference rollout")
    if workload is None:
        plural = f"{gvk.kind.lower()}s" + (f".{gvk.group}" if gvk.group else "")
        raise InvalidSpec(f'{plural} "{reference.name}" not found')
    holder: Mapping[str, JsonObject] = workload if gvk.kind == "PodTemplate" else workload.get("spec") or {}
    selector = rollout.spec.selector or (None if gvk.kind == "PodTemplate" else holder.get("selector"))
    spec = msgspec.structs.replace(rollout.spec, template=holder.get("template"), selector=selector)
    generation = str(workload["metadata"].get("generation") or 0)
    annotations = {**(rollout.metadata.annotations or {}), WORKLOAD_GENERATION: generation}
    metadata = msgspec.structs.replace(rollout.metadata, annotations=annotations)
    return msgspec.structs.replace(rollout, spec=spec, metadata=metadata)


def note_generation(work: Pass, written: Mapping[str, str]) -> None:
    """Keeps the annotation that tells readers which generation of the workload is meant."""
    if work.rollout.spec.workload_ref is None:
        if WORKLOAD_GENERATION in written:
            work.patch_self({"metadata": {"annotations": {WORKLOAD_GENERATION: None}}})
        return
    generation = work.annotations.get(WORKLOAD_GENERATION)
    if generation != written.get(WORKLOAD_GENERATION):
        work.patch_self({"metadata": {"annotations": {WORKLOAD_GENERATION: generation}}})


def scale_down(work: Pass, draft: RolloutStatus) -> None:
    """Takes a Deployment's pods away while, or once, ours are there; only on the way in, at revision 1."""
    reference, workload = work.rollout.spec.workload_ref, work.children.workload
    if reference is None or workload is None or work.revision > 1:
        return
    gvk = workload_kind(reference)
    if gvk.kind != "Deployment" or reference.scale_down not in (ON_SUCCESS, PROGRESSIVELY):
        return
    have = (workload.get("spec") or {}).get("replicas")
    have = 1 if have is None else have
    wanted = have
    if draft.phase == "Healthy":
        wanted = 0  # also what an autoscaler of the Deployment brought back
    elif reference.scale_down == PROGRESSIVELY:
        wanted = min(have, max(defaults.replicas(work.rollout) - draft.available_replicas, 0))
    if wanted != have:
        work.patch(gvk, reference.name, {"spec": {"replicas": wanted}})
