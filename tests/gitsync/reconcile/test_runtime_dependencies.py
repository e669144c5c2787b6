"""Applications that depend on others, in the runtime against the sandbox."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from gitsync.plan.dependencies import DEPENDS_ON_ANNOTATION
from tests.support.runtime import APPLICATION, NAMESPACE, Rig, conditions_of, phase_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True}}
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: b}\n"
FINALIZER = "resources-finalizer.argocd.argoproj.io"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("depends")) as (world, rig):
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


def deployment(name: str, *, ready: bool) -> str:
    probe = "" if ready else ", readinessProbe: {exec: {command: ['false']}}"
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: "shop/web:1"{probe}}}]}}
"""


def on(*names: str, **more: Any) -> JsonObject:
    return {"annotations": {DEPENDS_ON_ANNOTATION: ",".join(names)}, **more}


def message_of(body: JsonObject) -> str:
    return str((body.get("status") or {}).get("operationState", {}).get("message", ""))


def told(body: JsonObject) -> str:
    return "; ".join(f"{type_}: {message}" for type_, message in conditions_of(body))


async def test_an_automated_sync_waits_until_what_it_depends_on_is_synced_and_healthy(rig: Rig) -> None:
    await rig.push({"db/a.yaml": deployment("db", ready=False), "web/a.yaml": CONFIG.replace("NAME", "web")})
    await rig.create_application("web", syncPolicy=AUTOMATED, metadata=on("db"))
    body = await rig.until("web", lambda body: "db (does not exist)" in told(body))
    assert told(body) == "DependencyWarning: Sync operation blocked by db (does not exist)"
    await rig.create_application("db", syncPolicy=AUTOMATED)
    await rig.until("web", lambda body: "blocked by db (Progressing)" in told(body))
    assert await rig.get("v1", "ConfigMap", "default", "web") is None
    await rig.push({"db/a.yaml": deployment("db", ready=True)})
    body = await rig.until("web", synced_and_healthy)
    assert told(body) == ""


async def test_one_push_that_changes_both_is_synced_in_order(rig: Rig) -> None:
    await rig.push({"first/a.yaml": deployment("first", ready=True), "then/a.yaml": CONFIG.replace("NAME", "then")})
    await rig.create_application("first", syncPolicy=AUTOMATED)
    await rig.create_application("then", syncPolicy=AUTOMATED, metadata=on("first"))
    await rig.until("then", synced_and_healthy)
    changed = CONFIG.replace("NAME", "then").replace("a: b", "a: c")
    await rig.push({"first/a.yaml": deployment("first", ready=False), "then/a.yaml": changed})
    await rig.until("then", lambda body: "blocked by first (Progressing)" in told(body))
    live = await rig.get("v1", "ConfigMap", "default", "then")
    assert live is not None
    assert live["data"] == {"a": "b"}


async def test_a_requested_sync_waits_and_says_so_and_can_be_terminated(rig: Rig) -> None:
    await rig.push({"asked/a.yaml": CONFIG.replace("NAME", "asked")})
    await rig.create_application("asked", metadata=on("absent"))
    await rig.until("asked", lambda body: bool(body.get("status")))
    await rig.patch("asked", {"operation": {"sync": {}}})
    body = await rig.until("asked", lambda body: "blocked by absent (does not exist)" in message_of(body))
    assert phase_of(body) == "Running"
    await rig.patch("asked", {"metadata": {"annotations": {DEPENDS_ON_ANNOTATION: None}}})
    await rig.until("asked", lambda body: phase_of(body) == "Succeeded")


async def test_a_cycle_is_a_condition_that_names_it(rig: Rig) -> None:
    await rig.push({"egg/a.yaml": CONFIG.replace("NAME", "egg"), "hen/a.yaml": CONFIG.replace("NAME", "hen")})
    await rig.create_application("egg", syncPolicy=AUTOMATED, metadata=on("hen"))
    await rig.create_application("hen", syncPolicy=AUTOMATED, metadata=on("egg"))
    for name, way in (("egg", "egg -> hen -> egg"), ("hen", "hen -> egg -> hen")):
        body = await rig.until(name, lambda body, way=way: way in told(body))  # type: ignore[misc]  # a loop's value
        assert "DependencyError" in told(body)
    await rig.patch("hen", {"metadata": {"annotations": {DEPENDS_ON_ANNOTATION: None}}})
    await rig.until("egg", synced_and_healthy)


async def test_a_name_that_cannot_be_read_blocks_and_is_told(rig: Rig) -> None:
    await rig.push({"typo/a.yaml": CONFIG.replace("NAME", "typo")})
    await rig.create_application("typo", syncPolicy=AUTOMATED, metadata=on("Not A Name"))
    body = await rig.until("typo", lambda body: "is no name of an application" in told(body))
    assert await rig.get("v1", "ConfigMap", "default", "typo") is None
    assert "DependencyError" in told(body)


async def test_deletion_goes_in_the_reverse_order(rig: Rig) -> None:
    await rig.push({"base/a.yaml": CONFIG.replace("NAME", "base"), "top/a.yaml": CONFIG.replace("NAME", "top")})
    await rig.create_application("base", syncPolicy=AUTOMATED, metadata={"finalizers": [FINALIZER]})
    hold = {"finalizers": [FINALIZER, "test.io/hold"]}
    await rig.create_application("top", syncPolicy=AUTOMATED, metadata=on("base", **hold))
    await rig.until("top", synced_and_healthy)
    for name in ("base", "top"):
        await rig.cluster.delete(APPLICATION, NAMESPACE, name)
    await rig.until("base", lambda body: "waits until what depends on it is gone: top" in told(body))
    await rig.until("top", lambda body: body["metadata"]["finalizers"] == ["test.io/hold"])
    assert await rig.get("v1", "ConfigMap", "default", "base") is not None
    assert await rig.get("v1", "ConfigMap", "default", "top") is None
    await rig.patch("top", {"metadata": {"finalizers": None}})
    async with asyncio.timeout(60):
        while await rig.application("base") is not None:  # noqa: ASYNC110 - the runtime deletes it
            await asyncio.sleep(0.05)
