"""Signed-in sessions of people. Deleting a row signs out."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class SessionRow(SQLModel, table=True):
    __tablename__ = "session"

    token_hash: str = Field(primary_key=True)
    person: str = Field(index=True)
    credential_version: int
    created_micros: int = Field(sa_type=BigInteger)
    expires_micros: int = Field(sa_type=BigInteger, index=True)
