"""The canary of the demo: `recommendations` ran in the cluster before, so the version in Git is an update of it.

Without that the version in Git would be the first one, and a first version has no steps to promote or to abort.
"""

from pathlib import Path

import yaml

from gitsync.manifest.object import JsonObject
from gitsync.rollout.hashing import steps_hash
from gitsync.sandbox.objects import Objects
from model.identity import GroupVersionKind, ResourceKey

_MANIFESTS = Path(__file__).parent / "demo" / "apps" / "recommendations"
_NAMESPACE = "shop"
_IMAGE_BEFORE = "registry.example.com/shop/recommendations:1.4.2"
_HASH_LABEL = "rollouts-pod-template-hash"
_HASH = "first"  # a controller knows a ReplicaSet by its template, whatever the hash is called
_MANAGER = "argosy-demo"


def seed_first_version(objects: Objects) -> None:
    """The application as it ran before, its Rollout fully promoted; nothing where it runs already."""
    bodies: list[JsonObject] = [
        body for path in sorted(_MANIFESTS.glob("*.yaml")) for body in yaml.safe_load_all(path.read_text())
    ]
    _create(objects, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _NAMESPACE}})
    for body in bodies:
        body["metadata"]["namespace"] = _NAMESPACE
        if body["kind"] == "Rollout":
            _create_rollout(objects, body)
        else:
            _create(objects, body)


def _create_rollout(objects: Objects, body: JsonObject) -> None:
    spec, metadata = body["spec"], body["metadata"]
    if objects.get(ResourceKey("argoproj.io", "Rollout", _NAMESPACE, metadata["name"])) is not None:
        return
    spec["template"]["spec"]["containers"][0]["image"] = _IMAGE_BEFORE
    metadata["annotations"] = {"rollout.argoproj.io/revision": "1"}
    created = objects.create(body, manager=_MANAGER)
    objects.update_status({**created, "status": _status(spec)}, manager=_MANAGER)
    _create(objects, _replica_set(created))


def _create(objects: Objects, body: JsonObject) -> None:
    gvk, metadata = GroupVersionKind.parse(body["apiVersion"], body["kind"]), body["metadata"]
    if objects.get(ResourceKey(gvk.group, gvk.kind, metadata.get("namespace", ""), metadata["name"])) is None:
        objects.create(body, manager=_MANAGER)


def _status(spec: JsonObject) -> JsonObject:
    steps = spec["strategy"]["canary"]["steps"]
    return {
        "currentPodHash": _HASH,
        "stableRS": _HASH,
        "currentStepHash": steps_hash(steps),
        "currentStepIndex": len(steps),
        "observedGeneration": "1",
        "phase": "Healthy",
    }


def _replica_set(rollout: JsonObject) -> JsonObject:
    metadata, spec = rollout["metadata"], rollout["spec"]
    template = spec["template"]
    labels = {**template["metadata"]["labels"], _HASH_LABEL: _HASH}
    owner = {"apiVersion": rollout["apiVersion"], "kind": "Rollout", "name": metadata["name"], "uid": metadata["uid"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{_HASH}",
            "namespace": _NAMESPACE,
            "labels": labels,
            "annotations": {
                "rollout.argoproj.io/revision": "1",
                "rollout.argoproj.io/desired-replicas": str(spec["replicas"]),
            },
            "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
        },
        "spec": {
            "replicas": spec["replicas"],
            "selector": {"matchLabels": {**spec["selector"]["matchLabels"], _HASH_LABEL: _HASH}},
            "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
        },
    }
