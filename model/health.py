"""Health and sync status of objects and applications, in the field's words and order.

Order and meaning follow Argo CD: best to worst is Healthy, Suspended, Progressing, Missing, Degraded, Unknown.
"""

import enum
from collections.abc import Iterable

import msgspec


class Health(enum.StrEnum):
    """How an object does, best first. TERMINATED never comes from an object: see `model.report`."""

    HEALTHY = "Healthy"
    SUSPENDED = "Suspended"
    PROGRESSING = "Progressing"
    MISSING = "Missing"
    DEGRADED = "Degraded"
    UNKNOWN = "Unknown"

    @property
    def severity(self) -> int:
        """0 is best."""
        return _SEVERITY[self]


_SEVERITY = {health: rank for rank, health in enumerate(Health)}


def worst(healths: Iterable[Health]) -> Health:
    """The worst of them; HEALTHY when there is none, since nothing is wrong with nothing."""
    return max(healths, key=_SEVERITY.__getitem__, default=Health.HEALTHY)


class HealthReport(msgspec.Struct, frozen=True):
    """Health of one object with the sentence that explains it."""

    status: Health
    message: str = ""


class Sync(enum.StrEnum):
    """Whether live equals desired. An error is UNKNOWN, never SYNCED."""

    SYNCED = "Synced"
    OUT_OF_SYNC = "OutOfSync"
    UNKNOWN = "Unknown"
