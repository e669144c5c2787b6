"""`argosy git-source`: the repositories from which runtimes sync manifests, and to which changes are committed."""

from typing import Any

import click

from api.cli import client
from api.cli.application_change import PAYLOAD, show_commit
from api.cli.output import output_option, show_table
from api.settings import ClientSettings

_LIST = """query List($runtime: String) { gitSources(runtime: $runtime) { nodes {
  metadata { runtime name } repoURL path revision include exclude syncStatus resourcesCount
  permissions { write } } } }"""
_KNOWN = """query Known($runtime: String) { gitSources(runtime: $runtime) { nodes {
  metadata { name } repoURL path revision include exclude
  restriction { allowedRepositories allowedDestinations { server name namespace } } } } }"""
_CREATE = f"mutation Create($input: GitSourceInput!) {{ outcome: createGitSource(input: $input) {PAYLOAD} }}"
_EDIT = f"mutation Edit($input: GitSourceInput!) {{ outcome: editGitSource(input: $input) {PAYLOAD} }}"
_DELETE = f"""mutation Delete($runtime: String!, $name: String!) {{
  outcome: deleteGitSource(runtime: $runtime, name: $name) {PAYLOAD}
}}"""


@click.group()
@click.option("--server", help="Address of the control plane.")
@click.option("--token", help="API token.")
@click.pass_context
def git_source(context: click.Context, server: str | None, token: str | None) -> None:
    """Look after the repositories that manifests are committed to."""
    context.obj = client.client_settings(server, token)


@git_source.command(name="list")
@click.option("--runtime")
@output_option
@click.pass_obj
def list_sources(settings: ClientSettings, runtime: str | None, output: str) -> None:
    """List Git Sources."""
    nodes = client.execute(settings, _LIST, {"runtime": runtime})["gitSources"]["nodes"]
    rows = [
        {
            "git source": f"{node['metadata']['runtime']}/{node['metadata']['name']}",
            "repository": node["repoURL"],
            "path": node["path"],
            "revision": node["revision"],
            "include": node["include"],
            "exclude": node["exclude"],
            "sync": node["syncStatus"],
            "resources": node["resourcesCount"],
            "may write": node["permissions"]["write"],
        }
        for node in nodes
    ]
    show_table(rows, output)


def _what(command: Any) -> Any:
    """What a person may say of a Git Source, but for its repository."""
    for option in (
        click.argument("name"),
        click.option("--runtime", required=True),
        click.option("--revision", help="Branch; default: the repository's own."),
        click.option("--path", help="Directory of the manifests; default: all."),
        click.option("--include", help="Glob of files that count."),
        click.option("--exclude", help="Glob of files that do not."),
        click.option(
            "--allow-repo", "allowed_repositories", multiple=True, help="Restricted: a repository that may be read."
        ),
        click.option(
            "--allow-destination",
            "allowed_destinations",
            multiple=True,
            metavar="CLUSTER/NAMESPACE",
            help="Restricted: where may be deployed; CLUSTER is a name or an address.",
        ),
        click.option("--operation-id", help="The same id asked for twice is one commit."),
        output_option,
    ):
        command = option(command)
    return command


@git_source.command()
@_what
@click.option("--repo", "repo_url", required=True, help="Clone URL of the repository.")
@click.option("--create-repository", is_flag=True, help="Make the repository, where its host can.")
@click.pass_obj
def create(settings: ClientSettings, /, create_repository: bool, output: str, **said: Any) -> None:
    """Create a Git Source: commit it to the shared configuration repository."""
    value = {**_input(said), "createRepository": create_repository}
    show_commit(client.execute(settings, _CREATE, {"input": value})["outcome"], output)


@git_source.command()
@_what
@click.option("--repo", "repo_url", help="Clone URL of the repository.")
@click.pass_obj
def edit(settings: ClientSettings, /, output: str, **said: Any) -> None:
    """Edit a Git Source: everything but its name. What is not said stays; an option with "" takes it away."""
    wanted = {**_known(settings, said["runtime"], said["name"]), **_said(_input(said))}
    show_commit(client.execute(settings, _EDIT, {"input": wanted})["outcome"], output)


def _known(settings: ClientSettings, runtime: str, name: str) -> dict[str, Any]:
    """What an edit of it has to say so that it stays as it is."""
    nodes = client.execute(settings, _KNOWN, {"runtime": runtime})["gitSources"]["nodes"]
    node = next((one for one in nodes if one["metadata"]["name"] == name), None)
    if node is None:
        raise click.ClickException(f"runtime {runtime} has no Git Source {name}, or you may not see it")
    kept = {key: node[key] for key in ("repoURL", "path", "revision", "include", "exclude")}
    return {**kept, **(node["restriction"] or {})}


def _said(value: dict[str, Any]) -> dict[str, Any]:
    """Without options that were not given."""
    return {name: one for name, one in value.items() if one is not None and one != () and one != []}


@git_source.command()
@click.argument("name")
@click.option("--runtime", required=True)
@output_option
@click.pass_obj
def delete(settings: ClientSettings, name: str, runtime: str, output: str) -> None:
    """Delete a Git Source. Its applications stay, and are managed by nobody then."""
    show_commit(client.execute(settings, _DELETE, {"runtime": runtime, "name": name})["outcome"], output)


def _input(said: dict[str, Any]) -> dict[str, Any]:
    names = {
        "repo_url": "repoURL",
        "operation_id": "operationId",
        "allowed_repositories": "allowedRepositories",
        "allowed_destinations": "allowedDestinations",
    }
    places = [_destination(one) for one in said["allowed_destinations"]]
    return {names.get(name, name): value for name, value in {**said, "allowed_destinations": places}.items()}


def _destination(text: str) -> dict[str, str]:
    cluster, _, namespace = text.rpartition("/")
    if not cluster or not namespace:
        raise click.UsageError(f"--allow-destination is CLUSTER/NAMESPACE, not {text!r}")
    return {"server" if "://" in cluster else "name": cluster, "namespace": namespace}
