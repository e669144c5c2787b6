"""apps/v1 ReplicaSet."""

from gitsync.health.fields import condition, count, optional_count, section, text
from gitsync.health.report import degraded, healthy, progressing
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess(body: JsonObject) -> HealthReport:
    status = section(body, "status")
    if count(section(body, "metadata"), "generation") > count(status, "observedGeneration"):
        return progressing("Waiting for rollout to finish: the controller has not seen the newest spec yet")
    failure = condition(status, "ReplicaFailure")
    if failure is not None and failure.get("status") == "True":
        return degraded(text(failure, "message"))
    replicas, available = optional_count(section(body, "spec"), "replicas"), count(status, "availableReplicas")
    if replicas is not None and available < replicas:
        return progressing(
            f"Waiting for rollout to finish: {available} out of {replicas} new replicas are available..."
        )
    return healthy()
