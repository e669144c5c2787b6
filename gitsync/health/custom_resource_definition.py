"""apiextensions.k8s.io CustomResourceDefinition: usable once its names are accepted and it is established."""

from gitsync.health.fields import items, section, text
from gitsync.health.report import degraded, healthy, progressing
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess(body: JsonObject) -> HealthReport:
    conditions = {text(entry, "type"): entry for entry in items(section(body, "status"), "conditions")}
    if not conditions:
        return progressing("Waiting for the API server to accept the definition")

    def holds(kind: str, status: str) -> bool:
        return kind in conditions and conditions[kind].get("status") == status

    if holds("Terminating", "True"):
        return progressing("The definition is being deleted")
    if holds("NamesAccepted", "False"):
        return degraded(f"Names are not accepted: {text(conditions['NamesAccepted'], 'message')}")
    if holds("NonStructuralSchema", "True"):
        return degraded(f"Schema is not structural: {text(conditions['NonStructuralSchema'], 'message')}")
    if not holds("Established", "True"):
        return degraded("The definition is not established")
    return healthy()
