"""batch/v1 Job.

Deviation from Argo CD: there a Job that was suspended and then resumed (condition Suspended with status False) counts
as complete, hence Healthy while it still runs. Here it is Progressing, so that a wave behind it really waits.
"""

from gitsync.health.fields import items, section, text
from gitsync.health.report import degraded, healthy, progressing, suspended
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess(body: JsonObject) -> HealthReport:
    conditions = {text(entry, "type"): entry for entry in items(section(body, "status"), "conditions")}
    if failed := conditions.get("Failed"):
        return degraded(text(failed, "message") or text(failed, "reason"))
    if (pause := conditions.get("Suspended")) and pause.get("status") == "True":
        return suspended(text(pause, "message"))
    if complete := conditions.get("Complete"):
        return healthy(text(complete, "message"))
    return progressing()
