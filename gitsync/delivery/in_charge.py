"""Who reconciles Rollouts in this cluster? Two controllers would scale each other's pods up and down.

An upstream controller at work (a fresh Lease of its leader election, or its Deployment with replicas) makes this one
watch only, unless the two share the cluster by instance ids: a controller handles just the objects that carry its id.
Among Argosy runtimes a Lease of our own decides; whoever holds it renews it while it works.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gitsync.fleet.watch_only import at_work
from gitsync.kube.client import Cluster
from gitsync.kube.errors import AlreadyExists, Conflict, Forbidden, NotFound
from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind

UPSTREAM_LEASE = "argo-rollouts-controller-lock"
UPSTREAM_SELECTOR = "app.kubernetes.io/name=argo-rollouts"
OUR_LEASE = "argosy-rollouts"
_DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
_LEASE = GroupVersionKind("coordination.k8s.io", "v1", "Lease")
_FRESH_SECONDS = 60
_LEASE_SECONDS = 30


async def upstream_in_charge(cluster: Cluster, *, now: Callable[[], datetime]) -> str:
    """A sentence that names the upstream controller at work, or "". Raises ClusterError."""
    for lease in await cluster.list(_LEASE, field_selector=f"metadata.name={UPSTREAM_LEASE}"):
        spec = lease.get("spec") or {}
        if _age_seconds(spec.get("renewTime"), now()) < _FRESH_SECONDS and spec.get("holderIdentity"):
            where = lease["metadata"].get("namespace")
            return f"{spec['holderIdentity']} holds a fresh Lease {where}/{UPSTREAM_LEASE}"
    for workload in await cluster.list(_DEPLOYMENT, label_selector=UPSTREAM_SELECTOR):
        labels = workload["metadata"].get("labels") or {}
        if at_work(workload) and labels.get("app.kubernetes.io/component") != "rollouts-dashboard":
            metadata = workload["metadata"]
            return f"Deployment {metadata.get('namespace')}/{metadata['name']} reconciles the Rollouts of this cluster"
    return ""


async def hold_our_lease(
    cluster: Cluster, namespace: str, *, identity: str, instance_id: str, now: Callable[[], datetime]
) -> str:
    """Takes or renews our Lease; a sentence that names the other holder when it is not ours. Raises ClusterError."""
    name = f"{OUR_LEASE}-{instance_id}" if instance_id else OUR_LEASE
    lease = await cluster.get(_LEASE, namespace, name)
    try:
        if lease is None:
            await cluster.create(_lease(namespace, name, identity, now()))
            return ""
        spec = lease.get("spec") or {}
        holder = str(spec.get("holderIdentity") or "")
        fresh = _age_seconds(spec.get("renewTime"), now()) < (spec.get("leaseDurationSeconds") or _LEASE_SECONDS)
        if holder not in ("", identity) and fresh:
            return f"{holder} holds the Lease {namespace}/{name}"
        renewed = _lease(namespace, name, identity, now())
        renewed["metadata"]["resourceVersion"] = lease["metadata"].get("resourceVersion")
        await cluster.replace(renewed)
    except (AlreadyExists, Conflict):
        return f"the Lease {namespace}/{name} is being taken by another runtime"
    except (Forbidden, NotFound):
        return ""  # without permission for Leases (or a namespace for them) nobody can share; one runtime works
    return ""


async def leave_our_lease(cluster: Cluster, namespace: str, *, identity: str, instance_id: str) -> None:
    """Lets another runtime take over at once."""
    name = f"{OUR_LEASE}-{instance_id}" if instance_id else OUR_LEASE
    lease = await cluster.get(_LEASE, namespace, name)
    if lease is not None and (lease.get("spec") or {}).get("holderIdentity") == identity:
        body = {**lease, "spec": {**lease["spec"], "holderIdentity": ""}}
        await cluster.replace(body)


def _lease(namespace: str, name: str, identity: str, moment: datetime) -> JsonObject:
    return {
        "apiVersion": _LEASE.api_version,
        "kind": _LEASE.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "holderIdentity": identity,
            "leaseDurationSeconds": _LEASE_SECONDS,
            "renewTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        },
    }


def _age_seconds(renewed: object, moment: datetime) -> float:
    if not isinstance(renewed, str):
        return float("inf")
    try:
        age: timedelta = moment - datetime.fromisoformat(renewed)
    except (ValueError, TypeError):
        return float("inf")
    return age.total_seconds()
