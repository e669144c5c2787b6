"""What people starred."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.store.statement import upsert
from model.tables import FavoriteRow


async def of_person(session: AsyncSession, person: str) -> frozenset[tuple[str, str]]:
    """Every (kind, entity) that the person starred."""
    statement = select(col(FavoriteRow.kind), col(FavoriteRow.entity)).where(col(FavoriteRow.person) == person)
    return frozenset((kind, entity) for kind, entity in (await session.execute(statement)).all())


async def put(session: AsyncSession, person: str, kind: str, entity: str, *, starred: bool) -> None:
    if starred:
        await upsert(session, FavoriteRow, [{"person": person, "kind": kind, "entity": entity}])
        return
    where = (col(FavoriteRow.person) == person, col(FavoriteRow.kind) == kind, col(FavoriteRow.entity) == entity)
    await session.execute(delete(FavoriteRow).where(*where))
