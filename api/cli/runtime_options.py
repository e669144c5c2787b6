"""What commands about runtimes share: where runtimes are registered, and what installs one."""

from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import click

from api.cli import client
from api.cli.registration import InDatabase, OverApi, Registry
from api.installation.runtime import RuntimeInstallation
from api.settings import server_from_environment

_HERE_ONLY = ("127.0.0.1", "localhost", "::1")

server_option = click.option("--server", help="Address of the control plane; else the database on this machine.")
token_option = click.option("--api-token", help="API token for --server; better in ARGOSY_TOKEN.")


def registry_of(server: str | None, api_token: str | None, data_dir: Path | None) -> Registry:
    """Over the API where a server is named, else on the database."""
    named = server or (server_from_environment() if data_dir is None else None)
    return OverApi(client.client_settings(named, api_token)) if named else InDatabase(data_dir)


def token_for(registry: Registry, name: str, given: str | None, *, renew: bool) -> str | None:
    """The token for the Secret; None: the Secret in the cluster is left alone."""
    known = registry.find(name)
    if given:
        return given
    if known.seen is not None and not renew:
        click.echo(f"note: {name} has connected already, so its token stays as it is (--new-token renews it)", err=True)
        return None
    click.echo(f"note: this holds a new token of {name}; the one before is void", err=True)
    return registry.new_token(name)


def installation(
    registry: Registry,
    name: str,
    *,
    namespace: str,
    link_url: str | None,
    image: str | None,
    token: str | None,
    config_repo: str,
    engine: str = "auto",
    network_policy: bool = False,
) -> RuntimeInstallation:
    """With the defaults of this version and this control plane."""
    number = version("argosy")
    address = link_url or registry.link_url
    if urlsplit(address).hostname in _HERE_ONLY:
        click.echo(f"note: pods cannot reach {address}; name an address that they can with --link", err=True)
    return RuntimeInstallation(
        name=name,
        link_url=address,
        image=image or f"argosy:{number}",
        version=number,
        namespace=namespace,
        token=token,
        config_repo=config_repo,
        engine=engine,
        network_policy=network_policy,
    )
