"""Executions of Argo Workflows that came to an end, and what is asked of them. Values only.

A *pipeline* is what executions have in common: who starts them (see `gitsync.reporting.workflow` for the rule). Its
place is a part of its name, since the same template in two clusters is two pipelines.

Before it: `gitsync.reporting` reads them from Workflow objects. After it: `model.link` carries them,
`model.store.execution` keeps them, `model.store.pipeline_statistics` counts them.
"""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

KEPT = timedelta(days=800)  # a year, and the year before it that it is compared with


class ExecutionPhase(enum.StrEnum):
    """How an execution can end. FAILED: a step of it did; ERROR: it could not be carried out."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ERROR = "ERROR"


class TriggerEvent(enum.StrEnum):
    """What made it start. OTHER: somebody by hand, or an event that is neither."""

    GIT = "GIT"
    CALENDAR = "CALENDAR"
    OTHER = "OTHER"


class WorkflowExecution(msgspec.Struct, frozen=True, omit_defaults=True):
    """One Workflow object that ended. `cluster` is its server. What is not known is "".

    `initiator` is the author of the commit that triggered it. `access_repo_urls`: who may read all of them may see it;
    "" among them: administrators only.
    """

    uid: str
    cluster: str
    cluster_name: str
    namespace: str
    name: str
    pipeline: str
    phase: ExecutionPhase
    started: datetime
    finished: datetime
    event: TriggerEvent = TriggerEvent.OTHER
    repository: str = ""
    branch: str = ""
    commit: str = ""
    initiator: str = ""
    access_repo_urls: tuple[str, ...] = ("",)

    @property
    def duration(self) -> timedelta:
        return max(self.finished - self.started, timedelta(0))


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """Fields must all hold; the values of one field are alternatives; an empty field holds for everything."""

    runtimes: frozenset[str] = frozenset()
    phases: frozenset[ExecutionPhase] = frozenset()
    repositories: frozenset[str] = frozenset()
    branches: frozenset[str] = frozenset()
    events: frozenset[TriggerEvent] = frozenset()
    initiators: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ExecutionCounts:
    """Sums over executions; `committers` are distinct initiators of those that a commit triggered."""

    executions: int = 0
    succeeded: int = 0
    duration_micros: int = 0
    committers: int = 0

    @property
    def success_rate(self) -> float | None:
        return self.succeeded / self.executions if self.executions else None

    @property
    def average_seconds(self) -> float | None:
        return self.duration_micros / 1e6 / self.executions if self.executions else None


@dataclass(frozen=True, slots=True)
class PipelineKey:
    """Where a pipeline runs, and what it is called there. `cluster` is the server."""

    runtime: str
    cluster: str
    namespace: str
    name: str


class Ranking(enum.StrEnum):
    """Which pipelines come first: those that ran most, or those that take longest on average."""

    EXECUTIONS = "EXECUTIONS"
    DURATION = "DURATION"


@dataclass(frozen=True, slots=True)
class RankedPipeline:
    """`place` is from 1 on, among all pipelines that ran in a period. Its `counts` leave committers out."""

    key: PipelineKey
    cluster_name: str
    place: int
    counts: ExecutionCounts
