"""Statements that more than one module needs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.base import Executable
from sqlmodel import SQLModel

ROWS_PER_STATEMENT = 500  # SQLite takes at most 32,766 parameters in one statement


def table_of(model: type[SQLModel]) -> Table:
    return cast(Table, model.__table__)  # type: ignore[attr-defined]  # SQLModel sets it on table classes


async def upsert(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts the rows, or replaces those with the same primary key."""
    if not rows:
        return
    table = table_of(model)
    keys = [column.name for column in table.primary_key]
    statement = _insert(session, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    statement = (
        statement.on_conflict_do_update(index_elements=keys, set_=changed)
        if changed
        else statement.on_conflict_do_nothing(index_elements=keys)
    )
    await session.execute(statement, list(rows))


async def add_to(
    session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], columns: Iterable[str]
) -> None:
    """Inserts the rows, or adds these columns to those of the rows with the same primary key."""
    if not rows:
        return
    table = table_of(model)
    statement = _insert(session, table)
    sums = {name: table.c[name] + statement.excluded[name] for name in columns}
    keys = [column.name for column in table.primary_key]
    await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=sums), list(rows))


async def insert_missing(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts the rows, except those that a constraint says are there."""
    await session.execute(_insert(session, table_of(model)).on_conflict_do_nothing(), list(rows))


async def insert_new(session: AsyncSession, model: type[SQLModel], row: Mapping[str, Any]) -> bool:
    """Inserts the row; False when a constraint says that it is there, whoever put it there a moment ago."""
    statement = _insert(session, table_of(model)).values(dict(row)).on_conflict_do_nothing()
    return await affected_rows(session, statement) > 0


def _insert(session: AsyncSession, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)


async def affected_rows(session: AsyncSession, statement: Executable) -> int:
    """Executes an UPDATE or DELETE; how many rows it touched."""
    result = await session.execute(statement)
    return cast("CursorResult[Any]", result).rowcount
