"""batch/v1 CronJob: Degraded once its last run has ended without success.

A run that is under way and a schedule that is switched off are Healthy: both can last for weeks, and neither is a
reason to call the application anything but well.
"""

from gitsync.health.fields import flag, items, section, text
from gitsync.health.report import degraded, healthy
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess(body: JsonObject) -> HealthReport:
    status = section(body, "status")
    if flag(section(body, "spec"), "suspend"):
        return healthy("CronJob is suspended")
    scheduled = text(status, "lastScheduleTime")
    if not scheduled:
        return healthy("CronJob has not been scheduled yet")
    if active := items(status, "active"):
        return healthy(f"{len(active)} jobs are running")
    # Both times are RFC 3339 in UTC and of one length, so they compare as text.
    if text(status, "lastSuccessfulTime") < scheduled:
        return degraded(f"The run of {scheduled} did not succeed")
    return healthy("The last run succeeded")
