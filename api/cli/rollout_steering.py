"""`argosy rollout list|get|promote|...`: Rollouts of applications, through the GraphQL API like any other client.

A Rollout is written NAME or NAMESPACE/NAME; left out, it is the only one of the application.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, TypeVar

import click

from api.cli import client
from api.cli.address import address
from api.cli.output import output_option, show_json, show_table
from api.cli.rollout_filters import RolloutFilters, filter_options, matching
from api.settings import ClientSettings

Command = TypeVar("Command", bound=Callable[..., Any])
Application = dict[str, str | None]

_SHOWN = """
  metadata { runtime name namespace cluster } strategy phase message currentStepIndex weightOfNew trafficRouted
  desiredReplicas currentReplicas updatedReplicas readyReplicas availableReplicas
  steps { index title status }
  revisions { revision role images replicas readyReplicas weight scaleDownAt }
  analysisRuns { name phase message metrics { name provider phase successful failed inconclusive error } }
  availableActions { action allowed reason }
  nextTransition { inSeconds what }
"""
_OF_APPLICATION = f"""query Rollouts($runtime: String!, $name: String!, $namespace: String) {{
  application(runtime: $runtime, name: $name, namespace: $namespace) {{ rollouts {{ {_SHOWN} }} }}
}}"""
_FOLLOW = f"""subscription Follow($application: ApplicationRef!, $rollout: ResourceRef!) {{
  rollout(application: $application, rollout: $rollout) {{ {_SHOWN} }}
}}"""
_OUTCOME = """{
    operationId message: operation { phase message } ledgerCommit { sha } pullRequestUrls
    errors { code message suggestion }
  }"""
_STEER = f"""mutation Steer(
  $application: ApplicationRef!, $rollout: ResourceRef!, $action: RolloutAction!, $to: Int, $revert: RevertInGit
) {{
  outcome: rolloutAction(
    application: $application, rollout: $rollout, action: $action, toRevision: $to, revertInGit: $revert
  ) {_OUTCOME}
}}"""
_SET_IMAGE = f"""mutation SetImage($application: ApplicationRef!, $rollout: ResourceRef!, $parameters: JSON!) {{
  outcome: runResourceAction(
    application: $application, resource: $rollout, action: "set-image", parameters: $parameters
  ) {_OUTCOME}
}}"""


@click.command(name="list")
@filter_options
@output_option
@click.pass_obj
def list_rollouts(settings: ClientSettings, filters: RolloutFilters, output: str) -> None:
    """List Rollouts of all applications."""
    show_table([_row(node) for node in matching(settings, filters)], output)


def _row(node: dict[str, Any]) -> dict[str, Any]:
    metadata, steps = node["metadata"], len(node["steps"])
    return {
        "runtime": metadata["runtime"],
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "strategy": node["strategy"],
        "phase": node["phase"],
        "step": f"{node['currentStepIndex'] or 0}/{steps}" if steps else "-",
        "weight": f"{node['weightOfNew']:g}%",
        "ready": f"{node['readyReplicas']}/{node['desiredReplicas']}",
        "message": node["message"],
    }


def _rollout_argument(command: Command) -> Command:
    return address(click.argument("rollout", required=False)(command))


@click.command()
@_rollout_argument
@click.option("-w", "--watch", is_flag=True, help="Show it again whenever something changes.")
@output_option
@click.pass_obj
def get(settings: ClientSettings, application: Application, rollout: str | None, watch: bool, output: str) -> None:
    """Show one Rollout: steps, revisions, analyses, and what can be done."""
    found = _find(settings, application, rollout)
    if not watch:
        _show(found, output)
        return
    variables = {"application": application, "rollout": _reference(found)}

    async def follow() -> None:
        async with aclosing(client.subscribe(settings, _FOLLOW, variables)) as entries:
            async for data in entries:
                _show(data["rollout"], output)
                click.echo()

    asyncio.run(follow())


def _show(found: dict[str, Any], output: str) -> None:
    if output == "json":
        show_json(found)
        return
    show_table([_row(found)], output)
    for step in found["steps"]:
        click.echo(f"  step {step['index'] + 1}: {step['title']}  {step['status'].lower().replace('_', ' ')}")
    for one in found["revisions"]:
        roles, weight = ",".join(one["role"]) or "-", "" if one["weight"] is None else f"  {one['weight']:g}%"
        click.echo(
            f"  revision {one['revision']}: {roles}  {one['readyReplicas']}/{one['replicas']} ready{weight}  "
            f"{' '.join(one['images'])}"
        )
    for run in found["analysisRuns"]:
        click.echo(f"  analysis {run['name']}: {run['phase']}  {run['message'] or ''}".rstrip())
    allowed = [one["action"].lower().replace("_", "-") for one in found["availableActions"] if one["allowed"]]
    click.echo(f"  possible: {', '.join(allowed) or 'nothing'}")
    if transition := found["nextTransition"]:
        click.echo(f"  in {transition['inSeconds']:.0f} s: {transition['what']}")


def _find(settings: ClientSettings, application: Application, rollout: str | None) -> dict[str, Any]:
    """Ends the command unless exactly one Rollout is meant."""
    found = client.execute(settings, _OF_APPLICATION, application)["application"]
    name = f"{application['runtime']}/{application['name']}"
    if found is None:
        raise click.ClickException(f"there is no application {name}, or you may not see it")
    namespace, _, wanted = (rollout or "").rpartition("/")
    rollouts: list[dict[str, Any]] = found["rollouts"] or []
    matching = [
        one
        for one in rollouts
        if (not wanted or one["metadata"]["name"] == wanted)
        and (not namespace or one["metadata"]["namespace"] == namespace)
    ]
    if len(matching) == 1:
        return matching[0]
    known = ", ".join(f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in rollouts) or "none"
    raise click.ClickException(f"name one Rollout of {name}: {known}")


def _reference(found: dict[str, Any]) -> dict[str, str]:
    metadata = found["metadata"]
    return {
        "group": "argoproj.io",
        "version": "v1alpha1",
        "kind": "Rollout",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
    }


def _steer(
    settings: ClientSettings,
    application: Application,
    rollout: str | None,
    action: str,
    output: str,
    to_revision: int | None = None,
    revert: str | None = None,
) -> None:
    found = _find(settings, application, rollout)
    chosen = {"action": action, "to": to_revision, "revert": revert}
    variables = {"application": application, "rollout": _reference(found), **chosen}
    _outcome(client.execute(settings, _STEER, variables)["outcome"], found, action.lower().replace("_", " "), output)


def _outcome(outcome: dict[str, Any], found: dict[str, Any], what: str, output: str) -> None:
    if output == "json":
        show_json(outcome)
    for error in outcome["errors"]:
        suggestion = f" ({error['suggestion']})" if error["suggestion"] else ""
        click.echo(f"{error['code']}: {error['message']}{suggestion}", err=True)
    if outcome["errors"]:
        raise SystemExit(1)
    if output != "json":
        metadata = found["metadata"]
        click.echo(f"{what}: Rollout {metadata['namespace']}/{metadata['name']}")
        for page in outcome.get("pullRequestUrls") or ():
            click.echo(f"automated sync waits for {page}")


@click.command()
@_rollout_argument
@click.option("--full", is_flag=True, help="Skip all remaining steps, pauses and analyses.")
@click.option("--skip-step", is_flag=True, help="Go on with the next step, whatever this one waits for.")
@output_option
@click.pass_obj
def promote(
    settings: ClientSettings, application: Application, rollout: str | None, full: bool, skip_step: bool, output: str
) -> None:
    """Go on: end the pause, or the step that is under way."""
    if full and skip_step:
        raise click.UsageError("either --full or --skip-step")
    action = "PROMOTE_FULL" if full else "SKIP_STEP" if skip_step else "PROMOTE"
    _steer(settings, application, rollout, action, output)


@click.command()
@_rollout_argument
@click.option("--revert", is_flag=True, help="Take Git back to the release before, with a commit.")
@click.option("--pull-request", is_flag=True, help="The same as a pull request; automated sync waits for it.")
@output_option
@click.pass_obj
def abort(
    settings: ClientSettings,
    application: Application,
    rollout: str | None,
    revert: bool,
    pull_request: bool,
    output: str,
) -> None:
    """End the update: everything goes back to the stable version."""
    way = "PULL_REQUEST" if pull_request else "COMMIT" if revert else None
    _steer(settings, application, rollout, "ABORT", output, revert=way)


@click.command()
@_rollout_argument
@click.option("--to-revision", type=int, help="Default: the revision before the newest.")
@output_option
@click.pass_obj
def undo(
    settings: ClientSettings, application: Application, rollout: str | None, to_revision: int | None, output: str
) -> None:
    """Go back to the pod template of an earlier revision, in the cluster only."""
    _steer(settings, application, rollout, "ROLLBACK", output, to_revision)


@click.command(name="set-image")
@_rollout_argument
@click.argument("images", nargs=-1, metavar="CONTAINER=IMAGE...")
@output_option
@click.pass_obj
def set_image(
    settings: ClientSettings, application: Application, rollout: str | None, images: tuple[str, ...], output: str
) -> None:
    """Set images of containers, in the cluster only; * stands for all containers."""
    given = list(images)
    if rollout is not None and "=" in rollout:  # the Rollout was left out
        given.insert(0, rollout)
        rollout = None
    pairs = dict(one.split("=", 1) for one in given if "=" in one)
    if not given or len(pairs) != len(given) or not all(pairs.values()):
        raise click.UsageError("write CONTAINER=IMAGE")
    found = _find(settings, application, rollout)
    variables = {"application": application, "rollout": _reference(found), "parameters": {"images": pairs}}
    _outcome(client.execute(settings, _SET_IMAGE, variables)["outcome"], found, "set image", output)


def _simple(name: str, action: str, text: str) -> click.Command:
    """A command that is one action and nothing else."""

    @click.command(name=name, help=text)
    @_rollout_argument
    @output_option
    @click.pass_obj
    def command(settings: ClientSettings, application: Application, rollout: str | None, output: str) -> None:
        _steer(settings, application, rollout, action, output)

    return command


COMMANDS: tuple[click.Command, ...] = (
    list_rollouts,
    get,
    promote,
    undo,
    set_image,
    abort,
    _simple("retry", "RETRY", "Begin an aborted update again."),
    _simple("restart", "RESTART", "Replace all pods, a few at a time."),
    _simple("pause", "PAUSE", "Keep the update where it is."),
    _simple("resume", "RESUME", "End a pause."),
)
