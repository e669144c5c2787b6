"""Releases: what each deployment of an application brought, how it went, and sums of them by day."""

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel


class RulerRow(SQLModel, table=True):
    """Who may see a release depends on its runtime and on the repository that rules it: a number for each such pair."""

    __tablename__ = "ruler"
    __table_args__ = (UniqueConstraint("runtime", "access_repo"),)

    id: int | None = Field(default=None, primary_key=True)
    runtime: str
    access_repo: str


class ReleaseRow(SQLModel, table=True):
    """`payload` is the msgpack of `model.release.Release`; the other columns are what lists and statistics look at.

    `successful`, `failed` and `rollback` are 0 or 1, so that they can be summed. Indexes hold all that statistics need,
    so that they read no payload; those by lead and restore time yield medians. Lists of words stand between line feeds.
    """

    __tablename__ = "release"
    __table_args__ = (
        Index("ix_release_by_time", "started_micros", "application_id", "number"),
        Index("ix_release_by_application", "application_id", "started_micros", "number", "ruler", "cluster"),
        Index("ix_release_by_name", "name", "started_micros"),
        Index("ix_release_by_lead", "lead_mean_micros", "started_micros", "ruler", "cluster"),
        Index("ix_release_by_restore", "restore_micros", "started_micros", "ruler", "cluster"),
        Index(
            "ix_release_counted",
            *("started_micros", "ruler", "cluster", "application_id", "successful", "failed", "rollback"),
            *("lead_micros", "lead_commits", "lead_mean_micros", "pull_requests", "restore_micros"),
        ),
    )

    application_id: str = Field(primary_key=True)
    uid: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    ruler: int
    namespace: str
    name: str
    cluster: str
    started_micros: int = Field(sa_type=BigInteger)
    health: str
    health_rank: int
    revision: str
    successful: int
    failed: int
    rollback: int
    unrestored: int
    lead_micros: int = Field(sa_type=BigInteger)
    lead_commits: int
    lead_mean_micros: int | None = Field(default=None, sa_type=BigInteger)
    pull_requests: int
    restore_micros: int | None = Field(default=None, sa_type=BigInteger)
    committers: str
    pull_request_keys: str
    issue_keys: str
    payload: bytes


class _Sums(SQLModel):
    """The fields of `model.statistics.Counts`."""

    successful: int
    failed: int
    rollbacks: int
    releases: int
    lead_micros: int = Field(sa_type=BigInteger)
    lead_commits: int
    lead_releases: int
    pull_requests: int
    restore_micros: int = Field(sa_type=BigInteger)
    restores: int


class ReleaseDayRow(_Sums, table=True):
    """Sums over the releases that began on a day (of UTC, counted from 1970)."""

    __tablename__ = "release_day"

    day: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    ruler: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})


class ReleaseClusterDayRow(_Sums, table=True):
    """The same by cluster, apart: most questions ask for all of them, and there may be many."""

    __tablename__ = "release_cluster_day"

    cluster: str = Field(primary_key=True)
    day: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    ruler: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
