"""Opening the database: migrations lead to what the tables say, and writers take turns."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, literal, select, text
from sqlalchemy.engine.interfaces import CacheStats
from sqlmodel import SQLModel

import model.tables  # noqa: F401 - registers the tables
from model.database import MIGRATIONS, Database, migrate, newest_revision
from model.errors import Conflict
from model.listing import ListedApplication
from model.person import Person
from model.store import person as person_store
from model.store import replica as replica_store
from model.store.application import row_of
from tests.support.fake_fleet import summary

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_migrations_make_exactly_the_tables(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)

    async with database.read() as session:
        assert await (await session.connection()).run_sync(differences) == []


def test_the_newest_file_of_a_migration_is_the_last_of_all() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [newest_revision()]


@pytest.mark.parametrize("revision", ["0001", "0006", "head"])
async def test_an_older_database_is_brought_up_to_date(tmp_path: Path, revision: str) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        migrate(connection, revision)
    engine.dispose()
    database = await Database.open(url)
    async with database.read() as session:
        found = await session.execute(text("SELECT version_num FROM alembic_version"))
        assert found.scalars().all() == [newest_revision()]
    await database.close()


async def test_a_statement_is_compiled_once_for_all_sqlite_files(tmp_path: Path) -> None:
    statement = select(literal("compiled for one, run by both"))
    found = []
    for name in ("one", "other"):
        database = await Database.open(f"sqlite:///{tmp_path / name}.db")
        async with database.read() as session:
            result = await (await session.connection()).execute(statement)
            found.append(result.context.cache_hit)
        await database.close()
    assert found == [CacheStats.CACHE_MISS, CacheStats.CACHE_HIT]


async def test_groups_of_what_is_known_already_are_read_once(tmp_path: Path) -> None:
    """Nothing that a runtime reports again without a change would write them."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    known = [msgspec.structs.replace(summary(index), environments=()) for index in range(3)]  # nobody reported those
    listed = [ListedApplication("demo", one) for one in known]
    row = row_of(listed[0], 1)
    names = ", ".join(row)
    engine = create_engine(url)
    with engine.begin() as connection:
        migrate(connection, "0008")
        insert = text(f"INSERT INTO application ({names}) VALUES ({', '.join(f':{name}' for name in row)})")
        for one in listed:
            connection.execute(insert, row_of(one, 1))
    engine.dispose()
    database = await Database.open(url)
    async with database.read() as session:
        found = await session.execute(text("SELECT application_id, kind, name FROM application_membership"))
        expected = {(str(one.id), kind.value, name) for one in listed for kind, name in one.memberships}
        assert {tuple(row) for row in found.all()} == expected
        assert len(expected) == 5
    await database.close()


async def test_many_writers_at_once_all_get_their_turn(database: Database) -> None:
    async def add(number: int) -> None:
        async with database.write() as session:
            await person_store.add(session, f"user-{number}", hashed="x")

    await asyncio.gather(*(add(number) for number in range(30)))
    async with database.read() as session:
        assert len(await person_store.all_people(session)) == 30


async def test_a_new_password_ends_sessions_and_tokens(database: Database) -> None:
    async with database.write() as session:
        await person_store.add(session, "dana", hashed="x")
        person = Person("dana", "", False, 1)
        await person_store.start_session(session, person, token_hash="s", now=NOW, lifetime=timedelta(hours=1))
        await person_store.add_token(session, person, token_id="1", name="ci", token_hash="t", now=NOW, expires=None)
        assert await person_store.credential(session, "s", NOW) is not None
        assert await person_store.credential(session, "t", NOW) is not None
        assert await person_store.credential(session, "s", NOW + timedelta(hours=1)) is None
        await person_store.set_password(session, "dana", "y")
        assert await person_store.credential(session, "s", NOW) is None
        assert await person_store.credential(session, "t", NOW) is None


@pytest.mark.cpu_seconds(60)
async def test_whoever_is_cancelled_while_writing_does_not_keep_the_writers_place(tmp_path: Path) -> None:
    """SQLite keeps a transaction open as long as anybody has its cursor, and a traceback has."""
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    both = [await Database.open(url), await Database.open(url)]
    chance = random.Random(1)

    async def write(database: Database, number: int) -> None:
        async with database.write() as session:
            await replica_store.take_hold(session, f"runtime-{number}", "somebody", NOW)

    for _ in range(60):
        writers = [asyncio.create_task(write(database, number)) for number in range(3) for database in both]
        for _ in range(chance.randrange(4)):
            await both[0].check()
        for writer in writers:
            if chance.random() < 0.6:
                writer.cancel()
        outcomes = await asyncio.gather(*writers, return_exceptions=True)
        assert not [one for one in outcomes if isinstance(one, Exception)], "the database is locked"
    for database in both:
        await database.close()


async def test_of_two_who_make_the_same_person_at_once_one_is_told_so(database: Database) -> None:
    """Replicas that start for the first time at the same moment both want an administrator."""
    other = await Database.open(database.url)

    async def make(where: Database) -> None:
        async with where.write() as session:
            await person_store.add(session, "admin", hashed="h", is_admin=True)

    outcomes = await asyncio.gather(make(database), make(other), return_exceptions=True)
    await other.close()
    assert sorted(type(one) for one in outcomes if one is not None) == [Conflict]
