"""Hooks come, run, are judged and go, whatever happens to the sync meanwhile."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gitsync.execute.hooks import DELETED_WHILE_RUNNING, Earlier
from gitsync.manifest.canonical import canonical_json
from gitsync.manifest.object import JsonObject, LiveObject
from gitsync.plan.build import build_plan
from gitsync.plan.hooks import HOOK_FINALIZER, HOOK_RUN_ANNOTATION
from gitsync.plan.options import PlanOptions
from gitsync.plan.values import Plan
from model.identity import ResourceKey
from model.kinds.application import ResourceResult
from model.operation import Phase
from tests.gitsync.execute.conftest import Rig
from tests.support.kube_api import CONFIG_MAP, POD, answer
from tests.support.plans import APPLICATION, desired

HOOK = "argocd.argoproj.io/hook"
POLICY = "argocd.argoproj.io/hook-delete-policy"
KEPT = "HookFailed"


def pod(name: str, hook: str, policy: str = "") -> JsonObject:
    notes = {HOOK: hook, **({POLICY: policy} if policy else {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": "shop", "name": name, "annotations": notes},
        "status": {"health": "Progressing"},
    }


def config_map(name: str) -> JsonObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "shop", "name": name}, "data": {}}


def planned(*bodies: JsonObject, live: LiveObject | None = None) -> Plan:
    options = PlanOptions(application=APPLICATION, run="1700-0")
    there = {live.key: live} if live else {}
    return build_plan([desired(body) for body in bodies], there, options=options, out_of_sync=set())


async def becomes(rig: Rig, name: str, health: str, message: str = "") -> None:
    """The hook's pod exists and is so."""
    await rig.api.until(lambda: rig.api.get(POD, "shop", name) is not None)
    body = rig.api.get(POD, "shop", name)
    assert body is not None
    assert body["metadata"]["finalizers"] == [HOOK_FINALIZER]
    rig.api.put({**body, "status": {"health": health, "message": message}})


def told(results: tuple[ResourceResult, ...]) -> list[tuple[str, str, str]]:
    return [(one.name, one.hook_type, one.hook_phase) for one in results]


async def test_objects_wait_for_the_hook_before_them(rig: Rig) -> None:
    running = asyncio.create_task(rig.run(planned(pod("before", "PreSync"), config_map("a"))))
    await becomes(rig, "before", "Progressing")
    await rig.hears("waiting for completion of Pod shop/before")
    assert rig.api.get(CONFIG_MAP, "shop", "a") is None
    await becomes(rig, "before", "Healthy", "it is done")
    outcome = await running
    assert outcome.phase is Phase.SUCCEEDED
    assert told(outcome.results) == [("before", "PreSync", "Succeeded"), ("a", "", "Succeeded")]
    assert outcome.results[0].message == "it is done"


@pytest.mark.parametrize(
    ("policy", "health", "stays"),
    [
        ("", "Healthy", True),
        ("HookSucceeded", "Healthy", False),
        ("HookSucceeded", "Degraded", True),
        ("HookFailed", "Healthy", True),
        ("HookFailed", "Degraded", False),
    ],
)
async def test_the_policy_decides_at_the_end_and_the_finalizer_goes(
    rig: Rig, policy: str, health: str, stays: bool
) -> None:
    running = asyncio.create_task(rig.run(planned(pod("hook", "Sync", policy))))
    await becomes(rig, "hook", health)
    outcome = await running
    assert (outcome.phase is Phase.SUCCEEDED) == (health == "Healthy")
    left = rig.api.get(POD, "shop", "hook")
    assert (left is not None) == stays
    assert left is None or not left["metadata"].get("finalizers")


async def test_a_hook_is_created_anew_for_each_sync(rig: Rig) -> None:
    old = await rig.put({**pod("hook", "PreSync"), "status": {"health": "Healthy"}})
    running = asyncio.create_task(rig.run(planned(pod("hook", "PreSync"))))
    await rig.api.until(lambda: bool(body := rig.api.get(POD, "shop", "hook")) and body["metadata"]["uid"] != old.uid)
    await becomes(rig, "hook", "Healthy")
    assert (await running).phase is Phase.SUCCEEDED


async def test_a_hook_that_kubectl_or_argo_cd_made_is_created_anew_too(rig: Rig) -> None:
    entry = {"manager": "kubectl-client-side-apply", "operation": "Update", "fieldsV1": {"f:metadata": {}}}
    hook = pod("hook", "PreSync")
    old = await rig.put({**hook, "metadata": {**hook["metadata"], "managedFields": [entry]}})
    seen = msgspec.structs.replace(old, raw=canonical_json(rig.api.get(POD, "shop", "hook")))
    running = asyncio.create_task(rig.run(planned(hook, live=seen)))
    await rig.api.until(lambda: bool(body := rig.api.get(POD, "shop", "hook")) and body["metadata"]["uid"] != old.uid)
    await becomes(rig, "hook", "Healthy")
    assert (await running).phase is Phase.SUCCEEDED


async def test_a_failure_runs_the_rescue_and_stays_a_failure(rig: Rig) -> None:
    running = asyncio.create_task(
        rig.run(planned(pod("before", "PreSync"), config_map("a"), pod("rescue", "SyncFail", "HookSucceeded")))
    )
    await becomes(rig, "before", "Degraded", "out of disk")
    await becomes(rig, "rescue", "Healthy")
    outcome = await running
    assert (outcome.phase, outcome.message) == (
        Phase.FAILED,
        "one or more synchronization tasks completed unsuccessfully: Pod shop/before",
    )
    assert told(outcome.results) == [("before", "PreSync", "Failed"), ("rescue", "SyncFail", "Succeeded")]
    assert outcome.results[0].message == "out of disk"
    assert [rig.api.get(POD, "shop", name) is None for name in ("before", "rescue")] == [False, True]
    assert rig.api.get(CONFIG_MAP, "shop", "a") is None


async def test_no_rescue_without_a_failure(rig: Rig) -> None:
    outcome = await rig.run(planned(config_map("a"), pod("rescue", "SyncFail")))
    assert outcome.phase is Phase.SUCCEEDED
    assert rig.api.get(POD, "shop", "rescue") is None


async def test_stopping_removes_hooks_that_still_run(rig: Rig) -> None:
    execution = rig.execution(planned(pod("hook", "PreSync", KEPT), config_map("a")))
    running = asyncio.create_task(execution.run())
    await becomes(rig, "hook", "Progressing")
    await rig.hears("waiting for completion")
    execution.stop("Operation terminated")
    outcome = await running
    assert (outcome.phase, outcome.message) == (Phase.FAILED, "Operation terminated")
    assert told(outcome.results) == [("hook", "PreSync", "Failed")]
    assert rig.api.get(POD, "shop", "hook") is None


async def test_a_hook_that_somebody_deletes_has_failed(rig: Rig) -> None:
    running = asyncio.create_task(rig.run(planned(pod("hook", "PreSync"))))
    await becomes(rig, "hook", "Progressing")
    await rig.hears("waiting for completion")
    rig.api.remove(POD, "shop", "hook")
    outcome = await running
    assert outcome.phase is Phase.FAILED
    assert outcome.results[0].message == DELETED_WHILE_RUNNING


async def test_a_dry_run_neither_waits_nor_deletes(rig: Rig) -> None:
    await rig.put({**pod("old", "PreSync"), "status": {"health": "Healthy"}})
    outcome = await rig.run(planned(pod("old", "PreSync"), pod("new", "PreSync")), dry_run=True)
    assert outcome.phase is Phase.SUCCEEDED
    assert told(outcome.results) == [("new", "PreSync", "Succeeded"), ("old", "PreSync", "Succeeded")]
    assert rig.api.get(POD, "shop", "old") is not None
    assert rig.api.get(POD, "shop", "new") is None


def marked(body: JsonObject, run: str) -> JsonObject:
    made = desired(body).body
    annotations = made["metadata"]["annotations"] | {HOOK_RUN_ANNOTATION: run}
    return {**made, "metadata": {**made["metadata"], "annotations": annotations}}


async def test_a_hook_of_another_run_is_begun_anew(rig: Rig) -> None:
    """Whatever the clocks of the two machines say."""
    live = await rig.put({**marked(pod("begun", "PreSync"), "1699-0"), "status": {"health": "Healthy"}})
    earlier = Earlier(datetime(2020, 1, 1, tzinfo=UTC))
    running = asyncio.create_task(rig.run(planned(pod("begun", "PreSync")), earlier=earlier))
    await rig.hears("waiting for completion of Pod shop/begun")
    await becomes(rig, "begun", "Healthy")
    assert (await running).phase is Phase.SUCCEEDED
    left = rig.api.get(POD, "shop", "begun")
    assert left is not None
    assert left["metadata"]["uid"] != live.uid


async def test_what_an_earlier_process_began_or_finished_is_not_begun_again(rig: Rig) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    plan = planned(pod("finished", "PreSync"), pod("begun", "PreSync"))
    (finished, begun) = (task.key for task in reversed([*plan.tasks]))
    live = await rig.put({**marked(pod("begun", "PreSync"), "1700-0"), "status": {"health": "Healthy"}})
    past = ResourceResult(
        kind="Pod",
        namespace="shop",
        name="finished",
        hook_type="PreSync",
        status="Synced",
        hook_phase="Succeeded",
        sync_phase="PreSync",
    )
    assert (finished, begun) == (ResourceKey("", "Pod", "shop", "finished"), live.key)
    outcome = await rig.run(plan, earlier=Earlier(since, (past,)))
    assert outcome.phase is Phase.SUCCEEDED
    assert rig.api.get(POD, "shop", "finished") is None
    left: Any = rig.api.get(POD, "shop", "begun")
    assert left["metadata"]["uid"] == live.uid


async def test_a_sync_that_is_refused_for_an_malformed_manifest_runs_what_is_for_failures(rig: Rig) -> None:
    live = await rig.put(desired(config_map("a")).body)
    refusal = answer(400, "BadRequest", 'strict decoding error: unknown field "dta"')
    rig.api.fault(refusal, method="PATCH", path="/configmaps/b")
    bodies = (pod("before", "PreSync"), config_map("a") | {"data": {"x": "1"}}, config_map("b"), pod("r", "SyncFail"))
    options = PlanOptions(application=APPLICATION, run="1700-0")
    plan = build_plan([desired(body) for body in bodies], {live.key: live}, options=options, out_of_sync={live.key})
    running = asyncio.create_task(rig.run(plan))
    await becomes(rig, "r", "Healthy")
    outcome = await running
    assert outcome.message.endswith("Nothing of this sync was applied.")
    assert told(outcome.results) == [("b", "", "Failed"), ("r", "SyncFail", "Succeeded")]
    assert rig.api.get(POD, "shop", "before") is None


@pytest.mark.parametrize(
    ("statuses", "refused"),
    [
        ([("SyncFailed", "Sync")], True),
        ([("SyncFailed", "Sync"), ("Synced", "SyncFail")], True),
        ([("SyncFailed", "Sync"), ("Synced", "Sync")], False),
        ([], False),
    ],
)
def test_an_earlier_process_that_applied_nothing_has_begun_nothing(
    statuses: list[tuple[str, str]], refused: bool
) -> None:
    results = tuple(ResourceResult(kind="A", name="a", status=one, sync_phase=phase) for one, phase in statuses)
    assert Earlier(datetime(2026, 1, 1, tzinfo=UTC), results).was_refused is refused
