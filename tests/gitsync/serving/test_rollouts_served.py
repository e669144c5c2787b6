"""Rollouts as the runtime shows and steers them, on a living cluster."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from gitsync.reporting.link import Refused
from model.identity import ApplicationKey
from model.link import (
    GetRollout,
    ListRollouts,
    ObjectRef,
    OperationAnswer,
    RolloutsAnswer,
    RunAction,
    SimulateRollout,
    SimulationAnswer,
    SteerRollout,
    WatchRollout,
)
from model.rollout_view import RolloutView
from tests.support.runtime import NAMESPACE, Rig, synced_and_healthy
from tests.support.sandbox_rig import running_sandbox_rig

pytestmark = [pytest.mark.e2e]

SHOP = ApplicationKey(NAMESPACE, "shop")
WEB = ObjectRef("argoproj.io", "v1alpha1", "Rollout", "default", "web")
MANIFEST = """apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:IMAGE"}]}
  strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}, {setWeight: 100}, {pause: {}}]}}
"""


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """The Rollout `web` of application `shop` is healthy, and has had one version so far."""
    async with running_sandbox_rig(tmp_path, controllers=frozenset({"applications", "rollouts"})) as (_, rig):
        await rig.push({"shop/web.yaml": MANIFEST.replace("IMAGE", "1")})
        await rig.create_application("shop", syncPolicy={"automated": {}})
        await rig.until("shop", synced_and_healthy)
        yield rig


async def view(rig: Rig) -> RolloutView:
    answer = await rig.runtime.requests.answer(GetRollout(SHOP, WEB))
    assert isinstance(answer, RolloutsAnswer)
    (one,) = answer.rollouts
    return one


async def steer(rig: Rig, action: str, to_revision: int | None = None) -> None:
    answer = await rig.runtime.requests.answer(SteerRollout(SHOP, WEB, action, "", f"op-{action}", to_revision))
    assert isinstance(answer, OperationAnswer)


async def until(rig: Rig, holds: Callable[[RolloutView], bool]) -> RolloutView:
    found: RolloutView | None = None
    try:
        async with asyncio.timeout(60):
            while not holds(found := await view(rig)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not reached; it is {found}") from None
    return found


def paused(step: int) -> Callable[[RolloutView], bool]:
    return lambda one: one.phase == "Paused" and one.current_step_index == step


async def test_an_update_is_shown_steered_and_followed(rig: Rig) -> None:
    first = await view(rig)
    assert (first.phase, first.weight_of_new, [one.roles for one in first.revisions]) == ("Healthy", 100, [("stable",)])
    async with aclosing(rig.runtime.requests.stream(WatchRollout(SHOP, WEB))) as news:  # type: ignore[type-var]
        seen = await anext(news)
        assert isinstance(seen, RolloutsAnswer)
        assert seen.rollouts[0].phase == "Healthy"
        await rig.push({"shop/web.yaml": MANIFEST.replace("IMAGE", "2")})
        async with asyncio.timeout(60):
            while not paused(1)(seen.rollouts[0]):
                item = await anext(news)
                assert isinstance(item, RolloutsAnswer)
                seen = item
    one = await view(rig)
    assert [step.status for step in one.steps] == ["PASSED", "PAUSED_INDEFINITE", "PENDING", "PENDING"]
    assert one.explanation == "step 2 of 4 (pause) waits until somebody promotes it"
    forecast = await rig.runtime.requests.answer(SimulateRollout(SHOP, WEB))
    assert isinstance(forecast, SimulationAnswer)
    assert [step.weight for step in forecast.simulation.steps] == [50, 50, 100, 100, 100]  # and promoted
    assert (one.weight_of_new, one.revisions[0].images, one.revisions[0].roles) == (50.0, ("web:2",), ("canary",))
    await steer(rig, "PROMOTE")
    await until(rig, paused(3))
    await steer(rig, "ABORT")
    aborted = await until(rig, lambda one: one.phase == "Degraded")
    assert aborted.aborted
    await steer(rig, "RETRY")
    await until(rig, paused(1))
    await steer(rig, "PROMOTE_FULL")
    done = await until(rig, lambda one: one.phase == "Healthy" and one.steps[-1].skipped)
    assert [step.skipped for step in done.steps] == [False, True, True, True]
    listed = await rig.runtime.requests.answer(ListRollouts())
    assert isinstance(listed, RolloutsAnswer)
    assert [(one.application, one.name) for one in listed.rollouts] == [(SHOP, "web")]
    await rig.until("shop", synced_and_healthy)


async def test_a_promotion_right_after_a_rollback_is_about_the_rollback(rig: Rig) -> None:
    await rig.push({"shop/web.yaml": MANIFEST.replace("IMAGE", "2")})
    await until(rig, paused(1))
    await steer(rig, "PROMOTE_FULL")
    await until(rig, lambda one: one.phase == "Healthy")
    await rig.patch("shop", {"spec": {"syncPolicy": None}})
    await rig.runtime.requests.answer(RunAction(SHOP, WEB, "set-image", "", "op-image", {"images": {"web": "web:3"}}))
    await until(rig, paused(1))
    await steer(rig, "ROLLBACK", 1)
    await steer(rig, "PROMOTE_FULL")
    done = await until(rig, lambda one: one.phase == "Healthy")
    assert done.revisions[0].images == ("web:1",)
    assert done.revisions[0].roles == ("stable",)
    await rig.until("shop", lambda body: body["status"]["health"]["status"] == "Healthy")


async def test_what_makes_no_sense_is_refused_with_the_reason(rig: Rig) -> None:
    with pytest.raises(Refused, match="it is not aborted") as caught:
        await steer(rig, "RETRY")
    assert caught.value.code == "VALIDATION_ERROR"
    with pytest.raises(Refused, match="action is one of"):
        await steer(rig, "EXPLODE")
    other = ObjectRef("argoproj.io", "v1alpha1", "Rollout", "default", "other")
    with pytest.raises(Refused) as caught:
        await rig.runtime.requests.answer(GetRollout(SHOP, other))
    assert caught.value.code == "NOT_FOUND_ERROR"
