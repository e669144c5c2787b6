"""Plays an AnalysisRun through time: takes the questions, answers them, and keeps the status that is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gitsync.manifest.merge_patch import apply_merge_patch
from gitsync.rollout.analysis.arguments import SecretKey
from gitsync.rollout.analysis.step import step
from gitsync.rollout.analysis.values import Answer, Phase, Question, RunStep

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
Reply = Callable[[Question, datetime], Answer | None]


@dataclass
class Player:
    """`values` are what a metric measures, one after the other; the last one stays. An exception is an Error."""

    spec: dict[str, Any]
    values: Mapping[str, list[Any]] = field(default_factory=dict)
    secrets: Mapping[SecretKey, str] = field(default_factory=dict)
    reply: Reply | None = None
    now: datetime = START
    status: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[float, str, str]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    deleted: bool = False
    garbage: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @property
    def run(self) -> dict[str, Any]:
        metadata = {"name": "run", "namespace": "team", "uid": "u", "resourceVersion": "1"}
        return {"metadata": metadata, "spec": self.spec, "status": self.status}

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in self.status.get("metricResults", ())}

    def look(self) -> float | None:
        """One reconcile; how long until the next one."""
        looked = step(self.run, self.now, (), self.secrets)
        if looked.questions:
            answers = [answer for one in looked.questions if (answer := self._answer(one)) is not None]
            looked = step(self.run, self.now, answers, self.secrets)
        self._apply(looked)
        return looked.step.requeue_seconds

    def play(self, *, seconds: float = 3600, looks: int = 200) -> "Player":
        """Until nothing is waited for, the time is over, or the run is gone."""
        end = self.now + timedelta(seconds=seconds)
        for _ in range(looks):
            wait = self.look()
            if wait is None or self.deleted or self.now + timedelta(seconds=wait) > end:
                return self
            self.now += timedelta(seconds=wait)
        raise AssertionError("the run never comes to rest")

    def _answer(self, question: Question) -> Answer | None:
        self.questions.append(question)
        self.asked.append(((self.now - START).total_seconds(), question.metric, question.action.value))
        if self.reply is not None:
            return self.reply(question, self.now)
        queue = self.values.get(question.metric, [1])
        value = queue[min(question.number, len(queue)) - 1]
        if isinstance(value, Exception):
            return Answer(question.metric, self.now, phase=Phase.ERROR, message=str(value))
        return Answer(question.metric, self.now, value=value, shown=str(value))

    def _apply(self, looked: RunStep) -> None:
        for patch in looked.step.patches:
            assert isinstance(patch.body, dict)
            assert patch.subresource == "status"
            self.status = apply_merge_patch(self.status, patch.body["status"])
        self.events += [f"{event.type} {event.reason}: {event.message}" for event in looked.step.events]
        self.deleted = self.deleted or bool(looked.step.deletes)
        self.garbage += looked.garbage


def metric(name: str = "m", **settings: Any) -> dict[str, Any]:
    return {"name": name, "provider": {"web": {"url": "http://127.0.0.1"}}, **settings}


def played(*metrics: dict[str, Any], values: Mapping[str, list[Any]] | None = None, **spec: Any) -> Player:
    return Player({"metrics": list(metrics), **spec}, values or {}).play()
