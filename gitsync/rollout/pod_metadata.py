"""Labels and annotations that pods carry only in one role: canary, stable, preview or active.

They are put onto the template of the ReplicaSet and onto its live pods, without a restart, and a note on the
ReplicaSet says which are ours, so that only those are ever taken away again.
"""

import json

import msgspec

from gitsync.manifest.merge_patch import apply_merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.rollout.replica_set import ReplicaSet, controller_uid, copied
from gitsync.rollout.working import Pass
from model.identity import GroupVersionKind
from model.kinds.rollout import EPHEMERAL_METADATA, PodMetadata

POD = GroupVersionKind("", "v1", "Pod")
_REPLICA_SET = GroupVersionKind("apps", "v1", "ReplicaSet")


def _roles(work: Pass) -> tuple[PodMetadata | None, PodMetadata | None]:
    """For the new pods and for the stable ones, while there are both."""
    strategy = work.rollout.spec.strategy
    if strategy.canary:
        return strategy.canary.canary_metadata, strategy.canary.stable_metadata
    if strategy.blue_green:
        return strategy.blue_green.preview_metadata, strategy.blue_green.active_metadata
    return None, None


def wanted_for_new(work: Pass) -> PodMetadata | None:
    """A first ReplicaSet becomes the stable one; any later one begins as the new one."""
    new, stable = _roles(work)
    return new if work.stable is not None and work.stable is not work.new else stable


def sync(work: Pass) -> None:
    """Brings the marks of every ReplicaSet, and of the pods of new and stable, in line with their role."""
    new, stable = _roles(work)
    if new is None and stable is None:
        return
    promoted = not work.rollout.status.stable_rs or (
        work.new is not None and work.rollout.status.stable_rs == work.new.hash
    )
    if promoted:
        _sync(work, work.new, stable, pods=True)
    else:
        _sync(work, work.new, new, pods=True)
        _sync(work, work.stable, stable, pods=True)
    for other in work.others:
        _sync(work, other, None, pods=False)


def injected(one: ReplicaSet) -> PodMetadata | None:
    """What the note says; None: nothing, or a note that nobody can read."""
    note = one.annotations.get(EPHEMERAL_METADATA)
    if not note:
        return None
    try:
        return msgspec.json.decode(note, type=PodMetadata)
    except msgspec.DecodeError:
        return None


def without_injected(one: ReplicaSet) -> JsonObject:
    """The template as it was before anything was injected."""
    if injected(one) is None:
        return one.template
    patch = _metadata_patch(one.template.get("metadata") or {}, injected(one), None)
    template = copied(one.template)
    template["metadata"] = apply_merge_patch(template.get("metadata") or {}, patch)
    return template


def template_patch(one: ReplicaSet, wanted: PodMetadata | None) -> JsonObject:
    """Merge patch of the ReplicaSet; {} when it is as it should be."""
    patch = _metadata_patch(one.template.get("metadata") or {}, injected(one), wanted)
    if not patch:
        return {}
    return {
        "metadata": {"annotations": {EPHEMERAL_METADATA: _note(wanted) if wanted else None}},
        "spec": {"template": {"metadata": patch}},
    }


def _note(wanted: PodMetadata) -> str:
    fields = {"labels": wanted.labels, "annotations": wanted.annotations}
    written = {name: dict(sorted(values.items())) for name, values in fields.items() if values}
    return json.dumps(written, separators=(",", ":"), ensure_ascii=False)


def _metadata_patch(metadata: JsonObject, old: PodMetadata | None, wanted: PodMetadata | None) -> JsonObject:
    patch: JsonObject = {}
    for name in ("labels", "annotations"):
        have: dict[str, str] = metadata.get(name) or {}
        want: dict[str, str] = getattr(wanted, name) if wanted else {}
        was: dict[str, str] = getattr(old, name) if old else {}
        changes: JsonObject = {key: text for key, text in want.items() if have.get(key) != text}
        changes.update({key: None for key in was if key not in want and key in have})
        if changes:
            patch[name] = changes
    return patch


def _sync(work: Pass, one: ReplicaSet | None, wanted: PodMetadata | None, *, pods: bool) -> None:
    if one is None:
        return
    old, patch = injected(one), template_patch(one, wanted)
    if patch:
        work.patch(_REPLICA_SET, one.name, patch)
        one.body = apply_merge_patch(one.body, patch)
        one.annotations = dict(one.body["metadata"].get("annotations") or {})
    if not pods or one.wanted == 0 or (not patch and old is None):
        return
    for pod in work.children.pods:
        if controller_uid(pod) == one.uid and not pod["metadata"].get("deletionTimestamp"):
            change = _metadata_patch(pod["metadata"], old, wanted)
            if change:
                work.patch(POD, pod["metadata"]["name"], {"metadata": change})
