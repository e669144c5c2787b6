"""SQLite for asyncio: aiosqlite with one hand-over to its thread for each statement.

Left alone, it goes there four times (make a cursor, execute, fetch, close), and for the small statements of a report
going there costs more than SQLite itself. Everything of a statement is read at once, which SQLAlchemy does anyway.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Self, cast

import aiosqlite
from aiosqlite.context import contextmanager
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite


def open_sqlite(database: str, **options: Any) -> "SQLiteConnection":
    """For `async_creator_fn` of SQLAlchemy; whoever awaits it is connected."""
    return SQLiteConnection(lambda: sqlite3.connect(database, **options))


class SQLiteDialect(SQLiteDialect_aiosqlite):
    """Equal to any other of this process: what is compiled for one file is right for the next."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


class SQLiteConnection(aiosqlite.Connection):
    def __init__(self, connector: Any) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True  # a connection that nobody closed does not keep the process

    @contextmanager
    async def cursor(self) -> aiosqlite.Cursor:
        return _Cursor(self)


@dataclass(slots=True)
class _Outcome:
    """What a statement left behind, where aiosqlite looks for the cursor."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Iterator[Any] = field(default_factory=lambda: iter(()))
    arraysize: int = 1


class _Cursor(aiosqlite.Cursor):
    _cursor: _Outcome  # type: ignore[assignment]  # it has what is asked for

    def __init__(self, connection: SQLiteConnection) -> None:
        super().__init__(connection, cast(sqlite3.Cursor, _Outcome()))

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        return await self._hand_over(_execute, sql, () if parameters is None else parameters)

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        return await self._hand_over(_execute_many, sql, parameters)

    async def _hand_over(self, run: Callable[[sqlite3.Connection, str, Any], _Outcome], sql: str, values: Any) -> Self:
        self._cursor = await self._execute(run, self._conn._conn, sql, values)  # type: ignore[no-untyped-call]  # of aiosqlite
        return self

    async def fetchone(self) -> Any:
        return next(self._cursor.rows, None)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        return list(islice(self._cursor.rows, size or self._cursor.arraysize))

    async def fetchall(self) -> list[Any]:
        return list(self._cursor.rows)

    async def close(self) -> None:
        """That of SQLite is closed already."""


def _execute(connection: sqlite3.Connection, sql: str, parameters: Any) -> _Outcome:
    with closing(connection.cursor()) as cursor:
        return _outcome(cursor.execute(sql, parameters))


def _execute_many(connection: sqlite3.Connection, sql: str, parameters: Any) -> _Outcome:
    with closing(connection.cursor()) as cursor:
        return _outcome(cursor.executemany(sql, parameters))


def _outcome(cursor: sqlite3.Cursor) -> _Outcome:
    rows = cursor.fetchall() if cursor.description else []
    return _Outcome(cursor.description, cursor.rowcount, cursor.lastrowid, iter(rows))
