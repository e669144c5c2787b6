"""Runtimes that may connect, and what they last said of themselves."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class RuntimeRow(SQLModel, table=True):
    """`payload` is the msgpack of `model.report.RuntimeSummary`; None: it never connected.

    `hosting` is that of `model.listing.Hosting`; None: nobody set it up to run in the control plane.
    `seen_micros` is the last time that it was heard of; it is written at most every few seconds.
    """

    __tablename__ = "runtime"

    name: str = Field(primary_key=True)
    token_hash: str = Field(unique=True)
    hosted: bool = False
    created_micros: int = Field(sa_type=BigInteger)
    seen_micros: int | None = Field(default=None, sa_type=BigInteger)
    payload: bytes | None = None
    hosting: bytes | None = None
