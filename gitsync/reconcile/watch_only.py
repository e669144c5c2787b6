"""Is somebody else's controller in charge of this namespace?

Two controllers that reconcile the same Applications would fight for every object. So an Argo CD application
controller that is at work in the home namespace (its workload has replicas, or its Lease is fresh) makes this runtime
watch only: it shows everything and changes nothing, until it is told to take over.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind

CONTROLLER = "argocd-application-controller"
APPLICATION_SET_CONTROLLER = "argocd-applicationset-controller"
_RECONCILES = {CONTROLLER: "Applications", APPLICATION_SET_CONTROLLER: "ApplicationSets"}
_FRESH = timedelta(seconds=60)
_WORKLOADS = (GroupVersionKind("apps", "v1", "StatefulSet"), GroupVersionKind("apps", "v1", "Deployment"))
_LEASE = GroupVersionKind("coordination.k8s.io", "v1", "Lease")


async def who_is_in_charge(
    cluster: Cluster, namespace: str, *, now: Callable[[], datetime], controller: str = CONTROLLER
) -> str:
    """A sentence that names the other controller, or "". Raises ClusterError."""
    kind = _RECONCILES[controller]
    for gvk in _WORKLOADS:
        workload = await cluster.get(gvk, namespace, controller)
        if workload is not None and at_work(workload):
            return f"{gvk.kind} {namespace}/{controller} reconciles the {kind} of this namespace"
    lease = await cluster.get(_LEASE, namespace, controller)
    if lease is not None and is_fresh(lease, now()):
        holder = (lease.get("spec") or {}).get("holderIdentity") or "somebody"
        return f"{holder} holds a fresh Lease {namespace}/{controller}"
    return ""


def at_work(workload: JsonObject) -> bool:
    """It wants at least one replica; one that is scaled to zero has been put to rest on purpose."""
    replicas = (workload.get("spec") or {}).get("replicas", 1)
    return isinstance(replicas, int) and replicas > 0


def is_fresh(lease: JsonObject, now: datetime) -> bool:
    renewed = (lease.get("spec") or {}).get("renewTime")
    if not renewed:
        return False
    return now - msgspec.convert(renewed, datetime, strict=False) < _FRESH
