"""Tokens for programs. Only the hash is kept; the token itself is shown once."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class ApiTokenRow(SQLModel, table=True):
    """Bound to `credential_version` of its person: a new password ends all tokens made before it."""

    __tablename__ = "api_token"

    token_hash: str = Field(primary_key=True)
    id: str = Field(unique=True)
    person: str = Field(index=True)
    name: str
    credential_version: int
    created_micros: int = Field(sa_type=BigInteger)
    expires_micros: int | None = Field(default=None, sa_type=BigInteger)
