"""ReplicaSets as the revisions of a Deployment: which belongs to which template, and their numbers."""

from collections.abc import Sequence

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import (
    annotations_of,
    labels_of,
    owner_reference,
    short_hash,
    status_of,
)
from gitsync.sandbox.controllers.rollout import Group, limits_of

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
_NOT_COPIED = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        REVISION_HISTORY,
        DESIRED,
        MAXIMUM,
        "deprecated.deployment.rollback.to",
    }
)
_HISTORY_CHARACTERS = 2000


def find_new(deployment: JsonObject, replica_sets: Sequence[JsonObject]) -> JsonObject | None:
    """The ReplicaSet of the Deployment's present template, the oldest if there are several."""
    wanted = _bare(deployment["spec"]["template"])
    for replica_set in replica_sets:
        if _bare(replica_set["spec"]["template"]) == wanted:
            return replica_set
    return None


def new_replica_set(deployment: JsonObject, *, replicas: int, revision: int) -> JsonObject:
    """The ReplicaSet for the Deployment's present template. Its name follows from the template and the collisions so
    far.
    """
    spec, metadata = deployment["spec"], deployment["metadata"]
    template = spec["template"]
    hash_ = short_hash(_bare(template), salt=status_of(deployment).get("collisionCount") or 0)
    template_metadata = template.get("metadata") or {}
    labels = {**(template_metadata.get("labels") or {}), HASH_LABEL: hash_}
    selector = spec["selector"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{hash_}",
            "namespace": metadata["namespace"],
            "labels": labels,
            "annotations": {
                **copied_annotations(deployment),
                **size_annotations(deployment),
                REVISION: str(revision),
            },
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": replicas,
            **({"minReadySeconds": spec["minReadySeconds"]} if spec.get("minReadySeconds") else {}),
            "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH_LABEL: hash_}},
            "template": {**template, "metadata": {**template_metadata, "labels": labels}},
        },
    }


def copied_annotations(deployment: JsonObject) -> dict[str, str]:
    return {name: value for name, value in annotations_of(deployment).items() if name not in _NOT_COPIED}


def size_annotations(deployment: JsonObject) -> dict[str, str]:
    """The sizes that a ReplicaSet was last scaled for: they tell a scaling of the Deployment from a rollout."""
    limits = limits_of(deployment)
    return {DESIRED: str(limits.replicas), MAXIMUM: str(limits.most)}


def revision_of(body: JsonObject) -> int:
    text = annotations_of(body).get(REVISION, "0")
    return int(text) if text.isdigit() else 0


def revision_annotations(replica_set: JsonObject, revision: int) -> dict[str, str]:
    """Annotations of a ReplicaSet that becomes the newest again; its former numbers are kept."""
    old = annotations_of(replica_set)
    annotations = {REVISION: str(revision)}
    if old.get(REVISION) and old[REVISION] != str(revision):
        former = [*filter(None, old.get(REVISION_HISTORY, "").split(",")), old[REVISION]]
        annotations[REVISION_HISTORY] = ",".join(former)[-_HISTORY_CHARACTERS:]
    return annotations


def group_of(replica_set: JsonObject) -> Group:
    maximum = annotations_of(replica_set).get(MAXIMUM, "")
    return Group(
        name=replica_set["metadata"]["name"],
        replicas=replica_set["spec"].get("replicas", 1),
        available=status_of(replica_set).get("availableReplicas", 0),
        of_most=int(maximum) if maximum.isdigit() else 0,
    )


def _bare(template: JsonObject) -> JsonObject:
    """The template without the hash label and without what defaulting leaves empty."""
    metadata = {key: value for key, value in (template.get("metadata") or {}).items() if value}
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name != HASH_LABEL}
    return {**template, "metadata": {**metadata, "labels": labels}}


def hash_of(replica_set: JsonObject) -> str:
    return labels_of(replica_set).get(HASH_LABEL, "")
