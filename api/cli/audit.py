"""`argosy audit`: the audit log on the command line."""

from typing import Any

import click
import httpx

from api.cli import client
from api.cli.output import output_option, show_table
from api.settings import ClientSettings

_LIST = """query AuditLog($filters: AuditFilterArgs, $first: Int, $after: String) {
  auditLog(filters: $filters, pagination: {first: $first, after: $after}) {
    nodes {
      action entityKind entityName runtime operationId reason outcome files
      actor { name email } signature { status } commit { sha message date repoURL url }
    }
    pageInfo { endCursor hasNextPage }
  }
}"""
_PAGE = 100
_EXPORT_SECONDS = 60.0


@click.group()
@click.option("--server", help="Address of the control plane.")
@click.option("--token", help="API token.")
@click.pass_context
def audit(context: click.Context, server: str | None, token: str | None) -> None:
    """See who changed what, as Git tells it."""
    context.obj = client.client_settings(server, token)


def _filters(command: Any) -> Any:
    options = (
        click.option("--actor", "actors", multiple=True, help="Name of the person. Repeatable, as all but times."),
        click.option("--action", "actions", multiple=True, help="EDIT, SYNC, ...; COMMIT: made outside of Argosy."),
        click.option("--kind", "entityKinds", multiple=True, help="Kind of what was changed, such as Application."),
        click.option("--name", "entityName", help="Name of what was changed."),
        click.option("--runtime", "runtimes", multiple=True),
        click.option("--repository", "repositories", multiple=True, help="URL of a repository."),
        click.option("--since", help="Time such as 2026-01-31T08:00:00Z."),
        click.option("--until", help="Time; commits of that moment are left out."),
        click.option("--search", help="Part of message, file, commit id, name or person."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@audit.command("list")
@_filters
@click.option("--limit", default=50, show_default=True, help="At most so many, newest first.")
@output_option
@click.pass_obj
def list_entries(settings: ClientSettings, /, limit: int, output: str, **given: Any) -> None:
    """List the newest entries."""
    entries: list[dict[str, Any]] = []
    after = ""
    filters = _given(given)
    while len(entries) < limit:
        variables = {"filters": filters, "first": min(_PAGE, limit - len(entries)), "after": after}
        page = client.execute(settings, _LIST, variables)["auditLog"]
        entries += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    show_table(entries if output == "json" else [_row(entry) for entry in entries], output)


@audit.command()
@_filters
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--file", "target", type=click.File("wb"), default="-", help="Where to write; standard output if unset.")
@click.pass_obj
def export(settings: ClientSettings, /, form: str, target: Any, **given: Any) -> None:
    """Write all entries; json has one object a line."""
    parameters = {**_given(given), "format": form}
    try:
        with httpx.stream(
            "GET",
            f"{settings.server.rstrip('/')}/audit/export",
            params=parameters,
            headers=client.headers(settings),
            timeout=_EXPORT_SECONDS,
        ) as response:
            if response.status_code != 200:
                response.read()
                raise click.ClickException(_refusal(response))
            for chunk in response.iter_bytes():
                target.write(chunk)
    except httpx.HTTPError as error:
        raise click.ClickException(f"{settings.server} does not answer as a control plane: {error}") from error


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items() if value}


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "time": entry["commit"]["date"],
        "actor": entry["actor"]["name"],
        "action": entry["action"],
        "entity": " ".join(filter(None, (entry["entityKind"], entry["entityName"]))),
        "outcome": entry["outcome"],
        "commit": entry["commit"]["sha"][:8],
        "message": entry["commit"]["message"].partition("\n")[0][:72],
    }


def _refusal(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"the control plane answered {response.status_code}"
