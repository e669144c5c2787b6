"""The read model on SQLite and, where ARGOSY_TEST_POSTGRES names a server, on PostgreSQL."""

import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from model.database import Database
from tests.support.read_model import fresh_sqlite


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        found = await fresh_sqlite(tmp_path / "read-model.db")
    else:
        found = await Database.open(await _fresh_postgres())
    yield found
    await found.close()


async def _fresh_postgres() -> str:
    """A new database on the server; its user must be allowed to create them."""
    server = os.environ.get("ARGOSY_TEST_POSTGRES")
    if not server:
        pytest.skip("ARGOSY_TEST_POSTGRES names no PostgreSQL server (postgresql://user:password@host:port)")
    name = f"argosy_test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return f"{server}/{name}"
