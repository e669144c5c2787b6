"""Repositories that a runtime watches, as it reports them."""

from sqlmodel import Field, SQLModel


class RepositoryRow(SQLModel, table=True):
    """`payload` is the msgpack of `model.report.RepositorySummary`."""

    __tablename__ = "repository"

    runtime: str = Field(primary_key=True)
    url: str = Field(primary_key=True)
    generation: int
    payload: bytes
