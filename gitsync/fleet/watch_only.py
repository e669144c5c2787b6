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
from gitsync.settings import RuntimeSettings
from model.identity import GroupVersionKind

CONTROLLER = "argocd-application-controller"
APPLICATION_SET_CONTROLLER = "argocd-applicationset-controller"
_RECONCILES = {CONTROLLER: "Applications", APPLICATION_SET_CONTROLLER: "ApplicationSets"}
_FRESH = timedelta(seconds=60)
_WORKLOADS = (GroupVersionKind("apps", "v1", "StatefulSet"), GroupVersionKind("apps", "v1", "Deployment"))
_LEASE = GroupVersionKind("coordination.k8s.io", "v1", "Lease")


def said_by_settings(settings: RuntimeSettings, controller: str) -> str | None:
    """What the settings decide about our counterpart of `controller`: why it is to do nothing, "" when it is to work;
    None: it depends on who is at work in the namespace."""
    kinds = _RECONCILES[controller]
    if kinds.lower() not in settings.controllers:
        return f"the controller of {kinds.lower()} is switched off in this runtime"
    if settings.engine == "argo-cd":
        return f"this runtime is set to drive an upstream Argo CD, which reconciles the {kinds}"
    return "" if settings.engine == "argosy" else None


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
