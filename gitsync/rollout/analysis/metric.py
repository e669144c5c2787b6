"""Metrics of a run, with their arguments filled in and their numbers read."""

from dataclasses import dataclass, field
from typing import Any

from gitsync.duration import parse_duration
from gitsync.manifest.object import JsonObject
from gitsync.rollout.analysis.arguments import Arguments, substituted
from gitsync.rollout.analysis.templates import matching
from gitsync.rollout.values import InvalidSpec

DEFAULT_ERROR_LIMIT = 4
DEFAULT_KEPT = 10
NO_LIMIT = -1


@dataclass(frozen=True, slots=True)
class MetricSettings:
    """`count` None: measured for as long as the run lasts. `failure_limit` -1: failures do not matter."""

    name: str
    provider: str
    body: JsonObject = field(repr=False)
    interval_seconds: float | None
    initial_delay_seconds: float
    count: int | None
    success_condition: str = field(repr=False)
    failure_condition: str = field(repr=False)
    failure_limit: int
    inconclusive_limit: int
    consecutive_error_limit: int
    consecutive_success_limit: int
    dry_run: bool
    kept: int


def read_metrics(spec: JsonObject, arguments: Arguments) -> tuple[MetricSettings, ...]:
    """Raises InvalidSpec."""
    bodies = list(spec.get("metrics") or ())
    if not bodies:
        raise InvalidSpec("no metrics specified", suggestion="add a metric")
    names = [str(body.get("name", "")) for body in bodies]
    dry = matching(spec.get("dryRun") or (), names, "dryRun")
    kept = matching(spec.get("measurementRetention") or (), names, "measurementRetention")
    settings: list[MetricSettings] = []
    for position, body in enumerate(bodies):
        name = names[position]
        if name in names[:position]:
            raise InvalidSpec(f"metrics[{position}]: duplicate name '{name}'", suggestion="rename the metric")
        limit = int((kept.get(name) or {}).get("limit") or DEFAULT_KEPT)
        settings.append(_read(position, substituted(body, arguments), dry_run=name in dry, kept=limit))
    return tuple(settings)


def _read(position: int, body: JsonObject, *, dry_run: bool, kept: int) -> MetricSettings:
    interval = _seconds(position, body, "interval")
    count = _number(position, body, "count", None)
    failure_limit = _number(position, body, "failureLimit", 0) or 0
    settings = MetricSettings(
        name=str(body.get("name", "")),
        provider=_provider(position, body),
        body=body,
        interval_seconds=interval,
        initial_delay_seconds=_seconds(position, body, "initialDelay") or 0.0,
        count=count if count else (None if interval is not None else 1),
        success_condition=str(body.get("successCondition") or ""),
        failure_condition=str(body.get("failureCondition") or ""),
        failure_limit=failure_limit,
        inconclusive_limit=_number(position, body, "inconclusiveLimit", 0) or 0,
        consecutive_error_limit=_error_limit(position, body),
        consecutive_success_limit=_number(position, body, "consecutiveSuccessLimit", 0) or 0,
        dry_run=dry_run,
        kept=kept,
    )
    _check(position, settings, count)
    return settings


def _error_limit(position: int, body: JsonObject) -> int:
    limit = _number(position, body, "consecutiveErrorLimit", None)
    return DEFAULT_ERROR_LIMIT if limit is None else limit


def _check(position: int, metric: MetricSettings, count: int | None) -> None:
    """Raises InvalidSpec for numbers that contradict each other."""
    failures, successes, most = metric.failure_limit, metric.consecutive_success_limit, count or 0
    both = f"count ({most}) must be >= failureLimit + consecutiveSuccessLimit ({failures} + {successes}) if both >= 0"
    problems = [
        (successes < 0, "consecutiveSuccessLimit must be >= 0"),
        (failures < NO_LIMIT, "failureLimit must be >= 0, or -1 to be disabled"),
        (failures == NO_LIMIT and not successes, "failureLimit and consecutiveSuccessLimit cannot both be disabled"),
        (metric.inconclusive_limit < 0, "inconclusiveLimit must be >= 0"),
        (metric.consecutive_error_limit < 0, "consecutiveErrorLimit must be >= 0"),
        (failures >= 0 and 0 < most < failures + successes, both),
        (failures < 0 and 0 < most < successes, "count must be >= consecutiveSuccessLimit"),
        (0 < most < metric.inconclusive_limit, "count must be >= inconclusiveLimit"),
        (most > 1 and metric.interval_seconds is None, "interval must be specified when count > 1"),
    ]
    for wrong, message in problems:
        if wrong:
            raise InvalidSpec(f"metrics[{position}]: {message}", suggestion=f"correct the metric {metric.name}")


def _provider(position: int, body: JsonObject) -> str:
    providers = [name for name, settings in (body.get("provider") or {}).items() if settings is not None]
    if not providers:
        raise InvalidSpec(f"metrics[{position}]: no provider specified", suggestion="name where the metric comes from")
    if len(providers) > 1:
        raise InvalidSpec(f"metrics[{position}]: multiple providers specified", suggestion="make one metric of each")
    return str(providers[0])


def _number(position: int, body: JsonObject, field: str, default: int | None) -> int | None:
    value: Any = body.get(field)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except (TypeError, ValueError) as failure:
        raise InvalidSpec(f"metrics[{position}]: {field} is no number", suggestion="write a whole number") from failure


def _seconds(position: int, body: JsonObject, field: str) -> float | None:
    text = body.get(field)
    if text is None or text == "":
        return None
    seconds = parse_duration(str(text))
    if seconds is None:
        raise InvalidSpec(f"metrics[{position}]: {field} is no duration", suggestion='write it like "30s" or "5m"')
    return seconds
