"""apiregistration.k8s.io APIService: an aggregated API server that does not answer is still expected to come."""

from gitsync.health.fields import condition, section, text
from gitsync.health.report import healthy, progressing
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess(body: JsonObject) -> HealthReport:
    available = condition(section(body, "status"), "Available")
    if available is None:
        return progressing("Waiting to be processed")
    message = f"{text(available, 'reason')}: {text(available, 'message')}"
    return healthy(message) if available.get("status") == "True" else progressing(message)
