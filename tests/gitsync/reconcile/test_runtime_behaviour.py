"""The runtime as users of Argo CD know it, against the sandbox: what they patch, push and delete, and what they see."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.faults import Fault
from model.identity import ResourceKey
from tests.support.runtime import APPLICATION, AUTHOR, NAMESPACE, Rig, phase_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
FINALIZER = "resources-finalizer.argocd.argoproj.io"


def config_map(name: str, value: str = "1", **annotations: str) -> str:
    notes = "".join(f"    {key.replace('__', '/')}: '{text}'\n" for key, text in annotations.items())
    block = f"  annotations:\n{notes}" if notes else ""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n{block}data:\n  value: '{value}'\n"


def deployment(name: str, image: str) -> str:
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers: [{{name: app, image: "{image}"}}]
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("behaviour")) as (world, rig):
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


@pytest.fixture
def world(both: tuple[World, Rig]) -> World:
    return both[0]


async def value_of(rig: Rig, name: str) -> str | None:
    body = await rig.get("v1", "ConfigMap", "default", name)
    return body["data"]["value"] if body else None


async def test_an_automated_application_becomes_synced_and_healthy_with_a_complete_status(rig: Rig) -> None:
    commit = await rig.push({"complete/a.yaml": deployment("complete", "shop/web:1")})
    before = rig.runtime.statuses.writes
    await rig.create_application("complete", syncPolicy=AUTOMATED)
    status = (await rig.until("complete", synced_and_healthy))["status"]
    assert status["sync"]["revision"] == commit
    assert status["sync"]["comparedTo"]["source"]["path"] == "complete"
    assert status["sourceType"] == "Directory"
    assert status["controllerNamespace"] == NAMESPACE
    assert status["summary"]["images"] == ["shop/web:1"]
    assert [entry["id"] for entry in status["history"]] == [0]
    assert status["history"][0]["revision"] == commit
    state = status["operationState"]
    assert state["phase"] == "Succeeded"
    assert state["operation"]["initiatedBy"] == {"automated": True}
    assert state["syncResult"]["resources"][0]["status"] == "Synced"
    assert state["startedAt"] <= state["finishedAt"]
    assert status["reconciledAt"]
    assert [one["kind"] for one in status["resources"]] == ["Deployment"]
    assert rig.runtime.statuses.writes - before <= 3


async def test_a_manual_sync_by_patching_the_operation(rig: Rig) -> None:
    await rig.push({"manual/a.yaml": config_map("manual")})
    await rig.create_application("manual")
    body = await rig.until("manual", lambda body: bool(body.get("status")))
    assert body["status"]["sync"]["status"] == "OutOfSync"
    assert body["status"]["health"]["status"] == "Missing"
    assert await value_of(rig, "manual") is None
    await rig.patch("manual", {"operation": {"initiatedBy": {"username": "dana"}, "sync": {}}})
    body = await rig.until("manual", lambda body: synced_and_healthy(body) and "operation" not in body)
    assert phase_of(body) == "Succeeded"
    assert body["status"]["operationState"]["operation"]["initiatedBy"] == {"username": "dana"}
    assert body["status"]["history"][0]["initiatedBy"] == {"username": "dana"}


async def test_a_push_changes_only_those_whose_inputs_changed(rig: Rig) -> None:
    await rig.push({"one/a.yaml": config_map("one"), "two/a.yaml": config_map("two")})
    for name in ("one", "two"):
        await rig.create_application(name, syncPolicy=AUTOMATED)
    untouched = await rig.until("two", synced_and_healthy)
    await rig.until("one", synced_and_healthy)
    renders, affected = rig.runtime.cache.counter.renders_total, rig.runtime.sources.followers.affected_total
    commit = await rig.push({"one/a.yaml": config_map("one", "2")})
    await rig.until("one", lambda body: synced_and_healthy(body) and body["status"]["sync"]["revision"] == commit)
    assert await value_of(rig, "one") == "2"
    assert rig.runtime.cache.counter.renders_total == renders + 1
    assert rig.runtime.sources.followers.affected_total == affected + 1
    after = await rig.application("two")
    assert after is not None
    assert after["metadata"]["resourceVersion"] == untouched["metadata"]["resourceVersion"]


async def test_what_left_git_is_pruned_and_drift_is_healed(rig: Rig) -> None:
    await rig.push({"drift/a.yaml": config_map("stays"), "drift/b.yaml": config_map("goes")})
    await rig.create_application("drift", syncPolicy=AUTOMATED)
    await rig.until("drift", synced_and_healthy)
    commit = await rig.push({"drift/b.yaml": None})
    await rig.until("drift", lambda body: synced_and_healthy(body) and body["status"]["sync"]["revision"] == commit)
    assert await value_of(rig, "goes") is None
    history = len((await rig.until("drift", synced_and_healthy))["status"]["history"])
    await rig.cluster.patch(ResourceKey("", "ConfigMap", "default", "stays"), "v1", {"data": {"value": "drifted"}})

    def healed(body: JsonObject) -> bool:
        sync = body["status"]["operationState"]["operation"]["sync"]
        return bool(sync.get("selfHealAttemptsCount") == 1 and synced_and_healthy(body))

    body = await rig.until("drift", healed)
    assert await value_of(rig, "stays") == "1"
    assert len(body["status"]["history"]) == history, "self-heal is selective and makes no history"


async def test_without_pruning_extra_objects_stay_and_show(rig: Rig) -> None:
    await rig.push({"extra/a.yaml": config_map("extra-a"), "extra/b.yaml": config_map("extra-b")})
    await rig.create_application("extra", syncPolicy={"automated": {}})
    await rig.until("extra", synced_and_healthy)
    await rig.push({"extra/b.yaml": None})
    body = await rig.until("extra", lambda body: body["status"]["sync"]["status"] == "OutOfSync")
    assert [one["name"] for one in body["status"]["resources"] if one.get("requiresPruning")] == ["extra-b"]
    assert await value_of(rig, "extra-b") == "1"
    await rig.patch("extra", {"operation": {"sync": {"prune": True}}})
    await rig.until("extra", synced_and_healthy)
    assert await value_of(rig, "extra-b") is None


@pytest.mark.parametrize("kind", ["normal", "hard"])
async def test_the_refresh_annotation_is_honoured_and_removed(rig: Rig, kind: str) -> None:
    name = f"refresh-{kind}"
    await rig.push({f"{name}/a.yaml": config_map(name)})
    await rig.create_application(name, syncPolicy=AUTOMATED)
    await rig.until(name, synced_and_healthy)
    commit = await rig.host.commit_files(
        "apps", "main", {f"{name}/a.yaml": config_map(name, "2").encode()}, message="Quiet", author=AUTHOR
    )
    await rig.patch(name, {"metadata": {"annotations": {"argocd.argoproj.io/refresh": kind}}})
    await rig.until(name, lambda body: body["status"]["sync"]["revision"] == commit and synced_and_healthy(body))
    await rig.until(name, lambda body: "argocd.argoproj.io/refresh" not in (body["metadata"].get("annotations") or {}))
    assert await value_of(rig, name) == "2"


ASKED = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}


async def quiet_commit(rig: Rig, name: str, value: str) -> str:
    """A commit that nobody tells the runtime of."""
    files = {f"{name}/a.yaml": config_map(name, value).encode()}
    return await rig.host.commit_files("apps", "main", files, message="Quiet", author=AUTHOR)


def is_asked(body: JsonObject) -> bool:
    return any("/refresh" in name for name in body["metadata"].get("annotations") or {})


async def test_a_refresh_that_is_asked_for_in_the_same_words_while_one_ends_is_not_lost(world: World, rig: Rig) -> None:
    await rig.push({"twice/a.yaml": config_map("twice")})
    await rig.create_application("twice", syncPolicy=AUTOMATED)
    await rig.until("twice", synced_and_healthy)
    world.sandbox.faults.add(Fault(method="PATCH", path="applications/twice", delay_seconds=0.5, count=2))
    await rig.patch("twice", ASKED)
    async with asyncio.timeout(5):
        while world.sandbox.faults.describe()[-1]["used"] < 2:  # noqa: ASYNC110 - the second is the end
            await asyncio.sleep(0.01)
    commit = await quiet_commit(rig, "twice", "2")
    before = await rig.patch("twice", ASKED)  # changes nothing, so nobody can see it
    assert is_asked(before)
    await rig.until("twice", lambda body: body["status"]["sync"]["revision"] == commit and not is_asked(body))


async def test_a_refresh_at_another_time_is_another_one_even_while_one_ends(world: World, rig: Rig) -> None:
    await rig.push({"timed/a.yaml": config_map("timed")})
    await rig.create_application("timed", syncPolicy=AUTOMATED)
    await rig.until("timed", synced_and_healthy)
    world.sandbox.faults.add(Fault(method="PATCH", path="applications/timed", delay_seconds=0.5, count=2))
    time = "argocd.argoproj.io/refresh-timestamp"
    await rig.patch("timed", {"metadata": {"annotations": {**ASKED["metadata"]["annotations"], time: "1"}}})
    async with asyncio.timeout(5):
        while world.sandbox.faults.describe()[-1]["used"] < 2:  # noqa: ASYNC110 - has no event
            await asyncio.sleep(0.01)
    commit = await quiet_commit(rig, "timed", "2")
    await rig.patch("timed", {"metadata": {"annotations": {**ASKED["metadata"]["annotations"], time: "2"}}})
    await rig.until("timed", lambda body: body["status"]["sync"]["revision"] == commit and not is_asked(body))


async def test_deletion_with_the_finalizer_takes_the_objects_along(rig: Rig) -> None:
    await rig.push({"leaving/a.yaml": config_map("leaving"), "leaving/b.yaml": deployment("leaving", "shop/web:1")})
    await rig.create_application("leaving", syncPolicy=AUTOMATED, metadata={"finalizers": [FINALIZER]})
    await rig.until("leaving", synced_and_healthy)
    await rig.cluster.delete(APPLICATION, NAMESPACE, "leaving")
    await gone(rig, "leaving")
    assert await value_of(rig, "leaving") is None
    assert await rig.get("apps/v1", "Deployment", "default", "leaving") is None


async def test_deletion_without_the_finalizer_leaves_the_objects(rig: Rig) -> None:
    await rig.push({"staying/a.yaml": config_map("staying")})
    await rig.create_application("staying", syncPolicy=AUTOMATED)
    await rig.until("staying", synced_and_healthy)
    await rig.cluster.delete(APPLICATION, NAMESPACE, "staying")
    await gone(rig, "staying")
    assert await value_of(rig, "staying") == "1"


async def test_a_failed_revision_is_not_tried_again_and_a_newer_one_is(world: World, rig: Rig) -> None:
    world.sandbox.faults.add(Fault(method="PATCH", path="configmaps/fails-first", status=403))
    await rig.push({"fails/a.yaml": config_map("fails-first")})
    await rig.create_application("fails", syncPolicy={**AUTOMATED, "retry": {"limit": 0}})
    body = await rig.until("fails", lambda body: phase_of(body) == "Failed")
    assert body["status"]["operationState"]["syncResult"]["resources"][0]["status"] == "SyncFailed"
    started = rig.runtime.syncs.started
    await rig.patch("fails", {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}})
    body = await rig.until("fails", lambda body: not body["metadata"].get("annotations"))
    assert rig.runtime.syncs.started == started
    assert any(one["type"] == "SyncError" for one in body["status"]["conditions"])
    world.sandbox.faults.clear()
    await rig.push({"fails/a.yaml": config_map("fails-first", "2")})
    body = await rig.until("fails", synced_and_healthy)
    assert "conditions" not in body["status"]


async def test_a_newer_commit_supersedes_a_sync_that_is_retrying(world: World, rig: Rig) -> None:
    world.sandbox.faults.add(Fault(method="PATCH", path="configmaps/stuck", status=403))
    await rig.push({"stuck/a.yaml": config_map("stuck")})
    retry = {"limit": 5, "backoff": {"duration": "1h", "maxDuration": "1h"}}
    await rig.create_application("stuck", syncPolicy={**AUTOMATED, "retry": retry})
    await rig.until("stuck", lambda body: "Retrying attempt #1" in operation_message(body))
    world.sandbox.faults.clear()
    commit = await rig.push({"stuck/a.yaml": config_map("stuck", "2")})
    await rig.until("stuck", lambda body: synced_and_healthy(body) and body["status"]["sync"]["revision"] == commit)


async def test_an_operation_is_terminated_as_the_cli_does_it(world: World, rig: Rig) -> None:
    await rig.push({"waits/a.yaml": deployment("waits", "shop/does-not-exist:1"), "waits/b.yaml": wave_after("waits")})
    await rig.create_application("waits")
    await rig.until("waits", lambda body: bool(body.get("status")))
    await rig.patch("waits", {"operation": {"sync": {}, "retry": {"limit": 5, "backoff": {"duration": "1h"}}}})
    await rig.until("waits", lambda body: phase_of(body) == "Running")
    await rig.patch("waits", {"status": {"operationState": {"phase": "Terminating"}}})
    body = await rig.until("waits", lambda body: phase_of(body) == "Failed" and "operation" not in body)
    assert operation_message(body) == "Operation terminated"
    assert await value_of(rig, "waits-after") is None


async def test_a_selective_sync_touches_only_what_it_names(rig: Rig) -> None:
    await rig.push({"some/a.yaml": config_map("some-a"), "some/b.yaml": config_map("some-b")})
    await rig.create_application("some")
    await rig.until("some", lambda body: bool(body.get("status")))
    await rig.patch("some", {"operation": {"sync": {"resources": [{"kind": "ConfigMap", "name": "some-a"}]}}})
    body = await rig.until("some", lambda body: phase_of(body) == "Succeeded" and "operation" not in body)
    assert await value_of(rig, "some-a") == "1"
    assert await value_of(rig, "some-b") is None
    assert "history" not in body["status"]


async def test_a_dry_run_changes_nothing(rig: Rig) -> None:
    await rig.push({"dry/a.yaml": config_map("dry")})
    await rig.create_application("dry")
    await rig.until("dry", lambda body: bool(body.get("status")))
    await rig.patch("dry", {"operation": {"sync": {"dryRun": True}}})
    body = await rig.until("dry", lambda body: phase_of(body) == "Succeeded" and "operation" not in body)
    assert await value_of(rig, "dry") is None
    assert body["status"]["sync"]["status"] == "OutOfSync"


async def test_a_rollback_applies_the_stored_source_at_the_old_revision(rig: Rig) -> None:
    first = await rig.push({"back/a.yaml": config_map("back", "1")})
    await rig.create_application("back")
    await rig.until("back", lambda body: bool(body.get("status")))
    await rig.patch("back", {"operation": {"sync": {}}})
    await rig.until("back", synced_and_healthy)
    await rig.push({"back/a.yaml": config_map("back", "2")})
    await rig.patch("back", {"operation": {"sync": {}}})
    body = await rig.until("back", lambda body: synced_and_healthy(body) and len(body["status"]["history"]) == 2)
    source = body["status"]["history"][0]["source"]
    await rig.patch("back", {"operation": {"sync": {"revision": first, "source": source}}})
    body = await rig.until("back", lambda body: len(body["status"]["history"]) == 3 and "operation" not in body)
    assert await value_of(rig, "back") == "1"
    assert body["status"]["operationState"]["syncResult"]["revision"] == first
    assert body["status"]["sync"]["status"] == "OutOfSync"


def operation_message(body: JsonObject) -> str:
    return str(((body.get("status") or {}).get("operationState") or {}).get("message", ""))


def wave_after(name: str) -> str:
    return config_map(f"{name}-after", **{"argocd.argoproj.io__sync-wave": "1"})


async def gone(rig: Rig, name: str) -> None:
    async with asyncio.timeout(60):
        while await rig.application(name) is not None:  # noqa: ASYNC110 - it goes when the cluster lets it go
            await asyncio.sleep(0.05)
