"""What a metric has measured so far, and what that means for it."""

from datetime import datetime
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.analysis.arguments import Arguments
from gitsync.rollout.analysis.condition import judge
from gitsync.rollout.analysis.expression.errors import ExpressionInvalid
from gitsync.rollout.analysis.metric import NO_LIMIT, MetricSettings
from gitsync.rollout.analysis.values import Answer, Phase, read_phase
from gitsync.rollout.times import read_time, written_time

_COUNTERS = {
    Phase.SUCCESSFUL: "successful",
    Phase.FAILED: "failed",
    Phase.INCONCLUSIVE: "inconclusive",
    Phase.ERROR: "error",
}
JOB_NAME = "job-name"


def phase_of(body: JsonObject) -> Phase | None:
    return read_phase(str(body.get("phase", "")))


def last_measurement(result: JsonObject | None) -> JsonObject | None:
    measurements = (result or {}).get("measurements") or ()
    return measurements[-1] if measurements else None


def unfinished(measurement: JsonObject | None) -> bool:
    return measurement is not None and measurement.get("finishedAt") is None


def finished_at(measurement: JsonObject) -> datetime | None:
    return read_time(measurement.get("finishedAt"))


def with_answer(
    result: JsonObject | None, metric: MetricSettings, answer: Answer, now: datetime, arguments: Arguments
) -> JsonObject:
    """The result with one measurement more, or with the unfinished one brought up to date."""
    before = result or {"name": metric.name, "phase": Phase.RUNNING.value}
    measurement = _measurement(metric, answer, now, arguments)
    measurements = list(before.get("measurements") or ())
    if unfinished(last_measurement(before)):
        kept = measurements.pop()
        measurement = {**kept, **measurement, "startedAt": kept.get("startedAt", measurement["startedAt"])}
    after = {**before, "measurements": [*measurements, measurement]}
    if metric.dry_run:
        after["dryRun"] = True
    if answer.about_metric:
        after["metadata"] = {key: arguments.redacted(value) for key, value in answer.about_metric.items()}
    phase = phase_of(measurement)
    return _counted(after, phase) if phase is not None and phase.completed else after


def _measurement(metric: MetricSettings, answer: Answer, now: datetime, arguments: Arguments) -> JsonObject:
    """Everything that is shown is redacted here, whoever wrote it: values of Secrets come back in odd places."""
    phase, message = answer.phase, answer.message
    if phase is None:
        try:
            phase = Phase(judge(answer.value, metric.success_condition, metric.failure_condition))
        except ExpressionInvalid as invalid:
            phase, message = Phase.ERROR, invalid.message
    measurement: JsonObject = {"phase": phase.value, "startedAt": written_time(answer.started_at)}
    if phase.completed:
        measurement["finishedAt"] = written_time(answer.finished_at or now)
    elif answer.resume_at is not None:
        measurement["resumeAt"] = written_time(answer.resume_at)
    if answer.shown:
        measurement["value"] = arguments.redacted(answer.shown)
    if message:
        measurement["message"] = arguments.redacted(message)
    if answer.about_measurement:
        measurement["metadata"] = {key: arguments.redacted(value) for key, value in answer.about_measurement.items()}
    return measurement


def _counted(result: JsonObject, phase: Phase) -> JsonObject:
    counter = _COUNTERS[phase]
    counted: dict[str, Any] = {**result, counter: int(result.get(counter) or 0) + 1}
    error, success = phase is Phase.ERROR, phase is Phase.SUCCESSFUL
    counted["consecutiveError"] = int(result.get("consecutiveError") or 0) + 1 if error else 0
    counted["consecutiveSuccess"] = int(result.get("consecutiveSuccess") or 0) + 1 if success else 0
    if not error:
        counted["count"] = int(result.get("count") or 0) + 1
    return {key: value for key, value in counted.items() if value != 0 or isinstance(value, bool)}


def over_limit(metric: MetricSettings, result: JsonObject) -> tuple[Phase | None, str]:
    """The bad end that the counters say, and why; each later check overrides the earlier."""
    failed, inconclusive = int(result.get("failed") or 0), int(result.get("inconclusive") or 0)
    errors = int(result.get("consecutiveError") or 0)
    phase, message = None, ""
    if metric.failure_limit != NO_LIMIT and failed > metric.failure_limit:
        phase, message = Phase.FAILED, f"failed ({failed}) > failureLimit ({metric.failure_limit})"
    if inconclusive > metric.inconclusive_limit:
        phase = Phase.INCONCLUSIVE
        message = f"inconclusive ({inconclusive}) > inconclusiveLimit ({metric.inconclusive_limit})"
    if errors > metric.consecutive_error_limit:
        phase = Phase.ERROR
        message = f"consecutiveErrors ({errors}) > consecutiveErrorLimit ({metric.consecutive_error_limit})"
    return phase, message


def assess(metric: MetricSettings, result: JsonObject, *, stopping: bool) -> Phase:
    """A metric that has ended stays as it is."""
    present = phase_of(result)
    if present is not None and present.completed:
        return present
    last = last_measurement(result)
    if last is None:
        return Phase.SUCCESSFUL if stopping else Phase.PENDING
    if unfinished(last):
        return Phase.RUNNING
    bad, _ = over_limit(metric, result)
    if bad is not None:
        return bad
    wanted = metric.consecutive_success_limit
    if wanted and int(result.get("consecutiveSuccess") or 0) >= wanted:
        return Phase.SUCCESSFUL
    if metric.count is not None and int(result.get("count") or 0) >= metric.count:
        return _counted_out(metric)
    return Phase.SUCCESSFUL if stopping else Phase.RUNNING


def _counted_out(metric: MetricSettings) -> Phase:
    """Success in a row was wanted and did not come."""
    if not metric.consecutive_success_limit:
        return Phase.SUCCESSFUL
    return Phase.FAILED if metric.failure_limit == NO_LIMIT else Phase.INCONCLUSIVE


def ended_message(metric: MetricSettings, result: JsonObject, phase: Phase) -> str:
    """Why a metric ended badly; "" when it did not."""
    over, message = over_limit(metric, result)
    if over is not None:
        return message
    if not phase.bad or not metric.consecutive_success_limit:
        return ""
    reached = int(result.get("consecutiveSuccess") or 0)
    return f"consecutiveSuccess ({reached}) < consecutiveSuccessLimit ({metric.consecutive_success_limit})"


def trimmed(result: JsonObject, kept: int) -> tuple[JsonObject, tuple[str, ...]]:
    """The newest measurements only, and the Jobs of those that go."""
    measurements = list(result.get("measurements") or ())
    if len(measurements) <= kept:
        return result, ()
    gone = measurements[: len(measurements) - kept]
    jobs = tuple(str(name) for one in gone if (name := (one.get("metadata") or {}).get(JOB_NAME)))
    return {**result, "measurements": measurements[len(gone) :]}, jobs
