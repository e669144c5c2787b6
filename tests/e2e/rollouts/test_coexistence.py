"""Beside somebody else's controller: Leases, instance ids, and a canary that changes hands without losing a pod."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind
from model.kinds.rollout import INSTANCE_LABEL
from tests.e2e.rollouts.conftest import Live
from tests.support.rollouts import rollout

pytestmark = [pytest.mark.e2e]

_DEFINITION = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
_LEASE = GroupVersionKind("coordination.k8s.io", "v1", "Lease")
CANARY = "canary: {steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {}}]}"


def _body(namespace: str, instance: str = "") -> JsonObject:
    body = rollout(CANARY)
    body["metadata"]["namespace"] = namespace
    if instance:
        body["metadata"]["labels"] = {INSTANCE_LABEL: instance}
    return body


def _lease(namespace: str, renewed: datetime) -> JsonObject:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "argo-rollouts-controller-lock", "namespace": namespace},
        "spec": {"holderIdentity": "upstream", "renewTime": renewed.strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
    }


async def test_fresh_lease_of_an_upstream_controller_makes_us_watch_only(live: Live) -> None:
    await live.cluster.create(_lease(live.namespace, datetime.now(UTC)))
    async with live.controller() as runtime:
        await live.cluster.create(_body(live.namespace))
        async with asyncio.timeout(60):
            while not runtime.delivery.loop.standing_by:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert "upstream holds a fresh Lease" in runtime.delivery.loop.standing_by
        assert not (await live.rollout("web")).get("status")
        assert await live.sizes() == {}
    stale = await live.cluster.get(_LEASE, live.namespace, "argo-rollouts-controller-lock")
    assert stale is not None
    stale["spec"]["renewTime"] = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    await live.cluster.replace(stale)
    async with live.controller():
        await live.until_phase("web", "Healthy")


async def test_running_canary_changes_hands_and_returns_without_a_restart(live: Live) -> None:
    """Ours, then somebody else's (a controller with another instance id), then ours again."""
    async with live.controller(instance_id="ours") as ours, live.controller(instance_id="theirs", name="other"):
        await live.cluster.create(_body(live.namespace, "ours"))
        await live.until_phase("web", "Healthy")
        await live.set_image("web", "web:2")
        await live.until_phase("web", "Paused", "CanaryPauseStep")
        pods = await live.pods()

        await live.patch("web", {"metadata": {"labels": {INSTANCE_LABEL: "theirs"}}})
        async with asyncio.timeout(60):
            while ours.delivery.loop.has_work or ours.delivery.loop.queue.working:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        passes = ours.delivery.loop.passes
        await live.patch("web", {"status": {"pauseConditions": None, "currentStepIndex": 2}})
        await live.until("web", lambda body: body["status"].get("currentStepIndex") == 3)
        await live.until_phase("web", "Paused", "CanaryPauseStep")
        assert ours.delivery.loop.passes == passes, "what is not ours is not looked at"
        assert await live.sizes() == {"1": 2, "2": 2}
        kept = pods & await live.pods()
        assert len(kept) == 3, "one stable pod made room for a canary, as the step says; no other pod was touched"

        await live.patch("web", {"metadata": {"labels": {INSTANCE_LABEL: "ours"}}})
        await live.patch("web", {"status": {"pauseConditions": None, "currentStepIndex": 4}})
        await live.until_phase("web", "Healthy")
        await live.until_sizes({"1": 0, "2": 4})
        assert len(kept & await live.pods()) == 1, "the first canary pod lived through it all"


async def test_restarted_controller_finds_everything_done_and_writes_nothing(live: Live) -> None:
    async with live.controller():
        await live.cluster.create(_body(live.namespace))
        await live.until_phase("web", "Healthy")
    before = await live.rollout("web")
    definition = await live.cluster.get(_DEFINITION, "", "rollouts.argoproj.io")
    async with live.controller() as runtime:
        async with asyncio.timeout(60):
            while runtime.delivery.loop.passes == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        assert runtime.delivery.loop.writes.total == 0
        assert (await live.rollout("web"))["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
        assert await live.cluster.get(_DEFINITION, "", "rollouts.argoproj.io") == definition
