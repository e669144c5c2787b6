"""Local users. The table is not called user: that word is taken in PostgreSQL."""

from sqlmodel import Field, SQLModel


class PersonRow(SQLModel, table=True):
    """`credential_version` grows with every new password; sessions and tokens of an older one are void."""

    __tablename__ = "person"

    name: str = Field(primary_key=True)
    email: str = ""
    password_hash: str
    is_admin: bool = False
    credential_version: int = 1
