"""Releases: what each deployment of an application brought, and how it went."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class ReleaseRow(SQLModel, table=True):
    """`payload` is the msgpack of `model.release.Release`; the other columns are what lists and statistics look at.

    `successful`, `failed` and `rollback` are 0 or 1, so that they can be summed. The wide index holds all that a year's
    statistics need, so that they read no payload. Lists of words stand between line feeds.
    """

    __tablename__ = "release"
    __table_args__ = (
        Index("ix_release_by_time", "started_micros", "application_id", "number"),
        Index("ix_release_by_application", "application_id", "started_micros", "number"),
        Index(
            "ix_release_counted",
            *(
                "started_micros",
                "runtime",
                "access_repo",
                "application_id",
                "cluster",
                "successful",
                "failed",
                "rollback",
            ),
            *("lead_seconds", "lead_commits", "pull_requests", "restore_seconds"),
        ),
    )

    application_id: str = Field(primary_key=True)
    uid: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    runtime: str
    namespace: str
    name: str
    cluster: str
    access_repo: str
    started_micros: int = Field(sa_type=BigInteger)
    health: str
    health_rank: int
    revision: str
    successful: int
    failed: int
    rollback: int
    unrestored: int
    lead_seconds: float
    lead_commits: int
    pull_requests: int
    restore_seconds: float | None = None
    committers: str
    pull_request_keys: str
    issue_keys: str
    payload: bytes
