"""core/v1 PersistentVolumeClaim."""

from gitsync.health.fields import section, text
from gitsync.manifest.object import JsonObject
from model.health import Health, HealthReport

_BY_PHASE = {"Bound": Health.HEALTHY, "Pending": Health.PROGRESSING, "Lost": Health.DEGRADED}
_MESSAGES = {"Pending": "Waiting for a volume to be bound", "Lost": "The bound volume does not exist any more"}


def assess(body: JsonObject) -> HealthReport:
    phase = text(section(body, "status"), "phase")
    return HealthReport(_BY_PHASE.get(phase, Health.UNKNOWN), _MESSAGES.get(phase, ""))
