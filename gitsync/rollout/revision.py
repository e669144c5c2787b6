"""Which ReplicaSet is the new one, its revision, and its creation when there is none."""

import msgspec

from gitsync.manifest.merge_patch import apply_merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.rollout import anti_affinity, conditions, pod_metadata
from gitsync.rollout.defaults import replicas
from gitsync.rollout.hashing import template_hash
from gitsync.rollout.replica_set import EXPERIMENT_NAME, ReplicaSet, copied, read_replica_set, with_hash
from gitsync.rollout.template import same_template
from gitsync.rollout.working import ROLLOUT, Pass
from model.identity import GroupVersionKind
from model.kinds.rollout import (
    DESIRED_REPLICAS,
    HASH_LABEL,
    REVISION,
    REVISION_HISTORY,
    SCALE_DOWN_DEADLINE,
    SKIPPED_STEPS,
    WORKLOAD_GENERATION,
    Rollout,
)

REPLICA_SET = GroupVersionKind("apps", "v1", "ReplicaSet")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_NOT_COPIED = frozenset(
    {_LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, WORKLOAD_GENERATION, SKIPPED_STEPS}
)


def find_new(rollout: Rollout, found: list[ReplicaSet]) -> ReplicaSet | None:
    """By its hash, as older or newer controllers make it; else the recorded one if its template still fits; else any
    whose template means the same.
    """
    template = rollout.spec.template or {}
    ordered = sorted(found, key=lambda one: (one.created, one.name))
    for null_timestamp in (True, False):
        hash_ = template_hash(template, rollout.status.collision_count, null_timestamp=null_timestamp)
        if match := with_hash(ordered, hash_):
            return match
    recorded = with_hash(ordered, rollout.status.current_pod_hash)
    candidates = [recorded, *ordered] if recorded else ordered
    return next((one for one in candidates if _fits(rollout, one, template)), None)


def _fits(rollout: Rollout, one: ReplicaSet, template: JsonObject) -> bool:
    live = pod_metadata.without_injected(one)
    return same_template(anti_affinity.without_injected(live, rollout), template)


def max_revision(found: list[ReplicaSet]) -> int:
    return max((one.revision for one in found if EXPERIMENT_NAME not in one.annotations), default=0)


def current_hash(work: Pass) -> str:
    """Of the new ReplicaSet, or the one that it is going to have."""
    if work.new is not None:
        return work.new.hash
    return template_hash(work.rollout.spec.template or {}, work.rollout.status.collision_count)


def sync_revision(work: Pass) -> None:
    """Brings annotations of the new ReplicaSet and the revision of the Rollout up to date. Creates nothing."""
    if work.new is None:
        return
    revision = max_revision([one for one in work.all if one is not work.new]) + 1
    annotations = _annotations(work, work.new, revision)
    patch: JsonObject = {}
    if annotations != work.new.annotations:
        changed = {key: text for key, text in annotations.items() if work.new.annotations.get(key) != text}
        patch["metadata"] = {"annotations": changed}
    if (work.new.body["spec"].get("minReadySeconds") or 0) != work.rollout.spec.min_ready_seconds:
        patch["spec"] = {"minReadySeconds": work.rollout.spec.min_ready_seconds}
    if anti_affinity.is_stale(work.rollout, work.new.template, work.new.hash):
        affinity = anti_affinity.affinity(work.rollout, work.new.hash)
        patch.setdefault("spec", {})["template"] = {"spec": {"affinity": affinity}}
    if patch:
        work.patch(REPLICA_SET, work.new.name, patch)
        work.new.annotations = annotations
        work.new.body = apply_merge_patch(work.new.body, patch)
    set_rollout_revision(work, work.new.annotations.get(REVISION, str(revision)))
    if conditions.condition_of(work.rollout.status.conditions, conditions.PROGRESSING) is None:
        message = f'Found new replica set "{work.new.name}"'
        _progressing(work, "FoundNewReplicaSet", message)


def _annotations(work: Pass, one: ReplicaSet | None, revision: int) -> dict[str, str]:
    """What the ReplicaSet should carry; earlier revisions are remembered when it comes back to life."""
    before = one.annotations if one else {}
    after = {**before, **{key: text for key, text in work.annotations.items() if key not in _NOT_COPIED}}
    old = before.get(REVISION, "")
    if (int(old) if old.isdigit() else 0) < revision:
        after[REVISION] = str(revision)
        if old:
            history = [text for text in before.get(REVISION_HISTORY, "").split(",") if text]
            after[REVISION_HISTORY] = ",".join([*history, old])
    if one is None:
        after[DESIRED_REPLICAS] = str(replicas(work.rollout))
    return after


def set_rollout_revision(work: Pass, revision: str) -> None:
    if work.annotations.get(REVISION) == revision:
        return
    work.patch_self({"metadata": {"annotations": {REVISION: revision}}})
    annotations = {**work.annotations, REVISION: revision}
    work.rollout = replaced_annotations(work.rollout, annotations)
    work.pausing.rollout = work.rollout
    work.event("RolloutUpdated", f"Rollout updated to revision {revision}")


def replaced_annotations(rollout: Rollout, annotations: dict[str, str]) -> Rollout:
    metadata = msgspec.structs.replace(rollout.metadata, annotations=annotations)
    return msgspec.structs.replace(rollout, metadata=metadata)


def create_new(work: Pass) -> None:
    """Creates the ReplicaSet of the current template with no pods; a taken name makes the next one."""
    spec, collisions = work.rollout.spec, work.rollout.status.collision_count
    template = spec.template or {}
    hash_ = template_hash(template, collisions)
    taken = {body["metadata"]["name"] for body in work.children.replica_sets}
    if f"{work.name}-{hash_}" in taken:
        work.patch(ROLLOUT, work.name, {"status": {"collisionCount": (collisions or 0) + 1}}, subresource="status")
        work.wake(work.now)
        return
    revision = max_revision(work.all) + 1
    body = replica_set_body(work, hash_, revision)
    work.creates.append(body)
    set_rollout_revision(work, str(revision))
    work.event("NewReplicaSetCreated", f"Created ReplicaSet {body['metadata']['name']} (revision {revision})")
    _progressing(work, "NewReplicaSetCreated", f'Created new replica set "{body["metadata"]["name"]}"')
    work.wake(work.now)


def replica_set_body(work: Pass, hash_: str, revision: int) -> JsonObject:
    spec = work.rollout.spec
    template = copied(spec.template or {})
    metadata = template.setdefault("metadata", {})
    metadata["labels"] = {**(metadata.get("labels") or {}), HASH_LABEL: hash_}
    affinity = anti_affinity.affinity(work.rollout, hash_)
    if affinity:
        template["spec"]["affinity"] = affinity
    selector = copied(spec.selector or {})
    selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH_LABEL: hash_}
    annotations = _annotations(work, None, revision)
    annotations.pop(SCALE_DOWN_DEADLINE, None)
    body: JsonObject = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{work.name}-{hash_}",
            "namespace": work.namespace,
            "labels": dict(metadata["labels"]),
            "annotations": annotations,
            "ownerReferences": [work.owner],
        },
        "spec": {"replicas": 0, "selector": selector, "template": template},
    }
    if spec.min_ready_seconds:
        body["spec"]["minReadySeconds"] = spec.min_ready_seconds
    wanted = pod_metadata.wanted_for_new(work)
    if wanted is not None and (wanted.labels or wanted.annotations):
        patch = pod_metadata.template_patch(read_replica_set(body), wanted)
        body = apply_merge_patch(body, patch)
    return body


def _progressing(work: Pass, reason: str, message: str) -> None:
    """Written at once: whatever else this pass does, the clock of the deadline starts here."""
    after, changed = conditions.with_condition(
        work.rollout.status.conditions, conditions.PROGRESSING, "True", reason, message, work.stamp
    )
    if changed:
        work.write_conditions(after)
