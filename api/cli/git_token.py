"""`argosy git-token`: one's own Git tokens. A token is never an argument: those stand in the list of processes."""

import sys
from typing import Any

import click

from api.cli import client
from api.cli.output import output_option, show_table
from api.settings import ClientSettings

_TOKENS = "tokens { id url username status message checkedAt } errors { message suggestion }"
_LIST = """query Tokens($runtime: String!) {
  gitTokens(runtime: $runtime) { id url username status message checkedAt }
}"""
_ADD = f"mutation Add($input: GitTokenInput!) {{ outcome: addGitToken(input: $input) {{ {_TOKENS} }} }}"
_REMOVE = f"""mutation Remove($runtime: String!, $id: ID!) {{
  outcome: removeGitToken(runtime: $runtime, id: $id) {{ {_TOKENS} }}
}}"""


@click.group(name="git-token")
@click.option("--server", help="Address of the control plane.")
@click.option("--token", help="API token.")
@click.pass_context
def git_token(context: click.Context, server: str | None, token: str | None) -> None:
    """Look after your own Git tokens."""
    context.obj = client.client_settings(server, token)


@git_token.command(name="list")
@click.argument("runtime")
@output_option
@click.pass_obj
def list_tokens(settings: ClientSettings, runtime: str, output: str) -> None:
    """List your tokens that RUNTIME keeps, and whether they are still good."""
    show_table(client.execute(settings, _LIST, {"runtime": runtime})["gitTokens"], output)


@git_token.command()
@click.argument("runtime")
@click.argument("url")
@click.option("--username", help="Your account on the Git host, where it is not your name here.")
@output_option
@click.pass_obj
def add(settings: ClientSettings, runtime: str, url: str, username: str | None, output: str) -> None:
    """Give RUNTIME your token for the Git host at URL; it is asked for, or read from standard input."""
    secret = click.prompt("Token", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    wanted = {"runtime": runtime, "url": url, "username": username, "token": secret.strip()}
    _show(client.execute(settings, _ADD, {"input": wanted}), output)


@git_token.command()
@click.argument("runtime")
@click.argument("token_id", metavar="ID")
@output_option
@click.pass_obj
def remove(settings: ClientSettings, runtime: str, token_id: str, output: str) -> None:
    """Remove the token ID from RUNTIME."""
    _show(client.execute(settings, _REMOVE, {"runtime": runtime, "id": token_id}), output)


def _show(data: dict[str, Any], output: str) -> None:
    outcome = data["outcome"]
    for error in outcome["errors"]:
        raise click.ClickException(f"{error['message']}. {error['suggestion'] or ''}".strip())
    show_table(outcome["tokens"], output)
