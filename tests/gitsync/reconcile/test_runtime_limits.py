"""What an application may ask to be careful about: time, shared objects, and how retries see Git."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.faults import Fault
from model.identity import GroupVersionKind
from tests.support.runtime import Rig, phase_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
GVK = GroupVersionKind("", "v1", "ConfigMap")
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\ndata: {a: 'VALUE'}\n"
STUCK = """apiVersion: apps/v1
kind: Deployment
metadata: {name: late}
spec:
  selector: {matchLabels: {app: late}}
  template:
    metadata: {labels: {app: late}}
    spec: {containers: [{name: main, image: "shop/does-not-exist:1"}]}
"""
LATER = """apiVersion: v1
kind: ConfigMap
metadata: {name: late-after, annotations: {argocd.argoproj.io/sync-wave: "1"}}
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("limits")) as (world, rig):
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


@pytest.fixture
def world(both: tuple[World, Rig]) -> World:
    return both[0]


def message_of(body: JsonObject) -> str:
    return str((body.get("status") or {}).get("operationState", {}).get("message", ""))


async def test_a_sync_that_takes_too_long_says_what_it_waited_for(rig: Rig) -> None:
    await rig.push({"late/a.yaml": STUCK, "late/b.yaml": LATER})
    await rig.create_application("late")
    await rig.patch("late", {"metadata": {"annotations": {"argosy.io/sync-timeout": "300ms"}}})
    await rig.until("late", lambda body: bool(body.get("status")))
    await rig.patch("late", {"operation": {"sync": {}}})
    body = await rig.until("late", lambda body: phase_of(body) == "Failed")
    assert message_of(body).startswith("timed out after 0.3 s (argosy.io/sync-timeout) while waiting for healthy state")
    assert "Deployment.apps default/late" in message_of(body)


async def test_a_shared_object_fails_the_sync_where_that_is_asked_for(rig: Rig) -> None:
    await rig.push({"mine/a.yaml": CONFIG.replace("NAME", "ours"), "yours/a.yaml": CONFIG.replace("NAME", "ours")})
    await rig.create_application("mine", syncPolicy=AUTOMATED)
    await rig.until("mine", synced_and_healthy)
    policy = {"syncOptions": ["FailOnSharedResource=true"], "retry": {"limit": 0}}
    await rig.create_application("yours", syncPolicy=policy)
    await rig.until("yours", lambda body: bool(body.get("status")))
    await rig.patch("yours", {"operation": {"sync": {"syncOptions": ["FailOnSharedResource=true"]}}})
    body = await rig.until("yours", lambda body: phase_of(body) == "Failed")
    assert message_of(body).startswith("Shared resource found: ")


async def test_a_retry_that_refreshes_applies_what_git_says_by_then(world: World, rig: Rig) -> None:
    first = await rig.push({"again/a.yaml": CONFIG.replace("NAME", "again").replace("VALUE", "1")})
    await rig.create_application("again")
    await rig.until("again", lambda body: bool(body.get("status")))
    world.sandbox.faults.add(Fault(method="PATCH", path="configmaps/again", status=403))
    retry = {"limit": 5, "refresh": True, "backoff": {"duration": "500ms"}}
    await rig.patch("again", {"operation": {"sync": {"revision": first}, "retry": retry}})
    await rig.until("again", lambda body: "Retrying attempt #1" in message_of(body))
    second = await rig.push({"again/a.yaml": CONFIG.replace("NAME", "again").replace("VALUE", "2")})
    world.sandbox.faults.clear()
    body = await rig.until("again", lambda body: phase_of(body) == "Succeeded")
    assert body["status"]["operationState"]["syncResult"]["revision"] == second
    made = await rig.cluster.get(GVK, "default", "again")
    assert made is not None
    assert made["data"] == {"a": "2"}
