"""Addresses from outside: what a cloud gives to a Service of type LoadBalancer and to an Ingress, a moment after the
wish.

There is no network behind them. They exist so that what waits for an address gets one, as it would in a cloud.
"""

import hashlib

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import created_at, is_deleting, status_of
from gitsync.sandbox.controllers.cluster import Cluster
from model.identity import ResourceKey

DELAY_SECONDS = 1.0
_BY = "service-controller"


class Addresses:
    """Gives each its address once, and takes it back when a Service is no longer of that type."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, key: ResourceKey) -> None:
        body = self._cluster.objects.get(key)
        if body is None or is_deleting(body):
            return
        wanted = key.kind == "Ingress" or body["spec"].get("type") == "LoadBalancer"
        has = bool((status_of(body).get("loadBalancer") or {}).get("ingress"))
        if wanted and not has:
            wait_seconds = DELAY_SECONDS - (self._cluster.now - created_at(body)).total_seconds()
            if wait_seconds > 0:
                self._cluster.queue.add_after(wait_seconds, self.reconcile, key)
            else:
                self._give(body)
        elif has and not wanted:
            self._cluster.write_status(body, {**status_of(body), "loadBalancer": {}})

    def _give(self, body: JsonObject) -> None:
        entry: JsonObject = {"ip": _address(body)}
        if body["kind"] == "Service":
            entry["ipMode"] = "VIP"
            self._cluster.events.normal(body, "EnsuredLoadBalancer", "Ensured load balancer", by=_BY)
        self._cluster.write_status(body, {**status_of(body), "loadBalancer": {"ingress": [entry]}})


def _address(body: JsonObject) -> str:
    """One of a range kept for documentation, so that nobody mistakes it for a real one."""
    metadata = body["metadata"]
    if body["kind"] == "Service" and body["spec"].get("loadBalancerIP"):
        return str(body["spec"]["loadBalancerIP"])
    name = f"{body['kind']}/{metadata['namespace']}/{metadata['name']}".encode()
    return f"203.0.113.{hashlib.sha256(name).digest()[0] % 254 + 1}"
