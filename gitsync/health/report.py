"""Short names for the reports that rules return."""

from model.health import Health, HealthReport


def healthy(message: str = "") -> HealthReport:
    return HealthReport(Health.HEALTHY, message)


def progressing(message: str = "") -> HealthReport:
    return HealthReport(Health.PROGRESSING, message)


def degraded(message: str = "") -> HealthReport:
    return HealthReport(Health.DEGRADED, message)


def suspended(message: str = "") -> HealthReport:
    return HealthReport(Health.SUSPENDED, message)


def unknown(message: str = "") -> HealthReport:
    return HealthReport(Health.UNKNOWN, message)
