"""`argosy rollout simulate` and `argosy rollout explain`: what the controller would do and say about files."""

import sys
from datetime import UTC, datetime

import click
import msgspec

from gitsync.errors import GitsyncError
from gitsync.inspect.files import InspectError, read_objects
from gitsync.inspect.output import write
from gitsync.manifest.object import JsonObject
from gitsync.rollout.explain import Explanation
from gitsync.rollout.explain import explain as explain_rollout
from gitsync.rollout.simulate import SimulatedStep, Simulation
from gitsync.rollout.simulate import simulate as simulate_rollout
from gitsync.rollout.values import Children

_FILE = click.Path(dir_okay=False, allow_dash=True)
_FORM = click.option("-o", "--output", "form", type=click.Choice(["table", "json", "yaml"]), default="table")


@click.command()
@click.argument("file", type=_FILE)
@_FORM
def simulate(file: str, form: str) -> None:
    """Per step of an update: pods, weight, time, and what an abort there would do.

    FILE holds the Rollout as it is written; everything else is assumed to go well.
    """
    try:
        simulation = simulate_rollout(_rollout(read_objects(file), file))
    except GitsyncError as problem:
        _fail(problem)
    if form == "table":
        click.echo(_table(simulation))
    else:
        write(msgspec.to_builtins(simulation), form)


@click.command()
@click.argument("file", type=_FILE)
@_FORM
def explain(file: str, form: str) -> None:
    """One sentence: why the Rollout is not healthy, what holds it up, and what happens next by itself.

    FILE holds the Rollout with its status, and what belongs to it, as `kubectl get ro,rs,pods,ar -o yaml` writes it.
    """
    try:
        objects = read_objects(file)
        explanation = explain_rollout(_rollout(objects, file), _children(objects), datetime.now(UTC))
    except GitsyncError as problem:
        _fail(problem)
    if form == "table":
        click.echo(_sentence(explanation))
    else:
        write(msgspec.to_builtins(explanation), form)


def _fail(problem: GitsyncError) -> None:
    click.echo(f"error: {problem.message}", err=True)
    if problem.suggestion:
        click.echo(problem.suggestion, err=True)
    sys.exit(1)


def _rollout(objects: list[JsonObject], file: str) -> JsonObject:
    found = [one for one in objects if one.get("kind") == "Rollout"]
    if len(found) != 1:
        raise InspectError(f"{file}: holds {len(found)} Rollouts", suggestion="Give a file with exactly one Rollout.")
    return found[0]


def _children(objects: list[JsonObject]) -> Children:
    def of(kind: str) -> tuple[JsonObject, ...]:
        return tuple(one for one in objects if one.get("kind") == kind)

    return Children(
        replica_sets=of("ReplicaSet"), pods=of("Pod"), analysis_runs=of("AnalysisRun"), experiments=of("Experiment")
    )


def _sentence(explanation: Explanation) -> str:
    text = explanation.phase + (f": {explanation.sentence}" if explanation.sentence else "")
    if explanation.blocking is not None:
        text += f"\n  held up by {explanation.blocking}"
    if explanation.next_at is not None:
        text += f"\n  next by itself at {explanation.next_at.isoformat()}"
    return text


def _table(simulation: Simulation) -> str:
    rows: list[tuple[str, ...]] = [("STEP", "CANARY", "STABLE", "WEIGHT", "WAITS FOR", "SECONDS", "AN ABORT HERE")]
    rows += [_row(number, step) for number, step in enumerate(simulation.steps, start=1)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    total = "until people promote it" if simulation.seconds is None else f"{simulation.seconds:g} s of waiting in all"
    return "\n".join([*lines, f"{simulation.strategy}, {simulation.replicas} replicas: {total}"])


def _row(number: int, step: SimulatedStep) -> tuple[str, ...]:
    weight = f"{step.weight} %" if step.routed else f"~{step.weight} % (pods)"
    seconds = "" if step.seconds == 0 else "-" if step.seconds is None else f"{step.seconds:g}"
    return (
        f"{number} {step.name}",
        str(step.canary_pods),
        str(step.stable_pods),
        weight,
        step.waits_for,
        seconds,
        _abort(step),
    )


def _abort(step: SimulatedStep) -> str:
    outcome = step.abort
    if outcome.stable_weight == 0 and outcome.stable_pods == 0:
        return "is too late: it is promoted"
    gone = "for good" if outcome.settled_seconds is None else f"for {outcome.settled_seconds:g} s"
    if outcome.settled_seconds == 0:
        return f"stable {outcome.stable_weight} %, {outcome.stable_pods} pods; the canary is gone at once"
    kept = f"{outcome.canary_pods} canary pods stay {gone}"
    return f"stable {outcome.stable_weight} %, {outcome.stable_pods} pods; {kept}"
