"""`argosy runtime uninstall`: a runtime out of its cluster, and out of the control plane."""

import asyncio
from pathlib import Path

import click

from api.cli.database_session import data_dir_option
from api.cli.lazy import attempt, load
from api.cli.runtime_options import registry_of, server_option, token_option

_UNINSTALL = "gitsync.installation.uninstall:uninstall"


@click.command()
@click.argument("name")
@click.option("--kubeconfig", type=click.Path(path_type=Path), envvar="KUBECONFIG", help="Of the runtime's cluster.")
@click.option("--context", default="", help="Context of the kubeconfig.")
@click.option("--namespace", default="argosy", show_default=True, help="Home namespace of the runtime.")
@click.option("--applications", is_flag=True, help="Remove Applications, ApplicationSets and projects too.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@server_option
@token_option
@data_dir_option
def uninstall(
    name: str,
    kubeconfig: Path | None,
    context: str,
    namespace: str,
    applications: bool,
    dry_run: bool,
    yes: bool,
    server: str | None,
    api_token: str | None,
    data_dir: Path | None,
) -> None:
    """Take a runtime out of its cluster, then forget it. What its applications deployed stays.

    The engine goes first, then Git Sources, clusters that Argosy registered, people's Git tokens, and the rights.
    """
    registry = registry_of(server, api_token, data_dir)
    registry.find(name)
    file = kubeconfig or Path.home() / ".kube" / "config"
    if not dry_run and not yes:
        click.confirm(f"Remove runtime {name} from namespace {namespace} of {context or file}?", abort=True)
    work = load(_UNINSTALL)
    release = attempt(
        lambda: asyncio.run(
            work(file, context, namespace, name, click.echo, applications=applications, dry_run=dry_run)
        )
    )
    if dry_run:
        click.echo("nothing was removed")
        return
    registry.remove(name, force=True)
    click.echo(f"runtime {name} removed; workloads, definitions and namespace {namespace} stay")
    if release:
        click.echo(
            f"note: it came with Helm; forget the release with: helm -n {namespace} uninstall {release}", err=True
        )
