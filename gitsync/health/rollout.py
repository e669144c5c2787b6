"""argoproj.io Rollout: the phase that its controller writes; for controllers before 1.0, which write none, the counts.

Whatever the controller, a spec that it has not seen yet is Progressing, and a spec that is wrong, an abort and a missed
deadline are Degraded.
"""

from gitsync.health.fields import count, flag, items, optional_count, section, text
from gitsync.health.report import degraded, healthy, progressing, suspended, unknown
from gitsync.manifest.object import JsonObject
from model.health import Health, HealthReport

_BY_PHASE = {
    "Healthy": Health.HEALTHY,
    "Progressing": Health.PROGRESSING,
    "Paused": Health.SUSPENDED,
    "Degraded": Health.DEGRADED,
}
_WORKLOAD_GENERATION = "rollout.argoproj.io/workload-generation"
_FAILURES = ("RolloutAborted", "ProgressDeadlineExceeded")


def assess(body: JsonObject) -> HealthReport:
    status = section(body, "status")
    if not _is_observed(section(body, "metadata"), status) or not _workload_is_observed(body, status):
        return progressing("Waiting for the controller to see the newest spec")
    if phase := text(status, "phase"):
        health = _BY_PHASE.get(phase)
        return HealthReport(health, text(status, "message")) if health else unknown(text(status, "message"))
    for entry in items(status, "conditions"):
        kind = entry.get("type")
        if kind == "InvalidSpec" or (kind == "Progressing" and entry.get("reason") in _FAILURES):
            return degraded(text(entry, "message"))
    if items(status, "pauseConditions") or flag(section(body, "spec"), "paused"):
        return suspended("Rollout is paused")
    return _counted(section(body, "spec"), status)


def _is_observed(metadata: JsonObject, status: JsonObject) -> bool:
    """Controllers before 0.10 write a hash instead of the generation, which says nothing about its age; it may look
    like a number, but then like a large one."""
    observed = status.get("observedGeneration")
    if observed is None:
        return False
    return not str(observed).isdecimal() or int(observed) >= count(metadata, "generation")


def _workload_is_observed(body: JsonObject, status: JsonObject) -> bool:
    """Whether the pod template that is kept in another workload is the one that the status speaks of."""
    if section(body, "spec").get("workloadRef") is None:
        return True
    noted = section(section(body, "metadata"), "annotations").get(_WORKLOAD_GENERATION)
    return noted is None or str(noted) == str(status.get("workloadObservedGeneration"))


def _counted(spec: JsonObject, status: JsonObject) -> HealthReport:
    current = text(status, "currentPodHash")
    if not current:
        return progressing("Waiting for the first reconciliation")
    wanted = optional_count(spec, "replicas")
    updated, available = count(status, "updatedReplicas"), count(status, "availableReplicas")
    if updated < (1 if wanted is None else wanted):
        return progressing("More replicas need to be updated")
    if available < updated:
        return progressing("Updated replicas are still becoming available")
    strategy = section(spec, "strategy")
    if strategy.get("blueGreen") is not None:
        return _switched(status, current)
    if strategy.get("canary") is not None:
        return _stepped(status, current, old=count(status, "replicas") - updated)
    return healthy()


def _stable(status: JsonObject) -> str:
    return text(status, "stableRS") or text(section(status, "canary"), "stableRS")


def _switched(status: JsonObject, current: str) -> HealthReport:
    if text(section(status, "blueGreen"), "activeSelector") != current:
        return progressing("The active service does not point to the new pods yet")
    if _stable(status) not in ("", current):
        return progressing("Waiting for the analysis after promotion")
    return healthy()


def _stepped(status: JsonObject, current: str, *, old: int) -> HealthReport:
    if old > 0:
        return progressing("Old replicas are pending termination")
    return healthy() if _stable(status) == current else progressing("Waiting for the steps to be taken")
