"""`argosy runtime rebuild`: a whole runtime again, on the same or another cluster, from the shared configuration."""

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from api.cli.database_session import data_dir_option
from api.cli.runtime_options import installation, registry_of, server_option, token_for, token_option
from api.installation.runtime import TOKEN_SECRET, runtime_objects

_REBUILD = "gitsync.cli.rebuild"


@click.command()
@click.argument("name")
@click.option("--config-repo", required=True, help="Clone URL of the shared configuration repository.")
@click.option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="KUBECONFIG",
    required=True,
    help="Of the cluster that the runtime is to live in.",
)
@click.option("--context", default="", help="Context of the kubeconfig.")
@click.option("--namespace", default="argosy", show_default=True, help="Home namespace in that cluster.")
@click.option("--git-user", default="git", show_default=True, help="User for the repository and its host.")
@click.option("--git-token", envvar="ARGOSY_GIT_TOKEN", default="", help="Better in ARGOSY_GIT_TOKEN.")
@click.option("--engine/--no-engine", default=True, show_default=True, help="Install the engine itself, too.")
@click.option("--link", "link_url", help="Where the runtime dials; default: the control plane's public address.")
@click.option("--image", help="Container image; default: argosy of this version.")
@click.option("--token", "given", envvar="ARGOSY_LINK_TOKEN", help="The runtime's token; better in ARGOSY_LINK_TOKEN.")
@click.option("--wait-seconds", type=float, default=600.0, show_default=True, help="How long it is followed.")
@server_option
@token_option
@data_dir_option
def rebuild(
    name: str,
    config_repo: str,
    kubeconfig: Path,
    context: str,
    namespace: str,
    git_user: str,
    git_token: str,
    engine: bool,
    link_url: str | None,
    image: str | None,
    given: str | None,
    wait_seconds: float,
    server: str | None,
    api_token: str | None,
    data_dir: Path | None,
) -> None:
    """Rebuild a runtime from the shared configuration repository, and follow it until all has arrived.

    What is there already stays. Ends with 1 when something is still missing; run it again after mending that. Other
    clusters have to be added again, and people enter their Git tokens again: neither is kept in Git.
    """
    command = import_module(_REBUILD)
    objects: tuple[dict[str, Any], ...] = ()
    if engine:
        registry = registry_of(server, api_token, data_dir)
        present: bool = given is None and command.has_secret(kubeconfig, context, namespace, TOKEN_SECRET)
        wanted = installation(
            registry,
            name,
            namespace=namespace,
            link_url=link_url,
            image=image,
            token=None if present else token_for(registry, name, given, renew=True),
            config_repo=config_repo,
        )
        objects = runtime_objects(wanted)
    done: bool = command.rebuild_runtime(
        name,
        config_repo=config_repo,
        namespace=namespace,
        kubeconfig=kubeconfig,
        context=context,
        user=git_user,
        password=git_token,
        engine=objects,
        patience_seconds=wait_seconds,
    )
    if not done:
        raise SystemExit(1)
    click.echo(f"runtime {name} is whole")
