"""core/v1 Service: only one that asks for a load balancer has something to wait for."""

from gitsync.health.fields import items, section, text
from gitsync.health.report import healthy, progressing
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess(body: JsonObject) -> HealthReport:
    if text(section(body, "spec"), "type") != "LoadBalancer":
        return healthy()
    if items(section(section(body, "status"), "loadBalancer"), "ingress"):
        return healthy()
    return progressing("Waiting for the load balancer to get an address")
