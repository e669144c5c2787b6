"""`argosy appset list|preview`: ApplicationSets, and what one would create, change and delete."""

from typing import Any

import click

from api.cli import client
from api.cli.output import output_option, show_json, show_table
from api.settings import ClientSettings

_LIST = """query List($filters: ApplicationsFilterArgs, $after: String) {
  applications(filters: $filters, pagination: {first: 100, after: $after}) {
    pageInfo { hasNextPage endCursor }
    nodes { metadata { runtime namespace name } childrenNum syncStatus healthStatus explanation }
  }
}"""
_PREVIEW = """query Preview($input: ApplicationSetPreviewInput!) {
  applicationSetPreview(input: $input) {
    applications complete changesCount changes { name action reason manifest live } withheld errors warnings
  }
}"""


@click.group()
@click.option("--server", help="Address of the control plane.")
@click.option("--token", help="API token.")
@click.pass_context
def appset(context: click.Context, server: str | None, token: str | None) -> None:
    """See ApplicationSets, and what they would do."""
    context.obj = client.client_settings(server, token)


@appset.command(name="list")
@click.option("--runtime", multiple=True)
@click.option("--search", default="")
@output_option
@click.pass_obj
def list_sets(settings: ClientSettings, runtime: tuple[str, ...], search: str, output: str) -> None:
    """List ApplicationSets, and how many applications each generates."""
    filters = {"runtimes": runtime, "search": search, "kinds": ["APPLICATION_SET"]}
    nodes = client.pages(settings, _LIST, {"filters": filters}, "applications")
    show_table([_row(node) for node in nodes], output)


def _row(node: dict[str, Any]) -> dict[str, Any]:
    metadata = node["metadata"]
    return {
        "application set": f"{metadata['runtime']}/{metadata['namespace']}/{metadata['name']}",
        "applications": node["childrenNum"],
        "health": node["healthStatus"],
        "sync": node["syncStatus"],
        "explanation": node["explanation"],
    }


@appset.command()
@click.argument("name", required=False)
@click.option("-f", "--file", "manifest", type=click.File("r"), help="The manifest instead; - for standard input.")
@click.option("--runtime", required=True)
@click.option("--git-source", required=True, help="The Git Source that holds it, or would.")
@output_option
@click.pass_obj
def preview(
    settings: ClientSettings, name: str | None, manifest: Any, runtime: str, git_source: str, output: str
) -> None:
    """Tell what the set NAME, or the one in a file, would do; nothing of it is done. Ends with 1 if it cannot be told
    completely."""
    if (name is None) == (manifest is None):
        raise click.UsageError("give the NAME of an ApplicationSet, or a manifest with --file, and not both")
    given = {"name": name} if name is not None else {"manifest": manifest.read()}
    value = {"runtime": runtime, "gitSource": git_source, **given}
    found = client.execute(settings, _PREVIEW, {"input": value})["applicationSetPreview"]
    if output == "json":
        show_json(found)
    else:
        show_table([{key: one[key] for key in ("action", "name", "reason")} for one in found["changes"]], output)
        if (more := found["changesCount"] - len(found["changes"])) > 0:
            click.echo(f"and {more} more")
        for kind in ("withheld", "warnings", "errors"):
            for line in found[kind]:
                click.echo(f"{kind.removesuffix('s')}: {line}", err=True)
    if not found["complete"]:
        raise SystemExit(1)
