"""Registering runtimes from the command line: over the API of a server, or on the database of one on this machine."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import click

from api.access.secret_token import RUNTIME, hash_token, new_token
from api.cli import client
from api.cli.database_session import with_database
from api.errors import ApiError
from api.installation.names import require_runtime_name
from api.settings import ClientSettings, from_environment
from model.database import Database
from model.listing import RegisteredRuntime
from model.store import runtime as runtime_store

_CONNECTED_WITHIN = timedelta(seconds=30)  # "last heard of" is written every ten


@dataclass(frozen=True, slots=True)
class ListedRuntime:
    """One line of the list."""

    name: str
    hosted: bool
    version: str | None
    seen: str | None
    connected: bool | None = None


class Registry(Protocol):
    """Both raise ClickException for what cannot be done."""

    def create(self, name: str) -> str:
        """The new runtime's token."""

    def new_token(self, name: str) -> str:
        """The old one is void from now on, and its connection ends."""

    def find(self, name: str) -> ListedRuntime:
        """Fails when there is none."""

    def all(self) -> list[ListedRuntime]: ...

    def remove(self, name: str, *, force: bool) -> None:
        """Forgets it and what it reported; a connected one only with `force`."""

    @property
    def link_url(self) -> str:
        """Where runtimes dial."""


def link_url_of(address: str) -> str:
    return address.rstrip("/").replace("http", "ws", 1) + "/link"


@dataclass(frozen=True, slots=True)
class InDatabase:
    data_dir: Path | None

    @property
    def link_url(self) -> str:
        settings = from_environment()
        return link_url_of(settings.public_url or settings.local_url)

    def create(self, name: str) -> str:
        try:
            require_runtime_name(name)
        except ApiError as error:
            raise click.ClickException(f"{error.message}: {error.suggestion}") from error
        secret = new_token(RUNTIME)

        async def work(database: Database) -> None:
            async with database.write() as session:
                now = datetime.now(UTC)
                await runtime_store.add(session, name, token_hash=hash_token(secret), hosted=False, now=now)

        with_database(self.data_dir, work)
        return secret

    def new_token(self, name: str) -> str:
        secret = new_token(RUNTIME)

        async def work(database: Database) -> bool:
            async with database.write() as session:
                return await runtime_store.set_token(session, name, hash_token(secret))

        if not with_database(self.data_dir, work):
            raise _unknown(name)
        return secret

    def find(self, name: str) -> ListedRuntime:
        for one in self.all():
            if one.name == name:
                return one
        raise _unknown(name)

    def all(self) -> list[ListedRuntime]:
        async def work(database: Database) -> list[RegisteredRuntime]:
            async with database.read() as session:
                return await runtime_store.all_runtimes(session)

        return [_listed(one) for one in with_database(self.data_dir, work)]

    def remove(self, name: str, *, force: bool) -> None:
        if self.find(name).connected and not force:
            raise click.ClickException(f"runtime {name} is connected: stop it first, or say --force")

        async def work(database: Database) -> bool:
            async with database.write() as session:
                return await runtime_store.remove(session, name)

        with_database(self.data_dir, work)


_PROBLEMS = "errors { message suggestion }"
_CREATE = f"mutation Create($name: String!) {{ outcome: createRuntime(name: $name) {{ token {_PROBLEMS} }} }}"
_RENEW = f"mutation Renew($name: String!) {{ outcome: renewRuntimeToken(name: $name) {{ token {_PROBLEMS} }} }}"
_REMOVE = f"""mutation Remove($name: String!, $force: Boolean!) {{
  outcome: removeRuntime(name: $name, confirmName: $name, force: $force) {{ {_PROBLEMS} }}
}}"""
_LIST = """{ runtimes { nodes {
  metadata { name } installationType runtimeVersion lastUpdated available
} } }"""


@dataclass(frozen=True, slots=True)
class OverApi:
    settings: ClientSettings

    @property
    def link_url(self) -> str:
        return link_url_of(self.settings.server)

    def create(self, name: str) -> str:
        return str(self._outcome(_CREATE, name=name)["token"])

    def new_token(self, name: str) -> str:
        return str(self._outcome(_RENEW, name=name)["token"])

    def find(self, name: str) -> ListedRuntime:
        for one in self.all():
            if one.name == name:
                return one
        raise _unknown(name)

    def all(self) -> list[ListedRuntime]:
        return [
            ListedRuntime(
                name=node["metadata"]["name"],
                hosted=node["installationType"] == "HELM_HOSTED",
                version=node["runtimeVersion"],
                seen=node["lastUpdated"],
                connected=node["available"],
            )
            for node in client.execute(self.settings, _LIST, {})["runtimes"]["nodes"]
        ]

    def remove(self, name: str, *, force: bool) -> None:
        self._outcome(_REMOVE, name=name, force=force)

    def _outcome(self, document: str, **variables: Any) -> dict[str, Any]:
        outcome: dict[str, Any] = client.execute(self.settings, document, variables)["outcome"]
        for error in outcome["errors"]:
            raise click.ClickException(": ".join(filter(None, (error["message"], error["suggestion"]))))
        return outcome


def _unknown(name: str) -> click.ClickException:
    return click.ClickException(f"there is no runtime {name!r}; `argosy runtime create {name}` registers one")


def _listed(one: RegisteredRuntime) -> ListedRuntime:
    return ListedRuntime(
        name=one.name,
        hosted=one.hosted,
        version=one.summary.version if one.summary else None,
        seen=one.seen.isoformat(timespec="seconds") if one.seen else None,
        connected=one.seen is not None and datetime.now(UTC) - one.seen < _CONNECTED_WITHIN,
    )
