"""Kinds of argoproj.io whose controller sums itself up in `status.phase`: Workflow, Rollout, AnalysisRun, Experiment.

A Rollout counts only once its controller has seen the newest spec; its observedGeneration is a string.
"""

from gitsync.health.fields import section, text
from gitsync.health.report import progressing
from gitsync.manifest.object import JsonObject
from model.health import Health, HealthReport

_WORKFLOW = {
    "": Health.PROGRESSING,
    "Pending": Health.PROGRESSING,
    "Running": Health.PROGRESSING,
    "Succeeded": Health.HEALTHY,
    "Failed": Health.DEGRADED,
    "Error": Health.DEGRADED,
}
_ANALYSIS = {
    "": Health.PROGRESSING,
    "Pending": Health.PROGRESSING,
    "Running": Health.PROGRESSING,
    "Successful": Health.HEALTHY,
    "Failed": Health.DEGRADED,
    "Error": Health.DEGRADED,
}
_ROLLOUT = {
    "": Health.PROGRESSING,
    "Progressing": Health.PROGRESSING,
    "Paused": Health.SUSPENDED,
    "Healthy": Health.HEALTHY,
    "Degraded": Health.DEGRADED,
}


def assess_workflow(body: JsonObject) -> HealthReport:
    return _by_phase(body, _WORKFLOW)


def assess_analysis(body: JsonObject) -> HealthReport:
    return _by_phase(body, _ANALYSIS)


def assess_rollout(body: JsonObject) -> HealthReport:
    generation, observed = (
        section(body, "metadata").get("generation"),
        section(body, "status").get("observedGeneration"),
    )
    if observed is None or str(generation) != str(observed):
        return progressing("Waiting for the controller to see the newest spec")
    return _by_phase(body, _ROLLOUT)


def _by_phase(body: JsonObject, table: dict[str, Health]) -> HealthReport:
    status = section(body, "status")
    return HealthReport(table.get(text(status, "phase"), Health.UNKNOWN), text(status, "message"))
