"""apps/v1 DaemonSet."""

from gitsync.health.fields import count, section, text
from gitsync.health.report import healthy, progressing
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess(body: JsonObject) -> HealthReport:
    status = section(body, "status")
    if count(section(body, "metadata"), "generation") > count(status, "observedGeneration"):
        return progressing("Waiting for rollout to finish: the controller has not seen the newest spec yet")
    updated, desired = count(status, "updatedNumberScheduled"), count(status, "desiredNumberScheduled")
    if text(section(section(body, "spec"), "updateStrategy"), "type") == "OnDelete":
        return healthy(f"{updated} out of {desired} pods are new; the others are updated when somebody deletes them")
    if updated < desired:
        return progressing(f"Waiting for rollout to finish: {updated} out of {desired} new pods have been updated...")
    if (available := count(status, "numberAvailable")) < desired:
        return progressing(f"Waiting for rollout to finish: {available} of {desired} updated pods are available...")
    return healthy()
