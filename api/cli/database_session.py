"""What commands that work on the database itself share: opening it, and ending with a sentence, not a traceback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import click

from api.settings import from_environment
from model.database import Database
from model.errors import ModelError

Result = TypeVar("Result")

data_dir_option = click.option("--data-dir", type=click.Path(path_type=Path), help="Data directory of the server.")


@asynccontextmanager
async def open_database(data_dir: Path | None) -> AsyncIterator[Database]:
    settings = from_environment()
    url = settings.database_url or f"sqlite:///{(data_dir or settings.data_dir).resolve() / 'argosy.db'}"
    database = await Database.open(url)
    try:
        yield database
    finally:
        await database.close()


def with_database(data_dir: Path | None, work: Callable[[Database], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with open_database(data_dir) as database:
            return await work(database)

    try:
        return asyncio.run(run())
    except ModelError as error:
        raise click.ClickException(str(error)) from error
