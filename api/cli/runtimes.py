"""`argosy runtimes`: which runtimes may connect. (`argosy runtime` is the process of one.)"""

from datetime import UTC, datetime
from pathlib import Path

import click

from api.access.secret_token import RUNTIME, hash_token, new_token
from api.cli.database_session import data_dir_option, with_database
from api.cli.output import output_option, show_table
from model.database import Database
from model.listing import RegisteredRuntime
from model.store import runtime as runtime_store


@click.group()
def runtimes() -> None:
    """Look after the runtimes that may connect."""


@runtimes.command()
@click.argument("name")
@data_dir_option
def add(name: str, data_dir: Path | None) -> None:
    """Register a runtime and print its token; it is not shown again."""
    secret = new_token(RUNTIME)

    async def work(database: Database) -> None:
        async with database.write() as session:
            await runtime_store.add(session, name, token_hash=hash_token(secret), hosted=False, now=datetime.now(UTC))

    with_database(data_dir, work)
    click.echo(secret)


@runtimes.command()
@click.argument("name")
@data_dir_option
def token(name: str, data_dir: Path | None) -> None:
    """Make a new token for a runtime; the old one is void from the next connection on."""
    secret = new_token(RUNTIME)

    async def work(database: Database) -> bool:
        async with database.write() as session:
            return await runtime_store.set_token(session, name, hash_token(secret))

    if not with_database(data_dir, work):
        raise click.ClickException(f"there is no runtime {name!r}")
    click.echo(secret)


@runtimes.command(name="list")
@output_option
@data_dir_option
def list_runtimes(output: str, data_dir: Path | None) -> None:
    """List runtimes."""

    async def work(database: Database) -> list[RegisteredRuntime]:
        async with database.read() as session:
            return await runtime_store.all_runtimes(session)

    rows = [
        {
            "name": one.name,
            "hosted": one.hosted,
            "version": one.summary.version if one.summary else None,
            "seen": one.seen.isoformat(timespec="seconds") if one.seen else None,
        }
        for one in with_database(data_dir, work)
    ]
    show_table(rows, output)


@runtimes.command()
@click.argument("name")
@data_dir_option
def remove(name: str, data_dir: Path | None) -> None:
    """Forget a runtime and all that it reported. Nothing in its cluster changes."""

    async def work(database: Database) -> bool:
        async with database.write() as session:
            return await runtime_store.remove(session, name)

    if not with_database(data_dir, work):
        raise click.ClickException(f"there is no runtime {name!r}")
    click.echo(f"runtime {name} removed")
