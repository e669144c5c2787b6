"""apps/v1 Deployment: the questions `kubectl rollout status` asks, in its order."""

from gitsync.health.fields import condition, count, flag, optional_count, section, text
from gitsync.health.report import degraded, healthy, progressing, suspended
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess(body: JsonObject) -> HealthReport:
    metadata, spec, status = section(body, "metadata"), section(body, "spec"), section(body, "status")
    if flag(spec, "paused"):
        return suspended("Deployment is paused")
    if count(metadata, "generation") > count(status, "observedGeneration"):
        return progressing("Waiting for rollout to finish: the controller has not seen the newest spec yet")
    rollout = condition(status, "Progressing")
    if rollout is not None and rollout.get("reason") == "ProgressDeadlineExceeded":
        return degraded(_with_cause(f'Deployment "{text(metadata, "name")}" exceeded its progress deadline', status))
    replicas, updated = optional_count(spec, "replicas"), count(status, "updatedReplicas")
    if replicas is not None and updated < replicas:
        return progressing(
            _with_cause(
                f"Waiting for rollout to finish: {updated} out of {replicas} new replicas have been updated...", status
            )
        )
    if (total := count(status, "replicas")) > updated:
        return progressing(f"Waiting for rollout to finish: {total - updated} old replicas are pending termination...")
    if (available := count(status, "availableReplicas")) < updated:
        return progressing(f"Waiting for rollout to finish: {available} of {updated} updated replicas are available...")
    return healthy()


def _with_cause(message: str, status: JsonObject) -> str:
    """Adds why no pod can be created (quota, admission), which the counts alone do not tell."""
    failure = condition(status, "ReplicaFailure")
    if failure is None or failure.get("status") != "True":
        return message
    return f"{message} ({text(failure, 'message')})"
