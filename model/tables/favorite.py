"""What a person starred. Personal, so it is kept here and not in Git."""

from sqlmodel import Field, SQLModel


class FavoriteRow(SQLModel, table=True):
    """`entity` is the address of the thing, its parts joined by "/"; for applications it equals their row's `id`."""

    __tablename__ = "favorite"

    person: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    entity: str = Field(primary_key=True)
