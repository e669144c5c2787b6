"""The control plane's database: opening it, and the two ways to use it.

    database = await Database.open(url)      creates and migrates
    async with database.read() as session:   many at a time
    async with database.write() as session:  one transaction, committed at the end

SQLite has one writer: `write` hands it out in turn within this process, and begins as the writer at once, so that
another process waits rather than meets "database is locked" halfway, and what was read still holds at the commit.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.dialects import registry
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.util import LRUCache

from model.sqlite_connection import open_sqlite

MIGRATIONS = Path(__file__).parent / "migrations"
_rolling_back: set[asyncio.Task[None]] = set()  # kept, as nobody waits for them
_MIGRATING = 4_207_310  # any number that nobody else locks
_COMPILED = LRUCache[Any, Any](500)  # statements for SQLite, whichever file they are for
_WRITING: dict[str, Any] = {"argosy_writes": True}
registry.register("sqlite.argosy", "model.sqlite_connection", "SQLiteDialect")
_DRIVERS = {"sqlite": "sqlite+argosy", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


class Database:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._writing = async_sessionmaker(engine.execution_options(**_WRITING), expire_on_commit=False)
        self._writer = asyncio.Lock() if engine.dialect.name == "sqlite" else None

    @staticmethod
    async def open(url: str) -> "Database":
        """`url` is `sqlite:///path` or `postgresql://...`. Missing tables are made, older ones brought up to date."""
        database = Database(_create_engine(url))
        async with database._engine.execution_options(**_WRITING).connect() as connection:
            if connection.dialect.name == "postgresql":  # several replicas may start at once
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
            await connection.run_sync(_bring_up_to_date)
            await connection.commit()
        return database

    @property
    def url(self) -> str:
        return self._engine.url.set(drivername=self._engine.dialect.name).render_as_string(hide_password=False)

    async def close(self) -> None:
        await self._engine.dispose()

    async def check(self) -> None:
        """Raises what the driver raises when the database does not answer."""
        async with self.read() as session:
            await session.execute(text("SELECT 1"))

    async def analyze(self) -> None:
        """Tells the query planner how the rows are spread; without it SQLite sorts whole tables for one page."""
        async with self.write() as session:
            if self._writer is not None:
                await session.execute(text("PRAGMA analysis_limit=1000"))
            await session.execute(text("ANALYZE"))
            if self._writer is not None:  # a changed schema makes SQLite's other connections read the statistics too
                await session.execute(text("CREATE TABLE IF NOT EXISTS analyzed (moment)"))
                await session.execute(text("DROP TABLE IF EXISTS analyzed"))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with self._sessions() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        async with AsyncExitStack() as stack:
            if self._writer is not None:
                await stack.enter_async_context(self._writer)
            session = await stack.enter_async_context(self._writing())
            await stack.enter_async_context(session.begin())
            yield session


def _bring_up_to_date(connection: Connection) -> None:
    """Most starts find everything as it should be, and importing Alembic is a fifth of what a start takes."""
    if _revision(connection) != newest_revision():
        migrate(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def newest_revision() -> str:
    """Files of migrations are named after their revisions, which follow one another."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def migrate(connection: Connection, revision: str = "head") -> None:
    from alembic import command  # not needed where nothing has to be migrated
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _create_engine(url: str) -> AsyncEngine:
    parsed = make_url(url)
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise ValueError(f"a database of kind {parsed.get_backend_name()!r} is not supported: use sqlite or postgresql")
    parsed = parsed.set(drivername=driver)
    if not driver.startswith("sqlite"):
        return create_async_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        parsed,
        connect_args={"timeout": 30, "async_creator_fn": open_sqlite},
        execution_options={"compiled_cache": _COMPILED},
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    event.listen(engine.sync_engine, "invalidate", _give_up_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """WAL lets readers go on beside the writer; NORMAL keeps every commit through a kill of the process.

    The driver begins no transactions of its own: it would begin them as a reader.
    """
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-16384",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("argosy_writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _give_up_sqlite(connection: Any, _record: object, _error: object) -> None:
    """A connection whose statement was cancelled is closed, but SQLite holds on to its transaction, and with that to
    the one writer's place, as long as anybody has the statement's cursor: a traceback is enough. So roll it back first.
    """
    task = asyncio.ensure_future(_roll_back(connection.driver_connection))
    _rolling_back.add(task)
    task.add_done_callback(_rolling_back.discard)


async def _roll_back(connection: Any) -> None:
    with suppress(ValueError, sqlite3.Error):  # it is closed already
        await connection.rollback()
