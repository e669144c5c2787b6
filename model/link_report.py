"""The items of a `model.link.Report`: what became of one thing, or the marks of a snapshot."""

from model.identity import ApplicationKey
from model.link_message import Message
from model.report import ApplicationSummary, ClusterSummary, RepositorySummary, RuntimeSummary
from model.workflow import WorkflowExecution


class SnapshotBegin(Message, frozen=True):
    pass


class SnapshotEnd(Message, frozen=True):
    pass


class ApplicationChanged(Message, frozen=True):
    summary: ApplicationSummary


class ApplicationRemoved(Message, frozen=True):
    key: ApplicationKey


class ClusterChanged(Message, frozen=True):
    summary: ClusterSummary


class ClusterRemoved(Message, frozen=True):
    server: str


class RepositoryChanged(Message, frozen=True):
    summary: RepositorySummary


class RuntimeChanged(Message, frozen=True):
    summary: RuntimeSummary


class ExecutionFinished(Message, frozen=True):
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
