"""Plans become requests: one per object, in order, through the gate between waves, and one failure stops no other."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from gitsync.execute.establish import EstablishLimits
from gitsync.execute.hooks import Earlier
from gitsync.manifest.object import JsonObject
from gitsync.plan.values import TaskKind
from model.identity import ResourceKey
from model.kinds.application import ResourceResult
from model.operation import Phase, ResultCode
from tests.gitsync.execute.conftest import Rig
from tests.support.kube_api import CONFIG_MAP, DEPLOYMENT, SECRET, Kind, answer
from tests.support.plans import apply, plan, prune

MARK = "argocd.argoproj.io/tracking-id"


def config_map(name: str, **data: str) -> JsonObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "shop", "name": name}, "data": data}


def deployment(name: str, **spec: Any) -> JsonObject:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": name},
        "spec": spec,
    }


def marked(body: JsonObject, application: str = "app", **metadata: Any) -> JsonObject:
    group = body["apiVersion"].rpartition("/")[0]
    mark = f"{application}:{group}/{body['kind']}:shop/{body['metadata']['name']}"
    return body | {"metadata": body["metadata"] | {"annotations": {MARK: mark}} | metadata}


def told(results: tuple[ResourceResult, ...]) -> list[tuple[str, str, str]]:
    return [(result.name, result.status, result.hook_phase) for result in results]


async def test_each_object_costs_one_request_in_the_order_of_the_plan(rig: Rig) -> None:
    rig.api.requests.clear()
    outcome = await rig.run(plan(apply(config_map("a")), apply(config_map("b")), apply(deployment("web"), rank=1)))
    assert outcome.phase is Phase.SUCCEEDED
    assert [path.rpartition("/")[2] for _, path in rig.writes()][-1] == "web"
    assert [method for method, path in rig.api.requests if "watch=1" not in path] == ["PATCH"] * 3
    assert told(outcome.results) == [(name, "Synced", "Succeeded") for name in ("a", "b", "web")]
    assert outcome.results[2].message == "deployment.apps/web created"


async def test_results_name_the_images_of_what_was_applied(rig: Rig) -> None:
    body = deployment("web")
    containers = [{"name": "b", "image": "shop/b:1"}, {"name": "a", "image": "shop/a:1"}]
    spec = {"initContainers": [{"name": "first", "image": "shop/init:1"}], "containers": containers}
    outcome = await rig.run(plan(apply(config_map("a")), apply({**body, "spec": {"template": {"spec": spec}}}, rank=1)))
    assert [result.images for result in outcome.results] == [(), ("shop/b:1", "shop/a:1")]


async def test_what_did_not_change_is_told_as_unchanged(rig: Rig) -> None:
    await rig.run(plan(apply(config_map("a", x="1"))))
    made = rig.api.get(CONFIG_MAP, "shop", "a")
    assert made
    live = await rig.seen(ResourceKey("", "ConfigMap", "shop", "a"), made["metadata"]["resourceVersion"])
    again = await rig.run(plan(apply(config_map("a", x="1"), live=live)))
    other = await rig.run(plan(apply(config_map("a", x="2"), live=live)))
    assert [outcome.results[0].message for outcome in (again, other)] == [
        "configmap/a unchanged",
        "configmap/a configured",
    ]


async def test_one_refused_object_stops_neither_its_neighbours_nor_loses_its_reason(rig: Rig) -> None:
    refusal = answer(422, "Invalid", "x", causes=[{"field": "spec.selector", "message": "field is immutable"}])
    rig.api.fault(refusal, method="PATCH", path="/deployments/web")
    outcome = await rig.run(
        plan(
            apply(config_map("a")),
            apply(deployment("web"), rank=1),
            apply(deployment("worker"), rank=1),
            apply(config_map("later"), wave=1),
        )
    )
    assert outcome.phase is Phase.FAILED
    assert told(outcome.results) == [
        ("a", "Synced", "Running"),
        ("web", "SyncFailed", "Failed"),
        ("worker", "Synced", "Running"),
    ]
    assert "Deployment.apps shop/web" in outcome.results[1].message
    assert "spec.selector cannot change in place" in outcome.results[1].message
    assert "Force=true" in outcome.results[1].message
    assert rig.api.get(CONFIG_MAP, "shop", "later") is None


async def test_an_unknown_kind_and_a_missing_namespace_say_the_next_step(rig: Rig) -> None:
    gadget = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"namespace": "shop", "name": "g"}}
    lost = config_map("lost") | {"metadata": {"namespace": "nowhere", "name": "lost"}}
    outcome = await rig.run(plan(apply(gadget, skip_dry_run_on_missing=True), apply(lost)))
    messages = {result.name: result.message for result in outcome.results}
    assert "Install the CustomResourceDefinition" in messages["g"]
    assert "CreateNamespace=true" in messages["lost"]


async def test_an_unknown_kind_stops_everything_before_anything_is_applied(rig: Rig) -> None:
    gadget = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"namespace": "shop", "name": "g"}}
    outcome = await rig.run(plan(apply(config_map("a")), apply(gadget, wave=1)))
    assert outcome.phase is Phase.FAILED
    reason = "Gadget.example.com shop/g: the cluster serves no example.com/v1 Gadget. "
    assert outcome.message.startswith(f"one or more synchronization tasks are not valid: {reason}")
    assert told(outcome.results) == [("g", "SyncFailed", "Failed")]
    assert not rig.writes()


async def test_a_nameless_object_that_is_no_hook_stops_everything_too(rig: Rig) -> None:
    task = apply(config_map("x-"))
    assert task.desired is not None
    metadata = {"namespace": "shop", "generateName": "x-"}
    nameless = replace(task, desired=replace(task.desired, body={**task.desired.body, "metadata": metadata}))
    outcome = await rig.run(plan(apply(config_map("a")), nameless))
    assert "has a generateName and no name, and is no hook" in outcome.message
    assert outcome.message.endswith("Nothing of this sync was applied.")
    assert not rig.writes()


@pytest.mark.parametrize(
    "refusal",
    [
        answer(400, "BadRequest", 'strict decoding error: unknown field "spec.replica"'),
        answer(500, "InternalError", "failed to create typed patch object: .spec.replicas: expected numeric"),
    ],
    ids=["an unknown field", "a wrong type"],
)
async def test_nothing_is_changed_where_one_manifest_of_the_sync_is_malformed(rig: Rig, refusal: Any) -> None:
    live = await rig.put(marked(config_map("a", x="1")))
    rig.api.fault(refusal, method="PATCH", path="/deployments/web")
    changed = plan(apply(config_map("a", x="2"), live=live), apply(deployment("web"), wave=1))
    outcome = await rig.run(changed)
    assert outcome.phase is Phase.FAILED
    assert outcome.message.startswith("one or more synchronization tasks are not valid: cannot apply Deployment.apps")
    assert outcome.message.endswith("Nothing of this sync was applied.")
    assert told(outcome.results) == [("web", "SyncFailed", "Failed")]
    assert all("dryRun" in path for method, path in rig.api.requests if method == "PATCH")
    there = rig.api.get(CONFIG_MAP, "shop", "a")
    assert there
    assert there["data"] == {"x": "1"}


@pytest.mark.parametrize(
    "refusal",
    [
        answer(403, "Forbidden", "deployments.apps is forbidden"),
        answer(500, "InternalError", "failed calling webhook"),
        answer(400, "BadRequest", 'admission webhook "v" denied the request'),
        answer(422, "Invalid", "x", causes=[{"field": "spec.selector", "message": "field is immutable"}]),
        answer(422, "Invalid", "x", causes=[{"field": "spec.replicas", "reason": "FieldValueInvalid"}]),
    ],
    ids=["a right", "a webhook that is away", "a webhook", "an immutable field", "a value"],
)
async def test_what_a_rule_refuses_fails_alone_and_the_other_changes_are_made(rig: Rig, refusal: Any) -> None:
    live = await rig.put(marked(config_map("a", x="1")))
    rig.api.fault(refusal, times=2, method="PATCH", path="/deployments/web")
    changed = plan(
        apply(config_map("a", x="2"), live=live), apply(deployment("web"), rank=1), apply(config_map("z"), rank=2)
    )
    outcome = await rig.run(changed)
    assert outcome.phase is Phase.FAILED
    assert told(outcome.results) == [
        ("a", "Synced", "Running"),
        ("web", "SyncFailed", "Failed"),
        ("z", "Synced", "Running"),
    ]
    assert "cannot apply Deployment.apps shop/web: " in outcome.results[1].message
    there = rig.api.get(CONFIG_MAP, "shop", "a")
    assert there
    assert there["data"] == {"x": "2"}
    assert rig.api.get(CONFIG_MAP, "shop", "z") is not None


async def test_what_an_earlier_process_began_is_not_tried_once_more(rig: Rig) -> None:
    live = await rig.put(marked(config_map("a", x="1")))
    rig.api.requests.clear()
    earlier = Earlier(datetime(2026, 1, 1, tzinfo=UTC))
    await rig.run(plan(apply(config_map("a", x="2"), live=live), apply(deployment("web"), rank=1)), earlier=earlier)
    assert not any("dryRun" in path for _, path in rig.api.requests)


async def test_the_next_wave_waits_for_health_and_is_opened_by_an_event(rig: Rig) -> None:
    running = asyncio.create_task(
        rig.run(plan(apply(deployment("web") | {"status": {"health": "Progressing"}}), apply(config_map("b"), wave=1)))
    )
    await rig.hears("waiting for healthy state of Deployment.apps shop/web")
    assert rig.api.get(CONFIG_MAP, "shop", "b") is None
    web = rig.api.get(DEPLOYMENT, "shop", "web")
    assert web
    rig.api.put(web | {"status": {"health": "Healthy"}})
    assert (await running).phase is Phase.SUCCEEDED
    assert rig.api.get(CONFIG_MAP, "shop", "b")


async def test_the_gate_does_not_believe_a_state_from_before_the_apply(rig: Rig) -> None:
    """The cache still shows the old, healthy state when the apply returns; the gate must not open on it."""
    live = await rig.put(marked(deployment("web", image="1")) | {"status": {"health": "Healthy"}})
    changed = deployment("web", image="2") | {"status": {"health": "Progressing"}}
    running = asyncio.create_task(rig.run(plan(apply(changed, live=live), apply(config_map("b"), wave=1))))
    await rig.hears("waiting for healthy state")
    assert rig.api.get(CONFIG_MAP, "shop", "b") is None
    rig.execution(plan()).stop("")
    running.cancel()


async def test_an_object_that_is_done_and_swept_away_at_once_opens_the_gate(rig: Rig) -> None:
    running = asyncio.create_task(
        rig.run(plan(apply(deployment("job") | {"status": {"health": "Progressing"}}), apply(config_map("b"), wave=1)))
    )
    await rig.hears("waiting for healthy state")
    job = rig.api.get(DEPLOYMENT, "shop", "job")
    assert job
    rig.api.put(job | {"status": {"health": "Healthy"}})
    rig.api.remove(DEPLOYMENT, "shop", "job")
    assert (await running).phase is Phase.SUCCEEDED


async def test_a_degraded_object_fails_the_sync_with_its_own_words(rig: Rig) -> None:
    sick = deployment("web") | {"status": {"health": "Degraded", "message": "image not found"}}
    outcome = await rig.run(plan(apply(sick), apply(config_map("b"), wave=1)))
    assert outcome.phase is Phase.FAILED
    assert told(outcome.results) == [("web", "Synced", "Failed")]
    assert outcome.results[0].message == "image not found"


async def test_stopping_ends_at_a_safe_point_and_says_why(rig: Rig) -> None:
    waiting = deployment("web") | {"status": {"health": "Progressing"}}
    execution = rig.execution(plan(apply(waiting), apply(config_map("b"), wave=1)))
    running = asyncio.create_task(execution.run())
    await rig.hears("waiting for healthy state")
    execution.stop("Operation terminated")
    outcome = await running
    assert (outcome.phase, outcome.message) == (Phase.FAILED, "Operation terminated")
    assert told(outcome.results) == [("web", "Synced", "Running")]


async def test_stopping_during_a_step_lets_requests_under_way_finish(rig: Rig) -> None:
    execution = rig.execution(plan(apply(config_map("a")), apply(config_map("b"), rank=1)))

    async def stop(request: web.Request) -> web.StreamResponse:
        execution.stop("superseded")
        return await rig.api.handle(request)

    rig.api.fault(stop, method="PATCH")
    outcome = await execution.run()
    assert told(outcome.results) == [("a", "Synced", "Running")]
    assert rig.api.get(CONFIG_MAP, "shop", "b") is None


async def test_a_dry_run_changes_nothing_and_trusts_what_the_plan_itself_creates(rig: Rig) -> None:
    live = await rig.put(marked(config_map("old")))
    before = dict(rig.api.objects["configmaps"])
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fresh"}}
    inside = config_map("inside") | {"metadata": {"namespace": "fresh", "name": "inside"}}
    outcome = await rig.run(
        plan(
            prune(live),
            apply(namespace),
            apply(definition(), rank=1),
            apply(inside, wave=1),
            apply(widget(), wave=1, rank=1),
            apply(config_map("a"), wave=2),
        ),
        dry_run=True,
    )
    assert outcome.phase is Phase.SUCCEEDED, outcome
    assert rig.api.objects["configmaps"] == before
    assert all("dry run" in result.message for result in outcome.results)


async def test_kinds_defined_in_the_same_plan_are_used_once_they_are_established(rig: Rig) -> None:
    running = asyncio.create_task(rig.run(plan(apply(definition()), apply(widget(), rank=1))))
    await rig.api.until(
        lambda: ("PATCH", "widgets.example.com") in [(m, p.rpartition("/")[2]) for m, p in rig.writes()]
    )
    rig.api.kinds.append(Kind("example.com", "v1", "Widget", "widgets"))
    rig.api.fault(answer(404, "", "404 page not found"), method="PATCH", path="/widgets/", times=2)
    rig.api.put(definition() | {"status": {"conditions": [{"type": "Established", "status": "True"}]}})
    outcome = await running
    assert outcome.phase is Phase.SUCCEEDED, outcome
    assert [result.message for result in outcome.results][-1] == "widget.example.com/w created"


async def test_a_definition_that_is_never_established_fails_with_the_name_of_the_wait(rig: Rig) -> None:
    outcome = await rig.run(plan(apply(definition())), establish=EstablishLimits(established_seconds=0.02))
    assert "has not established widgets.example.com within 0.02 s" in outcome.results[0].message
    assert outcome.phase is Phase.FAILED


async def test_replace_overwrites_even_against_other_writers(rig: Rig) -> None:
    live = await rig.put(marked(config_map("a", x="1", y="2")))
    rig.api.put(marked(config_map("a", x="3")))  # somebody was faster: the version in the plan is stale
    outcome = await rig.run(
        plan(apply(config_map("a", z="1"), live=live, replace=True), apply(config_map("b"), replace=True))
    )
    assert outcome.phase is Phase.SUCCEEDED, outcome
    made = rig.api.get(CONFIG_MAP, "shop", "a")
    assert made
    assert made["data"] == {"z": "1"}
    assert {method for method, _ in rig.writes()} == {"PUT", "POST"}


@pytest.mark.parametrize("options", [{}, {"replace": True}, {"server_side": False}])
async def test_annotations_that_are_null_are_not_written_in_whatever_way(rig: Rig, options: dict[str, Any]) -> None:
    body = config_map("a")
    body["metadata"]["annotations"] = {"empty": None, "kept": ""}
    assert (await rig.run(plan(apply(body, **options)))).phase is Phase.SUCCEEDED
    made = rig.api.get(CONFIG_MAP, "shop", "a")
    assert made
    assert "empty" not in made["metadata"]["annotations"]
    assert made["metadata"]["annotations"]["kept"] == ""


IMMUTABLE = answer(422, "Invalid", "x", causes=[{"field": "spec.selector", "message": "field is immutable"}])


async def test_force_deletes_and_creates_anew_only_what_cannot_change(rig: Rig) -> None:
    live = await rig.put(marked(deployment("web", selector="a")))
    rig.api.fault(IMMUTABLE, method="PATCH", path="/deployments/web")
    outcome = await rig.run(plan(apply(deployment("web", selector="b"), live=live, force=True)))
    assert outcome.phase is Phase.SUCCEEDED, outcome
    made = rig.api.get(DEPLOYMENT, "shop", "web")
    assert made
    assert made["metadata"]["uid"] != live.uid
    assert [method for method, _ in rig.writes()] == ["PATCH", "POST", "DELETE", "PATCH"]


async def test_replace_by_force_creates_anew_even_what_could_change(rig: Rig) -> None:
    live = await rig.put(marked(config_map("a", x="1")))
    outcome = await rig.run(plan(apply(config_map("a", x="1"), live=live, replace=True, force=True)))
    assert outcome.phase is Phase.SUCCEEDED, outcome
    made = rig.api.get(CONFIG_MAP, "shop", "a")
    assert made
    assert made["metadata"]["uid"] != live.uid


async def test_a_dry_run_of_a_replacement_by_force_deletes_nothing(rig: Rig) -> None:
    live = await rig.put(marked(config_map("a", x="1")))
    outcome = await rig.run(plan(apply(config_map("a"), live=live, replace=True, force=True)), dry_run=True)
    assert outcome.phase is Phase.SUCCEEDED, outcome
    assert "DELETE" not in [method for method, _ in rig.writes()]


async def test_what_an_earlier_process_created_anew_is_not_created_anew_again(rig: Rig) -> None:
    since = datetime(2020, 1, 1, tzinfo=UTC)
    live = await rig.put(marked(config_map("a", x="1"), creationTimestamp="2020-01-01T00:00:05Z"))
    task = apply(config_map("a", x="1"), live=live, replace=True, force=True)
    outcome = await rig.run(plan(task), earlier=Earlier(since))
    assert outcome.phase is Phase.SUCCEEDED, outcome
    assert not rig.writes()


async def test_force_deletes_nothing_when_the_new_object_is_refused_too(rig: Rig) -> None:
    live = await rig.put(marked(deployment("web")))
    rig.api.fault(IMMUTABLE, method="PATCH", path="/deployments/web")
    rig.api.fault(answer(422, "Invalid", "image: Required value"), method="POST")
    outcome = await rig.run(plan(apply(deployment("web"), live=live, force=True)))
    assert "Required value" in outcome.results[0].message
    assert rig.api.get(DEPLOYMENT, "shop", "web")


async def test_force_never_deletes_an_object_of_another_application(rig: Rig) -> None:
    live = await rig.put(marked(deployment("web"), "other"))
    rig.api.fault(IMMUTABLE, method="PATCH", path="/deployments/web")
    outcome = await rig.run(plan(apply(deployment("web"), live=live, force=True)))
    assert "belongs to application other" in outcome.results[0].message
    assert "DELETE" not in [method for method, _ in rig.writes()]


@pytest.mark.parametrize("kind", ["Namespace", "CustomResourceDefinition"])
async def test_force_never_deletes_what_holds_other_objects(rig: Rig, kind: str) -> None:
    body = (
        definition()
        if kind == "CustomResourceDefinition"
        else {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "shop"},
        }
    )
    rig.api.put(body)
    rig.api.fault(IMMUTABLE, method="PATCH")
    outcome = await rig.run(plan(apply(body, force=True)))
    assert outcome.results[0].status == ResultCode.SYNC_FAILED
    assert [method for method, _ in rig.writes()] == ["PATCH"]


async def test_without_force_nothing_is_deleted(rig: Rig) -> None:
    live = await rig.put(marked(deployment("web")))
    rig.api.fault(IMMUTABLE, method="PATCH", path="/deployments/web")
    await rig.run(plan(apply(deployment("web"), live=live)))
    assert [method for method, _ in rig.writes()] == ["PATCH"]


async def test_fields_of_client_side_apply_are_taken_over_before_the_first_apply(rig: Rig) -> None:
    entry = {"manager": "kubectl-client-side-apply", "operation": "Update", "fieldsV1": {"f:data": {"f:x": {}}}}
    live = await rig.put(marked(config_map("a", x="1"), managedFields=[entry]))
    await rig.run(plan(apply(config_map("a"), live=live)))
    assert [method for method, _ in rig.writes()] == ["PATCH", "PATCH"]


async def test_managed_fields_of_a_dumped_manifest_are_left_out(rig: Rig) -> None:
    dumped = config_map("a") | {"metadata": {"namespace": "shop", "name": "a", "managedFields": []}}
    await rig.run(plan(apply(dumped)))
    made = rig.api.get(CONFIG_MAP, "shop", "a")
    assert made
    assert "managedFields" not in made["metadata"]


async def test_a_refused_secret_is_told_without_its_values(rig: Rig) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"namespace": "shop", "name": "s"},
        "data": {"k": "cjN0"},
    }
    rig.api.fault(answer(422, "Invalid", 'data[k]: Invalid value: "cjN0"'), path="/secrets/s")
    outcome = await rig.run(plan(apply(secret)))
    assert "Secret shop/s" in outcome.results[0].message
    assert "cjN0" not in repr(outcome)
    assert rig.api.get(SECRET, "shop", "s") is None


async def test_a_prune_that_asks_waits_for_the_word_after_the_waves_before_it(rig: Rig) -> None:
    live = await rig.put(marked(config_map("old")))
    asking = replace(prune(live, wave=1), needs_approval=True)
    execution = rig.execution(plan(apply(config_map("a")), asking, apply(config_map("b"), wave=1)))
    running = asyncio.create_task(execution.run())
    await rig.hears("Waiting for pruning confirmation of ConfigMap shop/old")
    assert rig.api.get(CONFIG_MAP, "shop", "a")
    assert rig.api.get(CONFIG_MAP, "shop", "old")
    assert rig.api.get(CONFIG_MAP, "shop", "b") is None
    execution.approve()
    assert (await running).phase is Phase.SUCCEEDED
    assert rig.api.get(CONFIG_MAP, "shop", "old") is None


async def test_a_sync_that_waits_for_a_word_can_be_stopped(rig: Rig) -> None:
    live = await rig.put(marked(config_map("old")))
    execution = rig.execution(plan(replace(prune(live), needs_approval=True)))
    running = asyncio.create_task(execution.run())
    await rig.hears("Waiting for pruning confirmation")
    execution.stop("Operation terminated")
    outcome = await running
    assert (outcome.phase, outcome.message) == (Phase.FAILED, "Operation terminated")
    assert rig.api.get(CONFIG_MAP, "shop", "old")


async def test_a_prune_that_is_skipped_is_told(rig: Rig) -> None:
    live = await rig.put(marked(config_map("a")))
    outcome = await rig.run(plan(prune(live, kind=TaskKind.SKIP_PRUNE)))
    assert told(outcome.results) == [("a", "PruneSkipped", "")]
    assert rig.api.get(CONFIG_MAP, "shop", "a")


def widget() -> JsonObject:
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"namespace": "shop", "name": "w"}}


def definition() -> JsonObject:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [{"name": "v1", "served": True, "storage": True}],
        },
    }
