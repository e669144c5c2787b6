"""policy PodDisruptionBudget.

A budget that allows no disruption at the moment does its work and is Healthy, as in Argo CD; one that its controller
cannot evaluate, for whatever reason, is Degraded.
"""

from gitsync.health.fields import condition, section, text
from gitsync.health.report import degraded, healthy, progressing
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess(body: JsonObject) -> HealthReport:
    allowed = condition(section(body, "status"), "DisruptionAllowed")
    if allowed is None:
        return progressing("Waiting for the budget to be evaluated")
    reason = text(allowed, "reason")
    if allowed.get("status") == "False" and reason != "InsufficientPods":
        return degraded(text(allowed, "message") or reason)
    return healthy(reason)
