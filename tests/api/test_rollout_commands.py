"""`argosy rollout`, against a control plane."""

import asyncio
import json

import pytest
from click.testing import CliRunner, Result

from api.cli.rollout import rollout
from model.link import RunAction, SteerRollout
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime


async def run(running: Running, *arguments: str, person: str = "writer") -> Result:
    options = ["--server", running.address, "--token", await running.token(person)]
    return await asyncio.to_thread(CliRunner().invoke, rollout, [*options, *arguments])


async def test_list_shows_the_rollouts_that_the_caller_may_see(running: Running, runtime: FakeRuntime) -> None:
    result = await run(running, "list", "--phase", "paused")
    assert result.exit_code == 0, result.output
    heading, row = result.output.splitlines()
    assert heading.split() == [
        "RUNTIME",
        "NAMESPACE",
        "NAME",
        "STRATEGY",
        "PHASE",
        "STEP",
        "WEIGHT",
        "READY",
        "MESSAGE",
    ]
    assert row.split() == ["demo", "shop", "web", "canary", "Paused", "1/3", "25%", "4/4", "CanaryPauseStep"]


async def test_get_shows_steps_revisions_and_what_is_possible(running: Running, runtime: FakeRuntime) -> None:
    result = await run(running, "get", "demo/cart")
    assert result.exit_code == 0, result.output
    assert "step 2: pause: 30s  active" in result.output
    assert "revision 2: canary  1/1 ready  web:2" in result.output
    assert "possible: promote" in result.output
    shown = json.loads((await run(running, "get", "demo/cart", "shop/web", "-o", "json")).output)
    assert shown["metadata"]["name"] == "web"


@pytest.mark.parametrize(
    ("arguments", "action", "revision"),
    [
        (("promote", "demo/cart"), "PROMOTE", None),
        (("promote", "demo/cart", "web", "--full"), "PROMOTE_FULL", None),
        (("promote", "demo/cart", "--skip-step"), "SKIP_STEP", None),
        (("abort", "demo/cart", "shop/web"), "ABORT", None),
        (("restart", "demo/cart"), "RESTART", None),
        (("pause", "demo/argosy/cart"), "PAUSE", None),
        (("resume", "demo/cart"), "RESUME", None),
        (("undo", "demo/cart", "--to-revision", "1"), "ROLLBACK", 1),
    ],
)
async def test_each_command_is_one_action(
    running: Running, runtime: FakeRuntime, arguments: tuple[str, ...], action: str, revision: int | None
) -> None:
    result = await run(running, *arguments)
    assert result.exit_code == 0, result.output
    body = next(one for one in reversed(runtime.requests) if isinstance(one, SteerRollout))
    assert (body.action, body.to_revision, body.resource.name) == (action, revision, "web")


async def test_what_makes_no_sense_ends_with_the_reason(running: Running, runtime: FakeRuntime) -> None:
    result = await run(running, "retry", "demo/cart")
    assert result.exit_code == 1
    assert "it is not aborted" in result.output


async def test_who_may_not_push_is_told_so(running: Running, runtime: FakeRuntime) -> None:
    result = await run(running, "abort", "demo/cart", person="reader")
    assert result.exit_code == 1
    assert "FORBIDDEN_ERROR" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("abort", "demo/cart", "other"), "name one Rollout of demo/cart: shop/web"),
        (("abort", "demo/catalog"), "name one Rollout of demo/catalog: none"),
        (("abort", "demo/nowhere"), "there is no application demo/nowhere"),
    ],
)
async def test_a_rollout_that_is_not_clear_is_asked_for(
    running: Running, runtime: FakeRuntime, arguments: tuple[str, ...], message: str
) -> None:
    result = await run(running, *arguments)
    assert result.exit_code == 1
    assert message in result.output


@pytest.mark.parametrize("rollout_name", [(), ("web",)])
async def test_images_are_set_by_container(running: Running, runtime: FakeRuntime, rollout_name: tuple[str]) -> None:
    result = await run(running, "set-image", "demo/cart", *rollout_name, "web=web:3", "*=x:1")
    assert result.exit_code == 0, result.output
    body = next(one for one in reversed(runtime.requests) if isinstance(one, RunAction))
    assert (body.action, body.parameters) == ("set-image", {"images": {"web": "web:3", "*": "x:1"}})


async def test_images_without_a_container_are_refused(running: Running, runtime: FakeRuntime) -> None:
    assert (await run(running, "set-image", "demo/cart", "web")).exit_code == 2


async def test_a_fleet_is_steered_as_one_with_an_outcome_for_each(running: Running, runtime: FakeRuntime) -> None:
    result = await run(running, "fleet", "abort", "--yes", "--reason", "bad library", person="admin")
    assert result.exit_code == 0, result.output
    outcomes = {row.split()[3]: row.split()[4] for row in result.output.splitlines()[1:]}
    assert outcomes == {"web": "done", "secret": "done"}
    steered = [one for one in runtime.requests if isinstance(one, SteerRollout)]
    assert {(one.application.name, one.action, one.actor) for one in steered} == {
        ("cart", "ABORT", "admin"),
        ("hidden", "ABORT", "admin"),
    }
    assert {one.reason for one in steered} == {"bad library"}
    whole = {one.operation_id.rpartition(".")[0] for one in steered}
    assert len(whole) == 1, "one operation"


async def test_what_is_refused_for_one_stops_none_of_the_others(running: Running, runtime: FakeRuntime) -> None:
    result = await run(running, "fleet", "retry", "--yes", "-o", "json", person="admin")
    assert result.exit_code == 1
    refused = {one["name"]: [error["code"] for error in one["errors"]] for one in json.loads(result.output)}
    assert refused == {"web": ["VALIDATION_ERROR"], "secret": ["VALIDATION_ERROR"]}


async def test_a_fleet_without_rollouts_is_an_error(running: Running, runtime: FakeRuntime) -> None:
    result = await run(running, "fleet", "abort", "--yes", "--phase", "healthy")
    assert (result.exit_code, result.output) == (1, "Error: no Rollout fits the filters\n")
