"""`argosy token`: API tokens, in the database of the control plane."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from api.access.secret_token import API, hash_token, new_token
from api.cli.database_session import data_dir_option, with_database
from api.cli.output import output_option, show_table
from model.database import Database
from model.errors import NotFound
from model.person import ApiToken
from model.store import person as person_store


@click.group()
def token() -> None:
    """Look after API tokens."""


@token.command()
@click.argument("user")
@click.option("--name", default="", help="What it is for.")
@click.option("--days", type=click.IntRange(1), default=90, show_default=True, help="How long it is valid.")
@data_dir_option
def create(user: str, name: str, days: int, data_dir: Path | None) -> None:
    """Create a token for a user and print it; it is not shown again."""
    secret, now = new_token(API), datetime.now(UTC)

    async def work(database: Database) -> None:
        async with database.write() as session:
            person = await person_store.get(session, user)
            if person is None:
                raise NotFound(f"there is no user {user!r}")
            await person_store.add_token(
                session,
                person,
                token_id=secrets.token_hex(6),
                name=name,
                token_hash=hash_token(secret),
                now=now,
                expires=now + timedelta(days=days),
            )

    with_database(data_dir, work)
    click.echo(secret)


@token.command(name="list")
@output_option
@data_dir_option
def list_tokens(output: str, data_dir: Path | None) -> None:
    """List tokens, without the tokens themselves."""

    async def work(database: Database) -> list[ApiToken]:
        async with database.read() as session:
            return await person_store.tokens(session)

    rows = [
        {
            "id": one.id,
            "user": one.person,
            "name": one.name,
            "created": one.created.isoformat(timespec="seconds"),
            "expires": one.expires.isoformat(timespec="seconds") if one.expires else None,
        }
        for one in with_database(data_dir, work)
    ]
    show_table(rows, output)


@token.command()
@click.argument("token_id")
@data_dir_option
def revoke(token_id: str, data_dir: Path | None) -> None:
    """End a token, named by its id."""

    async def work(database: Database) -> bool:
        async with database.write() as session:
            return await person_store.revoke_token(session, token_id)

    if not with_database(data_dir, work):
        raise click.ClickException(f"there is no token with id {token_id!r}")
    click.echo(f"token {token_id} revoked")
