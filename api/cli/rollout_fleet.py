"""`argosy rollout fleet ACTION`: one action on many Rollouts, chosen by filters, with an outcome for each."""

from typing import Any

import click

from api.cli import client
from api.cli.output import output_option, show_json, show_table
from api.cli.rollout_filters import RolloutFilters, filter_options, matching
from api.settings import ClientSettings

_ACTIONS = ("pause", "resume", "promote", "promote-full", "skip-step", "abort", "retry", "restart")
_STEER = """mutation Steer($rollouts: [RolloutTargetInput!]!, $action: RolloutAction!, $reason: String) {
  outcome: steerRollouts(rollouts: $rollouts, action: $action, reason: $reason) {
    operationId
    outcomes { runtime application namespace name operationId ledgerCommit { sha } errors { code message suggestion } }
    errors { code message }
  }
}"""
_AT_ONCE = 200


@click.command(name="fleet")
@click.argument("action", type=click.Choice(_ACTIONS))
@filter_options
@click.option("--reason", help="Why, for the audit log.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@output_option
@click.pass_obj
def fleet(
    settings: ClientSettings, action: str, filters: RolloutFilters, reason: str | None, yes: bool, output: str
) -> None:
    """Steer all Rollouts that the filters hold for, over all clusters. Fails if one of them was refused."""
    found = matching(settings, filters)
    if not found:
        raise click.ClickException("no Rollout fits the filters")
    if not yes:
        show_table([_target_row(one) for one in found], "table")
        click.confirm(f"{action} these {len(found)} Rollouts?", abort=True, err=True)
    outcomes: list[dict[str, Any]] = []
    for start in range(0, len(found), _AT_ONCE):
        outcomes += _steer(settings, found[start : start + _AT_ONCE], action, reason)
    if output == "json":
        show_json(outcomes)
    else:
        show_table([_outcome_row(one) for one in outcomes], output)
    if any(one["errors"] for one in outcomes):
        raise SystemExit(1)


def _steer(
    settings: ClientSettings, found: list[dict[str, Any]], action: str, reason: str | None
) -> list[dict[str, Any]]:
    chosen = {"action": action.upper().replace("-", "_"), "reason": reason}
    variables = {"rollouts": [_target(one) for one in found], **chosen}
    answer = client.execute(settings, _STEER, variables)["outcome"]
    if answer["errors"] and not answer["outcomes"]:
        raise click.ClickException(answer["errors"][0]["message"])
    outcomes: list[dict[str, Any]] = answer["outcomes"]
    return outcomes


def _target(one: dict[str, Any]) -> dict[str, Any]:
    metadata = one["metadata"]
    application = {"namespace": one["applicationNamespace"], "name": one["applicationName"]}
    return {
        "application": {"runtime": metadata["runtime"], **application},
        "rollout": {"kind": "Rollout", "namespace": metadata["namespace"], "name": metadata["name"]},
    }


def _target_row(one: dict[str, Any]) -> dict[str, Any]:
    metadata = one["metadata"]
    return {
        "runtime": metadata["runtime"],
        "cluster": metadata["cluster"],
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "phase": one["phase"],
    }


def _outcome_row(one: dict[str, Any]) -> dict[str, Any]:
    refused = one["errors"][0] if one["errors"] else None
    return {
        "runtime": one["runtime"],
        "application": one["application"],
        "namespace": one["namespace"],
        "name": one["name"],
        "outcome": refused["code"] if refused else "done",
        "message": refused["message"] if refused else "",
    }
