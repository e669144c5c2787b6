"""batch/v1 CronJob: Degraded once a run has ended without success after others had succeeded.

A run that is under way and a schedule that is switched off are Healthy: both can last for weeks, and neither is a
reason to call the application anything but well. One that never succeeded is not called Degraded either, as in Argo CD:
its status does not tell a first run that failed from one that nobody has seen the end of.
"""

from gitsync.health.fields import flag, items, section, text
from gitsync.health.report import degraded, healthy, progressing
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess(body: JsonObject) -> HealthReport:
    status = section(body, "status")
    if flag(section(body, "spec"), "suspend"):
        return healthy("CronJob is suspended")
    if body.get("status") is None:
        return progressing("Waiting for the controller to see the CronJob")
    scheduled, succeeded = text(status, "lastScheduleTime"), text(status, "lastSuccessfulTime")
    if not scheduled:
        return healthy("CronJob has not been scheduled yet")
    if active := items(status, "active"):
        return healthy(f"{len(active)} jobs are running")
    if not succeeded:
        return healthy(f"No run has succeeded yet; the last one was of {scheduled}")
    # Both times are RFC 3339 in UTC and of one length, so they compare as text.
    if succeeded < scheduled:
        return degraded(f"The run of {scheduled} did not succeed")
    return healthy("The last run succeeded")
