"""The account: who this control plane belongs to."""

from sqlmodel import Field, SQLModel


class AccountRow(SQLModel, table=True):
    __tablename__ = "account"

    name: str = Field(primary_key=True)
    shared_config_repo: str = ""
