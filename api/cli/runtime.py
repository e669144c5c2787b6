"""`argosy runtime`: looking after runtimes. Without a subcommand it is the runtime process itself."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import yaml

from api.cli.database_session import data_dir_option
from api.cli.lazy import load_command
from api.cli.output import output_option, show_table
from api.cli.runtime_check import check
from api.cli.runtime_logs import logs
from api.cli.runtime_manage import manage
from api.cli.runtime_options import installation, registry_of, server_option, token_for, token_option
from api.cli.runtime_rebuild import rebuild
from api.cli.runtime_uninstall import uninstall
from api.installation.runtime import namespace_object, runtime_objects
from model.plain_scalar import TextDumper

_PROCESS = "gitsync.cli.runtime:runtime"


class _RuntimeGroup(click.Group):
    """`argosy runtime create NAME` is a command; `argosy runtime --kubeconfig F ...` starts the process."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args and (args[0] in self.commands or args[0] in ("--help", "-h")):
            return super().make_context(info_name, args, parent, **extra)
        if args and not args[0].startswith("-"):
            return super().make_context(info_name, args, parent, **extra)  # which says that there is no such command
        return load_command(_PROCESS).make_context(info_name, args, parent, **extra)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        process = load_command(_PROCESS)
        records = [record for option in process.get_params(ctx) if (record := option.get_help_record(ctx)) is not None]
        with formatter.section("Options of the process (without a subcommand)"):
            formatter.write_dl([record for record in records if record[0] != "--help"])


@click.group(cls=_RuntimeGroup)
def runtime() -> None:
    """Look after the runtimes that may connect; without a subcommand: be one, on a cluster."""


@runtime.command()
@click.argument("name")
@server_option
@token_option
@data_dir_option
def create(name: str, server: str | None, api_token: str | None, data_dir: Path | None) -> None:
    """Register a runtime and print its token; it is not shown again."""
    click.echo(registry_of(server, api_token, data_dir).create(name))
    click.echo(
        f"Keep this token, it is not shown again. Next, with kubectl on the runtime's cluster:\n"
        f"  argosy runtime manifests {name} | kubectl apply -f -",
        err=True,
    )


@runtime.command()
@click.argument("name")
@server_option
@token_option
@data_dir_option
def token(name: str, server: str | None, api_token: str | None, data_dir: Path | None) -> None:
    """Make a new token for a runtime and print it; the old one is void, and its connection ends."""
    click.echo(registry_of(server, api_token, data_dir).new_token(name))


@runtime.command(name="list")
@output_option
@server_option
@token_option
@data_dir_option
def list_runtimes(output: str, server: str | None, api_token: str | None, data_dir: Path | None) -> None:
    """List runtimes."""
    show_table([asdict(one) for one in registry_of(server, api_token, data_dir).all()], output)


@runtime.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Even while it is connected.")
@server_option
@token_option
@data_dir_option
def remove(name: str, force: bool, server: str | None, api_token: str | None, data_dir: Path | None) -> None:
    """Forget a runtime and all that it reported. Nothing in its cluster changes; see `uninstall`."""
    registry_of(server, api_token, data_dir).remove(name, force=force)
    click.echo(f"runtime {name} removed")


@runtime.command()
@click.argument("name")
@click.option("--namespace", default="argosy", show_default=True, help="Home namespace in the runtime's cluster.")
@click.option("--link", "link_url", help="Where the runtime dials; default: the control plane's public address.")
@click.option("--image", help="Container image; default: argosy of this version.")
@click.option("--token", "given", envvar="ARGOSY_LINK_TOKEN", help="The runtime's token; better in ARGOSY_LINK_TOKEN.")
@click.option("--new-token", is_flag=True, help="Renew the token of a runtime that has connected already.")
@click.option("--config-repo", default="", help="Shared configuration repository with the ledger.")
@click.option("--engine", type=click.Choice(["auto", "argosy", "argo-cd"]), default="auto", show_default=True)
@click.option("--network-policy", is_flag=True, help="Let nothing in but scrapes and probes.")
@server_option
@token_option
@data_dir_option
def manifests(
    name: str,
    namespace: str,
    link_url: str | None,
    image: str | None,
    given: str | None,
    new_token: bool,
    config_repo: str,
    engine: str,
    network_policy: bool,
    server: str | None,
    api_token: str | None,
    data_dir: Path | None,
) -> None:
    """Print what installs a runtime, for `kubectl apply -f -`.

    The token's Secret is among it for a runtime that has not connected yet, with --token and with --new-token;
    otherwise the one in the cluster stays. Definitions of kinds are not: the runtime makes those that are missing.
    """
    registry = registry_of(server, api_token, data_dir)
    wanted = installation(
        registry,
        name,
        namespace=namespace,
        link_url=link_url,
        image=image,
        token=token_for(registry, name, given, renew=new_token),
        config_repo=config_repo,
        engine=engine,
        network_policy=network_policy,
    )
    click.echo(
        yaml.dump_all([namespace_object(wanted), *runtime_objects(wanted)], Dumper=TextDumper, sort_keys=False),
        nl=False,
    )


runtime.add_command(check)
runtime.add_command(logs)
runtime.add_command(manage)
runtime.add_command(rebuild)
runtime.add_command(uninstall)
