"""Two replicas of the control plane on one database: PostgreSQL if ARGOSY_TEST_POSTGRES names a server, else a file."""

import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from api.live.news import News
from tests.support.control_plane import Running, control_plane
from tests.support.ports import free_port


async def shared_database() -> str | None:
    """None: the file in the data directory, which replicas then share."""
    server = os.environ.get("ARGOSY_TEST_POSTGRES")
    if not server:
        return None
    name = f"argosy_test_{secrets.token_hex(6)}"
    connection: Any = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{server}/{name}"


@asynccontextmanager
async def replica(folder: Path, url: str | None, **options: Any) -> AsyncIterator[Running]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    async with control_plane(
        folder,
        database_url=url,
        port=port,
        replica_url=options.pop("replica_url", address),
        **options,
    ) as running:
        yield running


@asynccontextmanager
async def two_replicas(folder: Path, **options: Any) -> AsyncIterator[tuple[Running, Running]]:
    """Each has a line to the other."""
    url = await shared_database()
    async with replica(folder, url, **options) as one, replica(folder, url, **options) as two:
        await joined(one)
        await joined(two)
        yield one, two


async def joined(running: Running) -> None:
    """It has lines to the others."""
    roster = running.plane.roster
    await until(roster.news, lambda: bool(roster.others) and not roster.problems)


async def until(news: News, holds: Callable[[], bool]) -> None:
    while True:
        number = news.number
        if holds():
            return
        await news.wait(number)
