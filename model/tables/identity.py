"""Accounts elsewhere, and which person each of them is here."""

from sqlmodel import Field, SQLModel


class IdentityRow(SQLModel, table=True):
    """`subject` is the provider's own id of the account, which stays when the account is renamed."""

    __tablename__ = "identity"

    provider: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    person: str = Field(index=True)
