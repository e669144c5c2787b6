"""SQLite behind aiosqlite: what a statement leaves behind, with one hand-over to the thread."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from model.sqlite_connection import SQLiteConnection, open_sqlite


class Counted(SQLiteConnection):
    """Counts what it hands over to its thread."""

    handed_over = 0

    async def _execute(self, *values: Any, **named: Any) -> Any:
        self.handed_over += 1
        return await super()._execute(*values, **named)  # type: ignore[no-untyped-call]  # of aiosqlite


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Counted]:
    async with Counted(lambda: sqlite3.connect(tmp_path / "some.db", isolation_level=None)) as found:
        await (await found.cursor()).execute("CREATE TABLE number (id INTEGER PRIMARY KEY, word TEXT)")
        found.handed_over = 0
        yield found


async def test_a_statement_is_one_hand_over(connection: Counted) -> None:
    cursor = await connection.cursor()
    await cursor.execute("INSERT INTO number (word) VALUES (?) RETURNING id", ("one",))
    assert await cursor.fetchall() == [(1,)]
    await cursor.close()
    assert connection.handed_over == 1


async def test_rows_come_once_and_in_any_portion(connection: Counted) -> None:
    cursor = await connection.cursor()
    await cursor.executemany("INSERT INTO number (word) VALUES (?)", [("a",), ("b",), ("c",), ("d",)])
    assert (cursor.rowcount, cursor.description) == (4, None)
    await cursor.execute("SELECT word FROM number ORDER BY id")
    assert [column[0] for column in cursor.description] == ["word"]
    assert await cursor.fetchone() == ("a",)
    assert await cursor.fetchmany(2) == [("b",), ("c",)]
    assert await cursor.fetchall() == [("d",)]
    assert await cursor.fetchone() is None


async def test_counts_are_those_of_the_last_statement(connection: Counted) -> None:
    cursor = await connection.cursor()
    await cursor.execute("INSERT INTO number (id, word) VALUES (7, 'seven')")
    assert (cursor.rowcount, cursor.lastrowid) == (1, 7)
    await cursor.execute("UPDATE number SET word = 'x' WHERE id = 8")
    assert (cursor.rowcount, await cursor.fetchall()) == (0, [])


async def test_a_statement_that_is_refused_holds_nothing_up(connection: Counted, tmp_path: Path) -> None:
    """A cursor that stayed open in a traceback would keep the one writer's place."""
    cursor = await connection.cursor()
    await cursor.execute("BEGIN IMMEDIATE")
    await cursor.execute("INSERT INTO number (id) VALUES (1)")
    with pytest.raises(sqlite3.IntegrityError) as refused:
        await cursor.execute("INSERT INTO number (id) VALUES (2), (1) RETURNING id")
    await connection.rollback()
    async with open_sqlite(str(tmp_path / "some.db"), timeout=0) as other:
        await (await other.cursor()).execute("BEGIN IMMEDIATE")
    assert refused.value
