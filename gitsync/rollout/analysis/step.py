"""One look at an AnalysisRun: which questions to ask now and, once they are answered, what its status becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gitsync.manifest.merge_patch import merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.rollout.analysis.arguments import Arguments, SecretKey, Secrets, resolve, secret_keys
from gitsync.rollout.analysis.metric import MetricSettings, read_metrics
from gitsync.rollout.analysis.results import (
    assess,
    ended_message,
    last_measurement,
    phase_of,
    trimmed,
    with_answer,
)
from gitsync.rollout.analysis.schedule import due_questions, next_look_seconds
from gitsync.rollout.analysis.time_to_live import time_to_live
from gitsync.rollout.analysis.values import Answer, Phase, RunStep, is_worse
from gitsync.rollout.times import read_time, written_time
from gitsync.rollout.values import Event, InvalidSpec, Patch, Step
from model.identity import ResourceKey
from model.kinds.rollout import GROUP, VERSION

KIND = "AnalysisRun"
_SUMMARY = ("count", "successful", "failed", "inconclusive", "error")


def needed_secrets(run: JsonObject) -> tuple[SecretKey, ...]:
    """What to read before `step`. Nothing for a run that has ended."""
    if _has_ended(run):
        return ()
    return secret_keys((run.get("spec") or {}).get("args") or ())


def step(run: JsonObject, now: datetime, answers: Sequence[Answer] = (), secrets: Secrets | None = None) -> RunStep:
    """Without answers: the questions that are due, if there are any. With answers: what to write."""
    if _has_ended(run):
        return RunStep(time_to_live(run, now))
    spec, status = run.get("spec") or {}, run.get("status") or {}
    try:
        arguments = resolve(spec.get("args") or (), secrets or {})
        metrics = read_metrics(spec, arguments)
    except InvalidSpec as invalid:
        return RunStep(_unusable(run, now, invalid))
    look = _Look(run, now, metrics, arguments, {one["name"]: one for one in status.get("metricResults") or ()})
    if not answers:
        questions = due_questions(metrics, look.results, look.started_at, now, stopping=look.stopping())
        if questions:
            return RunStep(questions=questions)
    return look.after(answers)


def _has_ended(run: JsonObject) -> bool:
    phase = phase_of(run.get("status") or {})
    return phase is not None and phase.completed


def _unusable(run: JsonObject, now: datetime, invalid: InvalidSpec) -> Step:
    unresolved = "resolve" in invalid.message or "secret" in invalid.message or "arg '" in invalid.message
    opening = "Unable to resolve metric arguments" if unresolved else "Analysis spec invalid"
    before = run.get("status") or {}
    after = {
        **before,
        "phase": Phase.ERROR.value,
        "message": f"{opening}: {invalid.message}",
        "startedAt": before.get("startedAt") or written_time(now),
        "completedAt": written_time(now),
    }
    return _written(run, before, after, [_completion(Phase.ERROR)], None)


def _completion(phase: Phase) -> Event:
    message = f"Analysis Completed. Result: {phase}"
    return Event(f"AnalysisRun{phase}", message, "Warning" if phase in (Phase.FAILED, Phase.ERROR) else "Normal")


def _written(
    run: JsonObject, before: JsonObject, after: JsonObject, events: list[Event], requeue_seconds: float | None
) -> Step:
    """Lists are replaced whole, so a write that met a newer run must fail: it names what it was made from."""
    patch = merge_patch(before, after)
    if not patch:
        return Step(events=tuple(events), requeue_seconds=requeue_seconds)
    metadata = run["metadata"]
    body: JsonObject = {"status": patch}
    if version := metadata.get("resourceVersion"):
        body["metadata"] = {"resourceVersion": version}
    target = ResourceKey(GROUP, KIND, metadata.get("namespace", ""), metadata["name"])
    return Step(
        patches=(Patch(target, VERSION, body, subresource="status"),),
        events=tuple(events),
        requeue_seconds=requeue_seconds,
    )


@dataclass(slots=True)
class _Summary:
    run: dict[str, int] = field(default_factory=dict)
    dry: dict[str, int] = field(default_factory=dict)

    def count(self, metric: MetricSettings, name: str) -> None:
        counters = self.dry if metric.dry_run else self.run
        counters[name] = counters.get(name, 0) + 1


class _Look:
    """One pass over a run that has not ended."""

    def __init__(
        self,
        run: JsonObject,
        now: datetime,
        metrics: tuple[MetricSettings, ...],
        arguments: Arguments,
        results: Mapping[str, JsonObject],
    ) -> None:
        self._run = run
        self._now = now
        self._metrics = metrics
        self._arguments = arguments
        self._status: JsonObject = run.get("status") or {}
        self._events: list[Event] = []
        self.results = dict(results)
        self.started_at = read_time(self._status.get("startedAt"))

    def stopping(self) -> bool:
        """Because somebody said so, or because a metric that counts has ended badly."""
        if self._is_terminated():
            return True
        ended = [(metric, phase_of(self.results.get(metric.name) or {})) for metric in self._metrics]
        return any(phase is not None and phase.bad and not metric.dry_run for metric, phase in ended)

    def _is_terminated(self) -> bool:
        return bool((self._run.get("spec") or {}).get("terminate"))

    def after(self, answers: Sequence[Answer]) -> RunStep:
        stopping = self.stopping()
        by_name = {metric.name: metric for metric in self._metrics}
        for answer in answers:
            if metric := by_name.get(answer.metric):
                result = self.results.get(metric.name)
                self.results[metric.name] = with_answer(result, metric, answer, self._now, self._arguments)
        started_at = self.started_at or self._now
        phase, message, summary = self._assessed(stopping)
        garbage = self._trim()
        status: JsonObject = {
            **self._status,
            "phase": phase.value,
            "metricResults": [self.results[name] for name in by_name if name in self.results],
            "startedAt": written_time(started_at),
            "runSummary": _shown_summary(summary.run),
            "dryRunSummary": _shown_summary(summary.dry),
        }
        status["message"] = message or None
        requeue: float | None = None
        if phase.completed:
            status["completedAt"] = written_time(self._now)
            self._events.append(_completion(phase))
            requeue = 0.0 if (self._run.get("spec") or {}).get("ttlStrategy") else None
        else:
            requeue = self._requeue_seconds(started_at)
        kept = {name: value for name, value in status.items() if value is not None}
        return RunStep(_written(self._run, self._status, kept, self._events, requeue), garbage=garbage)

    def _requeue_seconds(self, started_at: datetime) -> float | None:
        """At once when a metric has just stopped the others and some of them still measure."""
        if self.stopping():
            return 0.0
        return next_look_seconds(self._metrics, self.results, started_at, self._now)

    def _assessed(self, stopping: bool) -> tuple[Phase, str, _Summary]:
        """The worst of the metrics that are no dry run, once all of them have ended."""
        worst: Phase | None = None
        message = "Run Terminated" if self._is_terminated() else ""
        everything, summary = True, _Summary()
        for metric in self._metrics:
            summary.count(metric, "count")
            result = self.results.get(metric.name)
            if result is None:
                everything = everything and stopping
                continue
            phase = self._assess_one(metric, result, stopping)
            if not phase.completed:
                everything = False
                continue
            reason = ended_message(metric, self.results[metric.name], phase)
            summary.count(metric, phase.value.lower())
            if metric.dry_run:
                self._tell_dry_run(metric, phase, reason)
            elif worst is None or is_worse(worst, phase):
                worst = phase
                message = self._worst_message(metric, phase, reason) or message
        if not everything:
            return Phase.RUNNING, "", summary
        return worst or Phase.SUCCESSFUL, message, summary

    def _assess_one(self, metric: MetricSettings, result: JsonObject, stopping: bool) -> Phase:
        phase = assess(metric, result, stopping=stopping)
        if phase_of(result) is not phase:
            changed: dict[str, Any] = {**result, "phase": phase.value}
            if last := last_measurement(result):
                changed.pop("message", None)
                changed |= {"message": last["message"]} if last.get("message") else {}
            self.results[metric.name] = changed
            if phase.completed:
                self._events.append(_metric_event(metric, phase))
        return phase

    def _worst_message(self, metric: MetricSettings, phase: Phase, reason: str) -> str:
        if not reason:
            return ""
        message = f'Metric "{metric.name}" assessed {phase} due to {reason}'
        detail = self.results[metric.name].get("message")
        return f'{message}: "Error Message: {detail}"' if detail else message

    def _tell_dry_run(self, metric: MetricSettings, phase: Phase, reason: str) -> None:
        if reason:
            told = f"Metric assessed {phase} due to {reason}"
            self.results[metric.name] = {**self.results[metric.name], "message": told}

    def _trim(self) -> tuple[str, ...]:
        garbage: list[str] = []
        for metric in self._metrics:
            if metric.name in self.results:
                self.results[metric.name], jobs = trimmed(self.results[metric.name], metric.kept)
                garbage += jobs
        return tuple(garbage)


def _metric_event(metric: MetricSettings, phase: Phase) -> Event:
    message = f"Metric '{metric.name}' Completed. Result: {phase}"
    return Event(f"Metric{phase}", message, "Warning" if phase in (Phase.FAILED, Phase.ERROR) else "Normal")


def _shown_summary(counters: Mapping[str, int]) -> JsonObject:
    return {name: counters[name] for name in _SUMMARY if counters.get(name)}
