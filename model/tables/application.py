"""Applications as runtimes report them: columns to filter and sort by, and the whole summary as msgpack."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class ApplicationRow(SQLModel, table=True):
    """`id` is "runtime/namespace/name". Ranks order statuses by severity, worst highest.

    `repositories` holds the sources' URLs, each between newlines. `problems` counts what `warnings` shows of it.
    The index for facets covers every column that a filter names, so that counting reads no payload.
    `generation` is that of the snapshot that mentioned it last: a finished snapshot drops older ones.
    """

    __tablename__ = "application"
    __table_args__ = (
        Index("ix_application_by_name", "name", "id"),
        Index("ix_application_by_runtime", "runtime", "id"),
        Index("ix_application_by_cluster", "cluster", "id"),
        Index("ix_application_by_update", "updated_micros", "id"),
        Index("ix_application_by_health", "health_rank", "id"),
        Index("ix_application_by_sync", "sync_rank", "id"),
        Index("ix_application_by_kind", "kind", "runtime", "name"),
        Index("ix_application_by_parent", "parent", "id"),
        Index("ix_application_by_generation", "runtime", "generation"),
        Index(
            "ix_application_facets",
            *("runtime", "access_repo", "health", "sync", "cluster", "namespace", "project", "name", "id"),
            *("destination_namespace", "kind", "policy", "updated_micros", "problems"),
        ),
    )

    id: str = Field(primary_key=True)
    runtime: str
    namespace: str
    name: str
    cluster: str
    destination_namespace: str
    project: str
    kind: str
    policy: str
    sync: str
    health: str
    sync_rank: int
    health_rank: int
    updated_micros: int = Field(sa_type=BigInteger)
    access_repo: str
    repositories: str
    parent: str
    problems: int
    generation: int
    payload: bytes


class ApplicationLabelRow(SQLModel, table=True):
    __tablename__ = "application_label"
    __table_args__ = (Index("ix_application_label_by_value", "key", "value", "application_id"),)

    application_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    value: str


class ApplicationMembershipRow(SQLModel, table=True):
    """`kind` is one of `model.listing.Membership`, `name` the group's or the product's."""

    __tablename__ = "application_membership"
    __table_args__ = (Index("ix_application_membership_by_name", "kind", "name", "application_id"),)

    application_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
