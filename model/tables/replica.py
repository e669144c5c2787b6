"""Processes that serve this database together, and where each of them answers the others."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class ReplicaRow(SQLModel, table=True):
    """`id` is new at every start. `token_hash` is of the token that it shows the others when it dials them."""

    __tablename__ = "replica"

    id: str = Field(primary_key=True)
    url: str
    token_hash: str
    started_micros: int = Field(sa_type=BigInteger)
    seen_micros: int = Field(sa_type=BigInteger)
