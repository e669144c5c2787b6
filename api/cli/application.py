"""`argosy app`: applications, through the GraphQL API like any other client.

An application is written RUNTIME/NAMESPACE/NAME or RUNTIME/NAME. The server is taken from ARGOSY_SERVER, the token from
ARGOSY_TOKEN, unless given.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from api.cli import client
from api.cli.address import address
from api.cli.application_change import COMMANDS
from api.cli.output import output_option, show_json, show_table
from api.settings import ClientSettings

_LOOK_SECONDS = 0.5
Command = TypeVar("Command", bound=Callable[..., Any])

_LIST = """query List($filters: ApplicationsFilterArgs, $after: String) {
  applications(filters: $filters, pagination: {first: 100, after: $after}) {
    pageInfo { hasNextPage endCursor }
    nodes { metadata { runtime namespace name } project syncStatus healthStatus revision explanation }
  }
}"""
_GET = """query Get($runtime: String!, $name: String!, $namespace: String) {
  application(runtime: $runtime, name: $name, namespace: $namespace) {
    id metadata { runtime namespace name cluster } project syncStatus healthStatus healthMessage explanation revision
    commit { sha message author { name } date } syncPolicy updatedAt
    specSources { repoURL path targetRevision } destination { name server namespace }
    operationState { id phase message startedAt finishedAt initiatedBy } errors { level title message }
  }
}"""
_SYNC = """mutation Sync($runtime: String!, $name: String!, $namespace: String, $options: SyncOptions) {
  outcome: syncApplication(runtime: $runtime, name: $name, namespace: $namespace, options: $options) { ...Outcome }
}"""
_REFRESH = """mutation Refresh($runtime: String!, $name: String!, $namespace: String, $hard: Boolean) {
  outcome: refreshApplication(runtime: $runtime, name: $name, namespace: $namespace, hard: $hard) { ...Outcome }
}"""
_ROLLBACK = """mutation Rollback($runtime: String!, $name: String!, $namespace: String, $id: Int!, $prune: Boolean,
  $pullRequest: Boolean, $operationId: ID) {
  outcome: rollbackApplication(runtime: $runtime, name: $name, namespace: $namespace, historyId: $id, prune: $prune,
    pullRequest: $pullRequest, operationId: $operationId) { ...Outcome }
}"""
_OUTCOME = """
fragment Outcome on OperationPayload {
  operationId message pullRequestUrls operation { phase message } ledgerCommit { sha }
  application { syncStatus healthStatus revision }
  errors { code message suggestion field }
}"""
_DIFF = """query Diff($runtime: String!, $name: String!, $namespace: String) {
  application(runtime: $runtime, name: $name, namespace: $namespace) {
    managedResources(onlyChanged: true) {
      node { group kind namespace name }
      diff { changes { path live desired manager changedAt reason } }
    }
  }
}"""
_CHANGES = """query Changes($runtime: String!, $name: String!, $namespace: String, $revisions: [String!],
  $manifests: [String!]) {
  application(runtime: $runtime, name: $name, namespace: $namespace) {
    diff(revisions: $revisions, manifests: $manifests) {
      revisions warnings
      changes {
        change note resource { group kind namespace name }
        diff { changes { path live desired manager changedAt reason } normalizedLive predictedLive }
      }
    }
  }
}"""
_MANIFEST = """query Manifest($runtime: String!, $name: String!, $namespace: String) {
  application(runtime: $runtime, name: $name, namespace: $namespace) { manifest }
}"""
_HISTORY = """query History($runtime: String!, $name: String!, $namespace: String) {
  application(runtime: $runtime, name: $name, namespace: $namespace) {
    history { id revision deployedAt initiatedBy automated commit { message author { name } } }
  }
}"""
_DESTINATION = """query Destination($runtime: String!, $name: String!, $namespace: String) {
  application(runtime: $runtime, name: $name, namespace: $namespace) { destination { namespace } }
}"""
_LOGS = """subscription Logs($application: ApplicationRef!, $pod: ResourceRef!, $container: String, $tail: Int,
  $follow: Boolean) {
  podLogs(application: $application, pod: $pod, container: $container, tailLines: $tail, follow: $follow) {
    podName container timestamp content last error
  }
}"""


@click.group()
@click.option("--server", help="Address of the control plane.")
@click.option("--token", help="API token.")
@click.pass_context
def app(context: click.Context, server: str | None, token: str | None) -> None:
    """See and steer applications."""
    context.obj = client.client_settings(server, token)


for _command in COMMANDS:
    app.add_command(_command)


@app.command(name="list")
@click.option("--runtime", multiple=True)
@click.option("--namespace", multiple=True)
@click.option("--health", multiple=True, help="HEALTHY, PROGRESSING, DEGRADED, ...")
@click.option("--sync", "statuses", multiple=True, help="SYNCED, OUT_OF_SYNC, ...")
@click.option("--search", default="")
@output_option
@click.pass_obj
def list_applications(
    settings: ClientSettings,
    runtime: tuple[str, ...],
    namespace: tuple[str, ...],
    health: tuple[str, ...],
    statuses: tuple[str, ...],
    search: str,
    output: str,
) -> None:
    """List applications."""
    filters = {
        "runtimes": runtime,
        "namespaces": namespace,
        "healthStatuses": [value.upper() for value in health],
        "statuses": [value.upper() for value in statuses],
        "search": search,
        "kinds": ["APPLICATION", "GIT_SOURCE"],
    }
    nodes = client.pages(settings, _LIST, {"filters": filters}, "applications")
    show_table([_row(node, output) for node in nodes], output)


@app.command()
@address
@output_option
@click.pass_obj
def get(settings: ClientSettings, application: dict[str, str | None], output: str) -> None:
    """Show one application."""
    found = _found(client.execute(settings, _GET, application), application)
    if output == "json":
        show_json(found)
        return
    show_table([_row(found, output)], output)
    if (state := found["operationState"]) is not None:
        click.echo(f"last operation: {state['phase']}" + (f": {state['message']}" if state["message"] else ""))
    for error in found["errors"]:
        click.echo(f"{error['level'].lower()}: {error['title']}: {error['message']}")


@app.command()
@address
@click.option("--revision")
@click.option("--prune/--no-prune", default=None)
@click.option("--dry-run", is_flag=True)
@click.option("--force", is_flag=True)
@click.option("--reason")
@click.option("--wait", is_flag=True, help="Until it has ended; ends with 1 unless it succeeded.")
@output_option
@click.pass_obj
def sync(
    settings: ClientSettings,
    application: dict[str, str | None],
    revision: str | None,
    prune: bool | None,
    dry_run: bool,
    force: bool,
    reason: str | None,
    wait: bool,
    output: str,
) -> None:
    """Sync an application."""
    options = {"revision": revision, "prune": prune, "dryRun": dry_run, "force": force, "reason": reason}
    data = client.execute(settings, _SYNC + _OUTCOME, {**application, "options": options})
    _show_outcome(data, output)
    if wait:
        _wait_for(settings, application, data["outcome"]["operationId"])


@app.command()
@address
@click.option("--hard", is_flag=True, help="Render anew even if nothing changed.")
@output_option
@click.pass_obj
def refresh(settings: ClientSettings, application: dict[str, str | None], hard: bool, output: str) -> None:
    """Compare an application with Git now."""
    _show_outcome(client.execute(settings, _REFRESH + _OUTCOME, {**application, "hard": hard}), output)


@app.command()
@address
@click.argument("release", type=int)
@click.option("--prune", is_flag=True, help="Remove objects that the release did not have.")
@click.option("--pull-request", is_flag=True, help="Offer the revert; automated sync is held until it is merged.")
@click.option("--operation-id", help="The same id asked for twice is one rollback.")
@output_option
@click.pass_obj
def rollback(
    settings: ClientSettings,
    application: dict[str, str | None],
    release: int,
    prune: bool,
    pull_request: bool,
    operation_id: str | None,
    output: str,
) -> None:
    """Go back to a release (an id of `history`): in Git, if the application syncs by itself."""
    asked = {"id": release, "prune": prune, "pullRequest": pull_request, "operationId": operation_id}
    variables = {**application, **asked}
    _show_outcome(client.execute(settings, _ROLLBACK + _OUTCOME, variables), output)


@app.command()
@address
@click.option("--revision", "revisions", multiple=True, help="Against another revision; once for each source.")
@click.option(
    "--local",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Against a checkout of its repository, or its folder in one, rendered on this machine.",
)
@output_option
@click.pass_obj
def diff(
    settings: ClientSettings,
    application: dict[str, str | None],
    revisions: tuple[str, ...],
    local: Path | None,
    output: str,
) -> None:
    """Show fields that differ, from what is deployed to what a sync would make of it. Ends with 1 if there are any.

    With --revision or --local it also says what would be added and pruned. Nothing is synced.
    """
    if revisions and local:
        raise click.UsageError("either --revision or --local")
    if revisions or local:
        manifests = _rendered(settings, application, local) if local else None
        _show_changes(settings, application, {"revisions": revisions or None, "manifests": manifests}, output)
        return
    found = _found(client.execute(settings, _DIFF, application), application)
    rows = [
        {
            "resource": f"{entry['node']['kind']} {entry['node']['namespace'] or ''}/{entry['node']['name']}",
            "path": change["path"],
            "live": change["live"],
            "desired": change["desired"],
            "manager": change["manager"],
        }
        for entry in found["managedResources"] or []
        for change in (entry["diff"] or {"changes": []})["changes"]
    ]
    show_table(rows, output)
    if found["managedResources"]:
        raise SystemExit(1)


@app.command()
@address
@output_option
@click.pass_obj
def history(settings: ClientSettings, application: dict[str, str | None], output: str) -> None:
    """Show the deployments of an application, newest first."""
    found = _found(client.execute(settings, _HISTORY, application), application)
    rows = [
        {
            "id": entry["id"],
            "revision": entry["revision"][:8] if output == "table" else entry["revision"],
            "deployed": entry["deployedAt"],
            "by": entry["initiatedBy"] or ("automatic" if entry["automated"] else None),
            "message": _first_line((entry["commit"] or {}).get("message")) if output == "table" else entry["commit"],
        }
        for entry in found["history"]
    ]
    show_table(rows, output)


@app.command()
@address
@click.argument("pod")
@click.option(
    "--pod-namespace", default="", help="Namespace of the pod, where it is not that of the application's destination."
)
@click.option("--container")
@click.option("--tail", default=500, show_default=True)
@click.option("--follow", "-f", is_flag=True)
@click.pass_obj
def logs(
    settings: ClientSettings,
    application: dict[str, str | None],
    pod: str,
    pod_namespace: str,
    container: str | None,
    tail: int,
    follow: bool,
) -> None:
    """Print the log of a pod."""
    if not pod_namespace:
        found = _found(client.execute(settings, _DESTINATION, application), application)
        pod_namespace = found["destination"]["namespace"]
    ref = {"kind": "Pod", "version": "v1", "namespace": pod_namespace or None, "name": pod}
    variables = {"application": application, "pod": ref, "container": container, "tail": tail, "follow": follow}

    async def follow_logs() -> None:
        async with aclosing(client.subscribe(settings, _LOGS, variables)) as entries:
            async for data in entries:
                entry = data["podLogs"]
                if entry["error"]:
                    raise click.ClickException(entry["error"])
                if entry["content"] or not entry["last"]:
                    click.echo(entry["content"])

    asyncio.run(follow_logs())


def _wait_for(settings: ClientSettings, application: dict[str, str | None], operation_id: str) -> None:
    """Until the operation has ended, or another one has taken its place."""
    while True:
        state = _found(client.execute(settings, _GET, application), application)["operationState"]
        if state is None or state["id"] != operation_id or state["finishedAt"]:
            break
        time.sleep(_LOOK_SECONDS)
    phase, message = (state["phase"], state["message"]) if state else ("Unknown", "")
    if state is None or state["id"] != operation_id:
        raise click.ClickException("another operation came after this one; see `argosy audit list`")
    click.echo(f"{phase}: {message}" if message else phase)
    if phase != "Succeeded":
        raise SystemExit(1)


def _rendered(settings: ClientSettings, application: dict[str, str | None], directory: Path) -> list[str]:
    """The application's manifests from a directory. The renderer is the runtime's, in this process."""
    manifest = _found(client.execute(settings, _MANIFEST, application), application)["manifest"]
    if manifest is None:
        raise click.ClickException("the runtime does not tell the application's manifest")
    render_local = import_module("gitsync.inspect.local").render_local
    failed = import_module("gitsync.errors").GitsyncError
    try:
        rendered: list[str] = render_local(manifest, directory)
    except failed as failure:
        raise click.ClickException(f"{failure} {getattr(failure, 'suggestion', '')}".rstrip()) from failure
    return rendered


def _show_changes(
    settings: ClientSettings, application: dict[str, str | None], against: dict[str, Any], output: str
) -> None:
    found = _found(client.execute(settings, _CHANGES, {**application, **against}), application)["diff"]
    if output == "json":
        show_json(found)
    else:
        show_table([row for entry in found["changes"] for row in _change_rows(entry)], output)
    for warning in found["warnings"]:
        click.echo(f"warning: {warning}", err=True)
    if found["changes"]:
        raise SystemExit(1)


def _change_rows(entry: dict[str, Any]) -> list[dict[str, Any]]:
    resource = entry["resource"]
    changed = (entry["diff"] or {"changes": []})["changes"] if entry["change"] == "CHANGE" else []
    return [
        {
            "change": entry["change"],
            "resource": f"{resource['kind']} {resource['namespace'] or ''}/{resource['name']}",
            "path": change["path"],
            "live": change["live"],
            "desired": change["desired"],
            "note": entry["note"] or change["reason"],
        }
        for change in changed or [{"path": "", "live": None, "desired": None, "reason": None}]
    ]


def _first_line(text: str | None) -> str:
    return (text or "").partition("\n")[0]


def _row(node: dict[str, Any], output: str) -> dict[str, Any]:
    metadata = node["metadata"]
    return {
        "application": f"{metadata['runtime']}/{metadata['namespace']}/{metadata['name']}",
        "health": node["healthStatus"],
        "sync": node["syncStatus"],
        "revision": (node["revision"] or "")[:8] if output == "table" else node["revision"],
        "explanation": node["explanation"],
    }


def _found(data: dict[str, Any], wanted: dict[str, str | None]) -> dict[str, Any]:
    found: dict[str, Any] | None = data["application"]
    if found is None:
        raise click.ClickException(f"there is no application {wanted['runtime']}/{wanted['name']} that you may see")
    return found


def _show_outcome(data: dict[str, Any], output: str) -> None:
    outcome = data["outcome"]
    if output == "json":
        show_json(outcome)
    elif not outcome["errors"]:
        operation = outcome["operation"] or {"phase": "done"}
        click.echo(f"operation {outcome['operationId']}: {operation['phase']}")
        if outcome["message"]:
            click.echo(outcome["message"])
    if outcome["errors"]:
        error = outcome["errors"][0]
        click.echo(
            f"Error: {error['message']}" + (f" ({error['suggestion']})" if error["suggestion"] else ""), err=True
        )
        raise SystemExit(1)
