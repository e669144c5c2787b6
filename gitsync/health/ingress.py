"""networking.k8s.io (and the old extensions) Ingress."""

from gitsync.health.fields import items, section
from gitsync.health.report import healthy, progressing
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess(body: JsonObject) -> HealthReport:
    if items(section(section(body, "status"), "loadBalancer"), "ingress"):
        return healthy()
    return progressing("Waiting for an ingress controller to publish an address")
