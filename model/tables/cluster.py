"""Destination clusters, as their runtime reports them."""

from sqlmodel import Field, SQLModel


class ClusterRow(SQLModel, table=True):
    """`payload` is the msgpack of `model.report.ClusterSummary`."""

    __tablename__ = "cluster"

    runtime: str = Field(primary_key=True)
    server: str = Field(primary_key=True)
    name: str
    generation: int
    payload: bytes
