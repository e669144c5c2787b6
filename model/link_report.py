"""The items of a `model.link.Report`: what became of one thing, or the marks of a snapshot."""

import msgspec

from model.identity import ApplicationKey
from model.report import ApplicationSummary, ClusterSummary, RepositorySummary, RuntimeSummary
from model.workflow import WorkflowExecution


class _Message(msgspec.Struct, frozen=True, tag_field="_", tag=True, omit_defaults=True):
    """Settings that all messages share: the class name is the tag."""


class SnapshotBegin(_Message, frozen=True):
    pass


class SnapshotEnd(_Message, frozen=True):
    pass


class ApplicationChanged(_Message, frozen=True):
    summary: ApplicationSummary


class ApplicationRemoved(_Message, frozen=True):
    key: ApplicationKey


class ClusterChanged(_Message, frozen=True):
    summary: ClusterSummary


class ClusterRemoved(_Message, frozen=True):
    server: str


class RepositoryChanged(_Message, frozen=True):
    summary: RepositorySummary


class RuntimeChanged(_Message, frozen=True):
    summary: RuntimeSummary


class ExecutionFinished(_Message, frozen=True):
    """Told as often as the runtime likes: what has the same uid is one execution."""

    execution: WorkflowExecution


ReportItem = (
    SnapshotBegin
    | SnapshotEnd
    | ApplicationChanged
    | ApplicationRemoved
    | ClusterChanged
    | ClusterRemoved
    | RepositoryChanged
    | RuntimeChanged
    | ExecutionFinished
)
