"""What happened lately: kept for a while, then dropped."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class NotificationRow(SQLModel, table=True):
    """`payload` is the msgpack of `model.notification.Notification`; `ruler` says who may be told, as for releases."""

    __tablename__ = "notification"
    __table_args__ = (Index("ix_notification_by_time", "time_micros", "key", "ruler", "kind"),)

    key: str = Field(primary_key=True)
    ruler: int
    time_micros: int = Field(sa_type=BigInteger)
    kind: str
    payload: bytes
