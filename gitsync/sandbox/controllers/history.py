"""ControllerRevisions: the templates that a StatefulSet or DaemonSet has had, by number."""

from collections.abc import Sequence

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import owner_reference, short_hash, status_of, uid_of
from gitsync.sandbox.controllers.cluster import Cluster

HASH_LABEL = "controller-revision-hash"
_HASH_LABELS = {"DaemonSet": HASH_LABEL, "StatefulSet": "controller.kubernetes.io/hash"}


def revisions_of(cluster: Cluster, owner: JsonObject) -> list[JsonObject]:
    """Oldest first."""
    return sorted(cluster.children(owner, "ControllerRevision"), key=lambda revision: int(revision["revision"]))


def current_revision(cluster: Cluster, owner: JsonObject) -> JsonObject:
    """The revision of the owner's present template, made if it is new; an old one that is back gets the highest
    number.
    """
    data = {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}}
    revisions = revisions_of(cluster, owner)
    highest = int(revisions[-1]["revision"]) if revisions else 0
    for revision in reversed(revisions):
        if revision["data"] == data:
            if int(revision["revision"]) == highest:
                return revision
            return cluster.objects.update({**revision, "revision": highest + 1})
    return _create(cluster, owner, data, highest + 1)


def prune_history(cluster: Cluster, owner: JsonObject, *, live: frozenset[str]) -> None:
    """Drops the oldest revisions beyond the limit; those in `live` stay and do not count."""
    limit = owner["spec"].get("revisionHistoryLimit", 10)
    idle = [revision for revision in revisions_of(cluster, owner) if revision["metadata"]["name"] not in live]
    for revision in idle[: max(0, len(idle) - limit)]:
        cluster.delete(revision)


def template_of(revision: JsonObject) -> JsonObject:
    template = dict(revision["data"]["spec"]["template"])
    template.pop("$patch", None)
    return template


def hash_of(revision: JsonObject) -> str:
    """The hash as pods of a DaemonSet carry it; those of a StatefulSet carry the revision's whole name."""
    return str((revision["metadata"].get("labels") or {}).get(HASH_LABEL, ""))


def find_revision(revisions: Sequence[JsonObject], name: str) -> JsonObject | None:
    return next((revision for revision in revisions if revision["metadata"]["name"] == name), None)


def _create(cluster: Cluster, owner: JsonObject, data: JsonObject, number: int) -> JsonObject:
    metadata = owner["metadata"]
    hash_ = short_hash([data, uid_of(owner)], salt=status_of(owner).get("collisionCount") or 0)
    labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
    return cluster.objects.create(
        {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {
                "name": f"{metadata['name']}-{hash_}",
                "namespace": metadata["namespace"],
                "labels": {**labels, _HASH_LABELS[owner["kind"]]: hash_},
                "ownerReferences": [owner_reference(owner)],
            },
            "data": data,
            "revision": number,
        }
    )
