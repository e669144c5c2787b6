"""`argosy user`: local users, in the database of the control plane."""

from pathlib import Path

import click

from api.access.passwords import hash_password
from api.cli.database_session import data_dir_option, with_database
from api.cli.output import output_option, show_table
from model.database import Database
from model.person import Person
from model.store import person as person_store


@click.group()
def user() -> None:
    """Look after local users."""


@user.command()
@click.argument("name")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for unless given.")
@click.option("--email", default="")
@click.option("--admin", is_flag=True, help="May see everything about runtimes, and what no repository rules.")
@data_dir_option
def create(name: str, password: str, email: str, admin: bool, data_dir: Path | None) -> None:
    """Create a user."""

    async def work(database: Database) -> None:
        async with database.write() as session:
            await person_store.add(session, name, hashed=hash_password(password), email=email, is_admin=admin)

    with_database(data_dir, work)
    click.echo(f"user {name} created")


@user.command(name="list")
@output_option
@data_dir_option
def list_users(output: str, data_dir: Path | None) -> None:
    """List users."""

    async def work(database: Database) -> list[Person]:
        async with database.read() as session:
            return await person_store.all_people(session)

    people = with_database(data_dir, work)
    show_table([{"name": one.name, "email": one.email, "admin": one.is_admin} for one in people], output)


@user.command()
@click.argument("name")
@data_dir_option
def delete(name: str, data_dir: Path | None) -> None:
    """Delete a user, and end all their sessions and tokens."""

    async def work(database: Database) -> bool:
        async with database.write() as session:
            return await person_store.remove(session, name)

    if not with_database(data_dir, work):
        raise click.ClickException(f"there is no user {name!r}")
    click.echo(f"user {name} deleted")


@user.command()
@click.argument("name")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for unless given.")
@data_dir_option
def password(name: str, password: str, data_dir: Path | None) -> None:
    """Set a user's password, and end all their sessions and tokens."""

    async def work(database: Database) -> bool:
        async with database.write() as session:
            return await person_store.set_password(session, name, hash_password(password))

    if not with_database(data_dir, work):
        raise click.ClickException(f"there is no user {name!r}")
    click.echo(f"password of {name} changed; their sessions and tokens have ended")
