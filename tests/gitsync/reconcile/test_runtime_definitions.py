"""Definitions and their custom resources in one application, as charts of operators bring them."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from tests.support.runtime import Rig, conditions_of, phase_of, synced_and_healthy
from tests.support.sandbox_rig import running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60), pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True}, "retry": {"limit": 0}}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("definitions")) as (_, rig):
        yield rig


def definition(plural: str, kind: str, *versions: str, **fields: str) -> str:
    spec = {"type": "object", "properties": {name: {"type": type_} for name, type_ in fields.items()}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    served = [{"name": one, "served": True, "storage": one == versions[-1], "schema": schema} for one in versions]
    body: JsonObject = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.dev"},
        "spec": {
            "group": "example.dev",
            "names": {"kind": kind, "plural": plural},
            "scope": "Namespaced",
            "versions": served,
        },
    }
    return json.dumps(body)


def resource(kind: str, version: str, **spec: Any) -> str:
    return json.dumps({"apiVersion": f"example.dev/{version}", "kind": kind, "metadata": {"name": "one"}, "spec": spec})


def config_map(name: str, value: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"v": value}})


async def test_a_resource_moves_to_a_version_that_the_same_commit_brings(rig: Rig) -> None:
    files = {
        "grow/crd.json": definition("boats", "Boat", "v1", a="string"),
        "grow/a.json": resource("Boat", "v1", a="x"),
    }
    await rig.push(files)
    await rig.create_application("grow", syncPolicy=AUTOMATED)
    await rig.until("grow", synced_and_healthy)
    grown = {
        "grow/crd.json": definition("boats", "Boat", "v1", "v2", a="string", b="integer"),
        "grow/a.json": resource("Boat", "v2", a="x", b=2),
    }
    commit = await rig.push(grown)
    body = await rig.until(
        "grow", lambda body: synced_and_healthy(body) and body["status"]["sync"]["revision"] == commit
    )
    assert not conditions_of(body)
    await rig.cluster.discovery.refresh()  # the test's own connection
    live = await rig.get("example.dev/v2", "Boat", "default", "one")
    assert live is not None
    assert live["spec"] == {"a": "x", "b": 2}


async def test_an_invalid_resource_of_a_kind_that_is_there_keeps_the_rest_as_it_was(rig: Rig) -> None:
    files = {
        "whole/crd.json": definition("ships", "Ship", "v1", b="integer"),
        "whole/a.json": resource("Ship", "v1", b=1),
        "whole/b.json": config_map("whole", "1"),
    }
    await rig.push(files)
    await rig.create_application("whole", syncPolicy=AUTOMATED)
    await rig.until("whole", synced_and_healthy)
    await rig.push({"whole/a.json": resource("Ship", "v1", b="two"), "whole/b.json": config_map("whole", "2")})
    body = await rig.until("whole", lambda body: phase_of(body) == "Failed")
    message = body["status"]["operationState"]["message"]
    assert message.startswith("one or more synchronization tasks are not valid: cannot apply Ship.example.dev")
    assert message.endswith("Nothing of this sync was applied.")
    live = await rig.get("v1", "ConfigMap", "default", "whole")
    assert live is not None
    assert live["data"] == {"v": "1"}
    commit = await rig.push({"whole/a.json": resource("Ship", "v1", b=2)})
    await rig.until("whole", lambda body: synced_and_healthy(body) and body["status"]["sync"]["revision"] == commit)


def waved(wave: int, body: str, **options: str) -> str:
    """The object in a wave, with sync options."""
    read = json.loads(body)
    notes = {"argocd.argoproj.io/sync-wave": str(wave), "argocd.argoproj.io/sync-options": ",".join(options.values())}
    return json.dumps({**read, "metadata": {**read["metadata"], "annotations": notes}})


async def test_kinds_that_an_earlier_wave_brings_are_applied_with_or_without_a_namespace(rig: Rig) -> None:
    """As an operator does that installs its definitions; here somebody's approval stands for it."""
    await rig.push({"late/old.json": waved(0, config_map("late-old", "1"), confirm="Prune=confirm")})
    await rig.create_application("late", syncPolicy=AUTOMATED)
    await rig.until("late", synced_and_healthy)
    skip = "SkipDryRunOnMissingResource=true"
    files = {
        "late/old.json": None,
        "late/a.json": waved(1, resource("Raft", "v1", a="x"), skip=skip),
        "late/b.json": waved(1, resource("Fleet", "v1"), skip=skip),
        "late/c.json": waved(2, config_map("late-after", "1")),
    }
    await rig.push(files)
    await rig.until("late", lambda body: "confirmation" in body["status"]["operationState"].get("message", ""))
    for plural, kind, scope in (("rafts", "Raft", "Namespaced"), ("fleets", "Fleet", "Cluster")):
        brought = json.loads(definition(plural, kind, "v1", a="string"))
        await rig.cluster.create({**brought, "spec": {**brought["spec"], "scope": scope}})
    approval = {"argocd.argoproj.io/deletion-approved": "2100-01-01T00:00:00Z"}
    await rig.patch("late", {"metadata": {"annotations": approval}})
    await rig.until("late", lambda body: synced_and_healthy(body) and phase_of(body) == "Succeeded")
    await rig.cluster.discovery.refresh()  # the test's own connection
    assert await rig.get("example.dev/v1", "Raft", "default", "one")
    assert await rig.get("example.dev/v1", "Fleet", "", "one")
    assert await rig.get("v1", "ConfigMap", "default", "late-after")
