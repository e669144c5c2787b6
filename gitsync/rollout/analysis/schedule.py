"""Which measurements are due, and when the next one will be."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from gitsync.manifest.object import JsonObject
from gitsync.rollout.analysis.metric import MetricSettings
from gitsync.rollout.analysis.results import finished_at, last_measurement, phase_of, unfinished
from gitsync.rollout.analysis.values import Action, Phase, Question
from gitsync.rollout.times import read_time

_ERROR_RETRY_SECONDS = 10.0
_RESUME_SECONDS = 15.0  # a Job's end is seen by watching it; this is for a provider that only answers when asked

Results = Mapping[str, JsonObject]


def due_questions(
    metrics: Sequence[MetricSettings], results: Results, started_at: datetime | None, now: datetime, *, stopping: bool
) -> tuple[Question, ...]:
    """A run that is stopping asks nothing new; it only ends what is still going on."""
    questions: list[Question] = []
    for metric in metrics:
        result = results.get(metric.name)
        last = last_measurement(result)
        if _has_ended(result):
            continue
        if last is not None and unfinished(last):
            resume_at = read_time(last.get("resumeAt"))
            if stopping or resume_at is None or resume_at <= now:
                questions.append(_question(metric, result, Action.TERMINATE if stopping else Action.RESUME, last))
        elif not stopping and _is_due(metric, result, started_at, now):
            questions.append(_question(metric, result, Action.TAKE, None))
    return tuple(questions)


def _has_ended(result: JsonObject | None) -> bool:
    phase = phase_of(result) if result else None
    return phase is not None and phase.completed


def _question(
    metric: MetricSettings, result: JsonObject | None, action: Action, measurement: JsonObject | None
) -> Question:
    taken = int((result or {}).get("count") or 0) + int((result or {}).get("error") or 0)
    return Question(metric.name, action, metric.provider, metric.body, taken + 1, measurement)


def _is_due(metric: MetricSettings, result: JsonObject | None, started_at: datetime | None, now: datetime) -> bool:
    moment = _next_moment(metric, result, started_at, now)
    return moment is not None and moment <= now


def _next_moment(
    metric: MetricSettings, result: JsonObject | None, started_at: datetime | None, now: datetime
) -> datetime | None:
    """When the next measurement is to be taken; None: never."""
    last = last_measurement(result)
    if result is None or last is None:
        if not metric.initial_delay_seconds:
            return now
        return (started_at or now) + timedelta(seconds=metric.initial_delay_seconds)
    if metric.count is not None and int(result.get("count") or 0) >= metric.count:
        return None
    ended = finished_at(last)
    if ended is None:
        return None
    if metric.interval_seconds is not None:
        return ended + timedelta(seconds=metric.interval_seconds)
    return ended + timedelta(seconds=_ERROR_RETRY_SECONDS) if phase_of(last) is Phase.ERROR else None


def next_look_seconds(
    metrics: Sequence[MetricSettings], results: Results, started_at: datetime | None, now: datetime
) -> float | None:
    """How long until time alone makes something due; None: nothing is waited for."""
    waits: list[float] = []
    for metric in metrics:
        result = results.get(metric.name)
        if _has_ended(result):
            continue
        last = last_measurement(result)
        if last is not None and unfinished(last):
            resume_at = read_time(last.get("resumeAt"))
            waits.append((resume_at - now).total_seconds() if resume_at else _RESUME_SECONDS)
        elif (moment := _next_moment(metric, result, started_at, now)) is not None:
            waits.append((moment - now).total_seconds())
    return max(0.0, min(waits)) if waits else None
