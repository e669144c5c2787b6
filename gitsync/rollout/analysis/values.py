"""What an AnalysisRun asks, and what it is answered."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.values import Step


class Phase(StrEnum):
    """Of a measurement, a metric and a run."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    ERROR = "Error"
    INCONCLUSIVE = "Inconclusive"

    @property
    def completed(self) -> bool:
        return self not in (Phase.PENDING, Phase.RUNNING)

    @property
    def bad(self) -> bool:
        return self in (Phase.FAILED, Phase.ERROR, Phase.INCONCLUSIVE)


_WORSE_TOWARDS_THE_END = (
    Phase.SUCCESSFUL,
    Phase.RUNNING,
    Phase.PENDING,
    Phase.INCONCLUSIVE,
    Phase.ERROR,
    Phase.FAILED,
)


def is_worse(than: Phase, phase: Phase) -> bool:
    return _WORSE_TOWARDS_THE_END.index(phase) > _WORSE_TOWARDS_THE_END.index(than)


def read_phase(text: str) -> Phase | None:
    return Phase(text) if text in list(Phase) else None


class Action(StrEnum):
    """`RESUME` and `TERMINATE` are about a measurement that takes longer than one look."""

    TAKE = "take"
    RESUME = "resume"
    TERMINATE = "terminate"


@dataclass(frozen=True, slots=True)
class Question:
    """One measurement to take. `body` holds the metric with secrets filled in: for the provider, and nobody else.

    `number` counts the measurements of this metric from 1. `measurement` is the unfinished one, when there is one.
    """

    metric: str
    action: Action
    provider: str
    body: JsonObject = field(repr=False)
    number: int
    measurement: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` is judged by the metric's conditions and shown as `shown`, unless the provider knows the `phase` itself.

    `about_metric` are facts that go to the metric's result, `about_measurement` those of this one.
    """

    metric: str
    started_at: datetime
    finished_at: datetime | None = None
    value: Any = field(default=None, repr=False)
    shown: str = field(default="", repr=False)
    phase: Phase | None = None
    message: str = ""
    about_metric: dict[str, str] = field(default_factory=dict, repr=False)
    about_measurement: dict[str, str] = field(default_factory=dict)
    resume_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunStep:
    """`questions` are to be answered before anything is written: `step` is called again with the answers then.

    `garbage` names Jobs whose measurements are no longer kept.
    """

    step: Step = field(default_factory=Step)
    questions: tuple[Question, ...] = ()
    garbage: tuple[str, ...] = ()
