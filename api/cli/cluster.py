"""`argosy cluster`: the clusters that runtimes deploy to."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from api.cli import client
from api.cli.lazy import attempt, load
from api.cli.output import output_option, show_json, show_table
from api.settings import ClientSettings

_LIST = """query Clusters($runtime: String) { clusters(runtime: $runtime) { nodes {
  metadata { name runtime } server info { connectionState { status message } serverVersion applicationsCount }
} } }"""
_OUTCOME = "commit { sha } notice serverVersion errors { message suggestion field }"
_ADD = f"mutation Add($input: ClusterInput!) {{ outcome: addCluster(input: $input) {{ {_OUTCOME} }} }}"
_REMOVE = f"""mutation Remove($runtime: String!, $server: String!) {{
  outcome: removeCluster(runtime: $runtime, server: $server) {{ {_OUTCOME} }}
}}"""


_INSTALL = f"""mutation Install($runtime: String!, $cluster: String!, $image: String) {{
  outcome: installRollouts(runtime: $runtime, cluster: $cluster, image: $image) {{ {_OUTCOME} }}
}}"""


@click.group()
@click.option("--server", help="Address of the control plane.")
@click.option("--token", help="API token.")
@click.pass_context
def cluster(context: click.Context, server: str | None, token: str | None) -> None:
    """Look after the clusters that runtimes deploy to."""
    context.obj = client.client_settings(server, token)


@cluster.command(name="list")
@click.option("--runtime", help="Only clusters of this runtime.")
@output_option
@click.pass_obj
def list_clusters(settings: ClientSettings, runtime: str | None, output: str) -> None:
    """List clusters, and whether their runtime reaches them."""
    show_table([_row(node) for node in _clusters(settings, runtime)], output)


@cluster.command()
@click.argument("context", metavar="CONTEXT")
@click.option("--runtime", required=True, help="The runtime that is to deploy there.")
@click.option("--kubeconfig", type=click.Path(path_type=Path), envvar="KUBECONFIG", help="File with CONTEXT.")
@click.option("--name", help="What applications call it; default: the name of the context.")
@click.option("--server-url", help="Address that the runtime reaches it at; default: that of the context.")
@click.option("--namespace", default="kube-system", show_default=True, help="Where its ServiceAccount is made.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="Label for generators of ApplicationSets.")
@click.option("--annotation", "annotations", multiple=True, metavar="KEY=VALUE")
@click.option("--dry-run", is_flag=True, help="Say what would be made, and make nothing.")
@output_option
@click.pass_obj
def add(
    settings: ClientSettings,
    context: str,
    runtime: str,
    kubeconfig: Path | None,
    name: str | None,
    server_url: str | None,
    namespace: str,
    labels: Sequence[str],
    annotations: Sequence[str],
    dry_run: bool,
    output: str,
) -> None:
    """Let a runtime deploy to the cluster of the kubeconfig's CONTEXT.

    Makes the ServiceAccount argosy-manager there, with the right to do everything, and hands its token to the runtime.
    """
    file = kubeconfig or Path.home() / ".kube" / "config"
    address = server_url or _address(file, context)
    known = name or context
    wanted: dict[str, Any] = {"runtime": runtime, "name": known, "server": address}
    wanted |= {"labels": _pairs(labels), "annotations": _pairs(annotations)}
    _require_new(settings, wanted)
    if dry_run:
        _show_plan(wanted, namespace)
        return
    account = attempt(lambda: asyncio.run(_make_account(file, context, namespace)))
    wanted |= {"token": account.token, "caData": account.ca_data or None, "insecure": account.insecure}
    wanted |= {"serverName": account.server_name or None}
    outcome = _outcome(client.execute(settings, _ADD, {"input": wanted}))
    _show(outcome, f"cluster {known} ({outcome['serverVersion']}) added to runtime {runtime}", output)


@cluster.command()
@click.argument("name", metavar="NAME_OR_URL")
@click.option("--runtime", required=True, help="The runtime that deploys there.")
@output_option
@click.pass_obj
def remove(settings: ClientSettings, name: str, runtime: str, output: str) -> None:
    """Take a cluster away from a runtime. What runs there goes on, and is managed by nobody then."""
    for node in _clusters(settings, runtime):
        if name in (node["metadata"]["name"], node["server"]):
            break
    else:
        raise click.ClickException(f"runtime {runtime} has no cluster {name!r}; see `argosy cluster list`")
    outcome = _outcome(client.execute(settings, _REMOVE, {"runtime": runtime, "server": node["server"]}))
    if count := node["info"]["applicationsCount"]:
        click.echo(f"note: {count} applications name it as their destination", err=True)
    click.echo("note: its ServiceAccount argosy-manager stays; delete it and its ClusterRole with kubectl", err=True)
    _show(outcome, f"cluster {node['metadata']['name']} removed from runtime {runtime}", output)


@cluster.command()
@click.argument("name", metavar="NAME")
@click.option("--runtime", required=True, help="The runtime that deploys there.")
@click.option("--image", help="Argosy's image; default: the one that the runtime itself runs as.")
@output_option
@click.pass_obj
def install_rollouts(settings: ClientSettings, name: str, runtime: str, image: str | None, output: str) -> None:
    """Commit the controller of Rollouts for a cluster that does not know them."""
    variables = {"runtime": runtime, "cluster": name, "image": image}
    outcome = _outcome(client.execute(settings, _INSTALL, variables))
    _show(outcome, f"the controller of Rollouts comes to cluster {name}", output)


def _address(file: Path, context: str) -> str:
    read = load("gitsync.kube.access:access_from_kubeconfig")
    return str(attempt(lambda: read(file, context=context)).server)


async def _make_account(file: Path, context: str, namespace: str) -> Any:
    def told(made: str) -> None:
        click.echo(f"  {made}", err=True)

    return await load("gitsync.installation.account:make_account")(file, context, namespace, told)


def _require_new(settings: ClientSettings, wanted: dict[str, Any]) -> None:
    """Before anything is made in the target cluster."""
    for node in _clusters(settings, wanted["runtime"]):
        if node["server"] == wanted["server"].rstrip("/") or node["metadata"]["name"] == wanted["name"]:
            raise click.ClickException(
                f"runtime {wanted['runtime']} has a cluster {node['metadata']['name']} at {node['server']} already"
            )


def _clusters(settings: ClientSettings, runtime: str | None) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = client.execute(settings, _LIST, {"runtime": runtime})["clusters"]["nodes"]
    return nodes


def _row(node: dict[str, Any]) -> dict[str, Any]:
    info = node["info"]
    return {
        "name": node["metadata"]["name"],
        "runtime": node["metadata"]["runtime"],
        "server": node["server"],
        "connection": info["connectionState"]["status"],
        "version": info["serverVersion"],
        "applications": info["applicationsCount"],
        "message": info["connectionState"]["message"],
    }


def _pairs(given: Sequence[str]) -> list[dict[str, str]]:
    pairs = []
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{one!r} is not KEY=VALUE")
        pairs.append({"key": key, "value": value})
    return pairs


def _show_plan(wanted: dict[str, Any], namespace: str) -> None:
    click.echo(f"would make in {wanted['server']}:")
    for body in load("gitsync.installation.account:account_objects")(namespace):
        click.echo(f"  {body['kind']} {body['metadata']['name']}")
    click.echo(f"and add it to runtime {wanted['runtime']} as {wanted['name']}")


def _outcome(data: dict[str, Any]) -> dict[str, Any]:
    outcome: dict[str, Any] = data["outcome"]
    for error in outcome["errors"]:
        raise click.ClickException(" ".join(filter(None, (error["message"], error["suggestion"]))))
    return outcome


def _show(outcome: dict[str, Any], sentence: str, output: str) -> None:
    if output == "json":
        show_json(outcome)
        return
    click.echo(f"{sentence}, by commit {outcome['commit']['sha'][:12]}" if outcome["commit"] else sentence)
    if outcome["notice"]:
        click.echo(f"note: {outcome['notice']}", err=True)
