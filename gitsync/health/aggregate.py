"""Health of an application: the worst of its own objects, in which much does not count.

What does not count is handed over with `counts=False`: hooks, objects marked to be skipped or to have their health
ignored, and the application itself. Missing objects count only when nothing of the application is alive at all; objects
without health never do. A child Application that is Missing or Unknown does not, since its own page says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from model.health import Health, HealthReport
from model.identity import ResourceKey

IGNORE_HEALTH_ANNOTATION = "argocd.argoproj.io/ignore-healthcheck"

_MOST_CAUSES = 3


@dataclass(frozen=True, slots=True)
class ResourceHealth:
    """One managed object. `health` is None where no rule exists; `live` is False when it is not in the cluster."""

    key: ResourceKey
    health: HealthReport | None
    live: bool = True
    counts: bool = True


def aggregate_health(resources: Iterable[ResourceHealth]) -> HealthReport:
    """The application's health; its message names up to three objects that are as bad as the worst."""
    counted = [resource for resource in resources if resource.counts]
    if counted and not any(resource.live for resource in counted):
        return HealthReport(Health.MISSING, "None of the objects exists in the cluster")
    reports = [(resource.key, resource.health) for resource in counted if resource.live]
    judged = [(key, report) for key, report in reports if report is not None and not _own_page(key, report)]
    worst = max((report.status for _, report in judged), key=lambda health: health.severity, default=Health.HEALTHY)
    if worst is Health.HEALTHY:
        return HealthReport(Health.HEALTHY)
    return HealthReport(worst, _causes([(key, report) for key, report in judged if report.status is worst]))


def _own_page(key: ResourceKey, report: HealthReport) -> bool:
    return (key.group, key.kind) == ("argoproj.io", "Application") and report.status in (Health.MISSING, Health.UNKNOWN)


def _causes(worst: list[tuple[ResourceKey, HealthReport]]) -> str:
    first = sorted(worst, key=lambda entry: entry[0])[:_MOST_CAUSES]
    named = [f"{key}: {report.message}" if report.message else str(key) for key, report in first]
    rest = len(worst) - len(named)
    return "; ".join(named) + (f"; and {rest} more" if rest else "")
