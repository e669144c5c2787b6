"""Executions of Argo Workflows that came to an end."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class ExecutionRow(SQLModel, table=True):
    """One Workflow object, however often it is reported. `succeeded` is 0 or 1, so that it can be summed.

    Who sees it has to see both rulers; they are the same where one repository rules it. The index by time holds all
    that statistics count.
    """

    __tablename__ = "workflow_execution"
    __table_args__ = (
        Index(
            "ix_workflow_execution_counted",
            *("finished_micros", "ruler", "second_ruler", "runtime", "cluster", "namespace", "pipeline"),
            *("succeeded", "duration_micros", "event", "initiator", "phase", "repository", "branch", "cluster_name"),
        ),
    )

    runtime: str = Field(primary_key=True)
    uid: str = Field(primary_key=True)
    ruler: int
    second_ruler: int
    cluster: str
    cluster_name: str
    namespace: str
    name: str
    pipeline: str
    phase: str
    succeeded: int
    finished_micros: int = Field(sa_type=BigInteger)
    duration_micros: int = Field(sa_type=BigInteger)
    event: str
    repository: str
    branch: str
    commit: str
    initiator: str
