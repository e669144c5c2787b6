"""`argosy runtime manage`: a runtime's installation goes into Git, and the runtime keeps it as it stands there."""

import click

from api.cli import client

_MANAGE = """mutation Manage($runtime: String!) {
  manageRuntime(runtime: $runtime) { commit { sha } errors { message suggestion } }
}"""


@click.command()
@click.argument("name")
@click.option("--server", help="Address of the control plane.")
@click.option("--api-token", help="API token; better in ARGOSY_TOKEN.")
def manage(name: str, server: str | None, api_token: str | None) -> None:
    """Commit a runtime's installation, as it is in its cluster, so that it manages itself.

    From then on it is upgraded by a commit to installations/NAME/ of the shared configuration. Its token stays out.
    """
    outcome = client.execute(client.client_settings(server, api_token), _MANAGE, {"runtime": name})["manageRuntime"]
    for error in outcome["errors"]:
        raise click.ClickException(" ".join(filter(None, (error["message"], error["suggestion"]))))
    click.echo(f"runtime {name} manages itself, by commit {outcome['commit']['sha'][:12]}")
