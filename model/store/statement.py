"""Statements that more than one module needs."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.base import Executable
from sqlmodel import SQLModel

_Insert: TypeAlias = sqlite.Insert | postgresql.Insert

ROWS_PER_STATEMENT = 500  # SQLite takes at most 32,766 parameters in one statement


def table_of(model: type[SQLModel]) -> Table:
    return cast(Table, model.__table__)  # type: ignore[attr-defined]  # SQLModel sets it on table classes


async def upsert(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts the rows, or replaces those with the same primary key."""
    if rows:
        await session.execute(_upsert(_dialect(session), table_of(model), tuple(rows[0])), list(rows))


async def add_to(
    session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], columns: Iterable[str]
) -> None:
    """Inserts the rows, or adds these columns to those of the rows with the same primary key."""
    if rows:
        await session.execute(_add_to(_dialect(session), table_of(model), tuple(columns)), list(rows))


async def insert_missing(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts the rows, except those that a constraint says are there."""
    await session.execute(_insert(_dialect(session), table_of(model)).on_conflict_do_nothing(), list(rows))


async def insert_new(session: AsyncSession, model: type[SQLModel], row: Mapping[str, Any]) -> bool:
    """Inserts the row; False when a constraint says that it is there, whoever put it there a moment ago."""
    statement = _insert(_dialect(session), table_of(model)).values(dict(row)).on_conflict_do_nothing()
    return await affected_rows(session, statement) > 0


@cache
def _upsert(dialect: str, table: Table, columns: tuple[str, ...]) -> _Insert:
    """Once for each table: for the few rows of a report, making the statement costs more than running it."""
    statement, keys = _insert(dialect, table), _keys(table)
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    if not changed:
        return statement.on_conflict_do_nothing(index_elements=keys)
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


@cache
def _add_to(dialect: str, table: Table, columns: tuple[str, ...]) -> _Insert:
    statement = _insert(dialect, table)
    sums = {name: table.c[name] + statement.excluded[name] for name in columns}
    return statement.on_conflict_do_update(index_elements=_keys(table), set_=sums)


def _keys(table: Table) -> list[str]:
    return [column.name for column in table.primary_key]


def _insert(dialect: str, table: Table) -> _Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _dialect(session: AsyncSession) -> str:
    return session.get_bind().dialect.name


async def affected_rows(session: AsyncSession, statement: Executable) -> int:
    """Executes an UPDATE or DELETE; how many rows it touched."""
    result = await session.execute(statement)
    return cast("CursorResult[Any]", result).rowcount
