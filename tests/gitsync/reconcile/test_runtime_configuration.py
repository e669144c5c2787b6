"""The runtime follows argocd-cm: what it says holds at once, and what it cannot say is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from gitsync.kube.errors import NotFound
from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind, ResourceKey
from tests.support.runtime import NAMESPACE, Rig, conditions_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(30), pytest.mark.asyncio(loop_scope="module")]

CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")
AUTOMATED = {"automated": {"prune": True, "selfHeal": True}}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("configuration")) as (world, rig):
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


async def configure(rig: Rig, **data: str) -> None:
    """argocd-cm with just these keys; `__` in a key stands for a dot."""
    with contextlib.suppress(NotFound):
        await rig.cluster.delete(CONFIG_MAP, NAMESPACE, "argocd-cm")
    if data:
        body = {key.replace("__", "."): text for key, text in data.items()}
        metadata = {"name": "argocd-cm", "namespace": NAMESPACE}
        await rig.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": body})


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is looked at has no event
            await asyncio.sleep(0.02)


def config_map(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n"


async def test_a_key_that_cannot_be_read_is_told_and_forgotten_when_it_is_corrected(rig: Rig) -> None:
    await rig.push({"broken/a.yaml": config_map("broken")})
    await rig.create_application("broken", syncPolicy=AUTOMATED)
    await rig.until("broken", synced_and_healthy)
    key = "resource.customizations.ignoreDifferences.apps_Deployment"
    await configure(rig, **{key: "jsonPointers: ["})

    def unknown(body: JsonObject) -> bool:
        return body["status"]["sync"]["status"] == "Unknown" and any(key in text for _, text in conditions_of(body))

    await rig.until("broken", unknown)
    await configure(rig)
    await rig.until("broken", lambda body: synced_and_healthy(body) and not conditions_of(body))


async def test_excluded_kinds_are_let_go_and_followed_again(rig: Rig) -> None:
    cache = next(iter(rig.runtime.fleet)).cache
    assert cache.follows("", "ServiceAccount")
    await configure(rig, resource__exclusions="- kinds: [ServiceAccount]")
    await eventually(lambda: not cache.follows("", "ServiceAccount") and cache.follows("", "Endpoints"))
    await configure(rig)
    await eventually(lambda: cache.follows("", "ServiceAccount") and not cache.follows("", "Endpoints"))
    assert cache.get(ResourceKey("", "ServiceAccount", NAMESPACE, "default")) is not None


async def test_hosts_are_asked_as_often_as_it_says(rig: Rig) -> None:
    await configure(rig, timeout__reconciliation="7s")
    await eventually(lambda: rig.runtime.home.config.reconciliation_seconds == 7.0)
    await configure(rig)
    await eventually(lambda: rig.runtime.home.config.reconciliation_seconds is None)
