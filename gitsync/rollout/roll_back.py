"""Going back to the pod template of an earlier revision."""

import json

from gitsync.manifest.object import JsonObject
from gitsync.rollout.anti_affinity import without_injected
from gitsync.rollout.replica_set import ReplicaSet, copied
from gitsync.rollout.values import Patch
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.rollout import EPHEMERAL_METADATA, GROUP, HASH_LABEL, VERSION, Rollout


def template_patch(rollout: Rollout, revision: ReplicaSet) -> Patch:
    """Replaces the template where it is kept: in the Rollout, or in the workload that it refers to."""
    path, metadata = "/spec/template", rollout.metadata
    key, version = ResourceKey(GROUP, "Rollout", metadata.namespace, metadata.name), VERSION
    if (reference := rollout.spec.workload_ref) is not None and reference.name:
        gvk = GroupVersionKind.parse(reference.api_version, reference.kind)
        key, version = ResourceKey(gvk.group, gvk.kind, metadata.namespace, reference.name), gvk.version
        path = "/template" if gvk.kind == "PodTemplate" else path
    operation: JsonObject = {"op": "replace", "path": path, "value": plain_template(rollout, revision)}
    return Patch(key, version, (operation,), kind="json")


def plain_template(rollout: Rollout, revision: ReplicaSet) -> JsonObject:
    """As people wrote it: without the hash label, injected rules, and what the role of the pods put on them."""
    template = without_injected(copied(revision.template), rollout)
    note = _note(revision)
    metadata = dict(template.get("metadata") or {})
    for field in ("labels", "annotations"):
        injected = {*(note.get(field) or {}), *((HASH_LABEL,) if field == "labels" else ())}
        kept = {key: value for key, value in (metadata.get(field) or {}).items() if key not in injected}
        if kept:
            metadata[field] = kept
        else:
            metadata.pop(field, None)
    metadata.pop("creationTimestamp", None)
    return {**template, "metadata": metadata}


def _note(revision: ReplicaSet) -> JsonObject:
    try:
        note = json.loads(revision.annotations.get(EPHEMERAL_METADATA) or "{}")
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}
