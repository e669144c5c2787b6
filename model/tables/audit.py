"""The audit log as runtimes read it from Git: columns to filter and sort by, and each whole entry as msgpack."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class AuditRepositoryRow(SQLModel, table=True):
    """How far a repository has been read. `place` stands for (runtime, repository) in the entries.

    `payload` is the msgpack of `model.audit.AuditPosition`; it is written along with the entries that led to it.
    """

    __tablename__ = "audit_repository"

    place: str = Field(primary_key=True)
    runtime: str = Field(index=True)
    repo: str
    payload: bytes


class AuditEntryRow(SQLModel, table=True):
    """`id` is the commit's id and the place. `runtime` is that of the entity, "" when it has none.

    `text` is what a search looks at, in lower case; `outcome` counts, the one in the payload does not. Each index ends
    with what a page is sorted by, and with the place, so that what a viewer may not see is passed over unread.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_by_time", "time_micros", "id", "place"),
        Index("ix_audit_entry_by_place", "place", "time_micros", "id"),
        Index("ix_audit_entry_by_actor", "actor", "time_micros", "id", "place"),
        Index("ix_audit_entry_by_action", "action", "time_micros", "id", "place"),
        Index("ix_audit_entry_by_kind", "entity_kind", "time_micros", "id", "place"),
        Index("ix_audit_entry_by_name", "entity_name", "time_micros", "id", "place"),
        Index("ix_audit_entry_by_operation", "operation_id"),
    )

    id: str = Field(primary_key=True)
    place: str
    time_micros: int = Field(sa_type=BigInteger)
    action: str
    entity_kind: str
    entity_name: str
    runtime: str
    actor: str
    operation_id: str
    outcome: str
    text: str
    payload: bytes
