"""apps/v1 StatefulSet. Readiness counts before the update strategy is asked."""

from gitsync.health.fields import count, optional_count, section, text
from gitsync.health.report import healthy, progressing
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess(body: JsonObject) -> HealthReport:
    spec, status = section(body, "spec"), section(body, "status")
    observed = count(status, "observedGeneration")
    if observed == 0 or count(section(body, "metadata"), "generation") > observed:
        return progressing("Waiting for statefulset spec update to be observed...")
    replicas, ready = optional_count(spec, "replicas"), count(status, "readyReplicas")
    if replicas is not None and ready < replicas:
        return progressing(f"Waiting for {replicas - ready} pods to be ready...")
    strategy = section(spec, "updateStrategy")
    if text(strategy, "type") == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        return _partitioned(section(strategy, "rollingUpdate"), replicas, count(status, "updatedReplicas"))
    if text(strategy, "type") == "OnDelete":
        return healthy(f"{ready} pods are ready; they are updated when somebody deletes them")
    revision = text(status, "updateRevision")
    if revision != text(status, "currentRevision"):
        updated = count(status, "updatedReplicas")
        return progressing(f"Waiting for rolling update to complete: {updated} pods at revision {revision}...")
    return healthy(f"{count(status, 'currentReplicas')} pods at revision {text(status, 'currentRevision')}")


def _partitioned(rolling_update: JsonObject, replicas: int | None, updated: int) -> HealthReport:
    """Pods below the partition keep the old revision on purpose, so only those above it are waited for."""
    partition = optional_count(rolling_update, "partition")
    if replicas is not None and partition is not None and updated < (wanted := replicas - partition):
        return progressing(
            f"Waiting for partitioned roll out to finish: {updated} out of {wanted} new pods have been updated..."
        )
    return healthy(f"Roll out complete: {updated} new pods have been updated")
