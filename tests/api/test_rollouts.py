"""Rollouts through the API: shown to whom may see the application, steered in the name of the person, live."""

from typing import Any

from model.identity import ApplicationKey
from model.link import ObjectRef, SteerRollout
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

FIELDS = """
  id metadata { kind name namespace runtime cluster } strategy phase message currentStepIndex weightOfNew trafficRouted
  desiredReplicas paused aborted promoteFull
  steps { index kind title status skipped spec analysisRuns { name } }
  revisions { revision role podTemplateHash images replicas weight scaleDownAt }
  analysisRuns { name phase metrics { name provider phase successful failed measurements { value phase } } }
  availableActions { action allowed reason }
  nextTransition { inSeconds what }
"""
ONE = f"""query($name: String!) {{
  rollout(runtime: "demo", applicationName: "cart", name: $name, namespace: "shop") {{ {FIELDS} }}
}}"""
LIST = """query($filters: RolloutFilterArgs, $pagination: SlicePaginationArgs) {
  rollouts(filters: $filters, pagination: $pagination) {
    totalCount nodes { metadata { name } } pageInfo { hasNextPage }
  }
}"""
STEER = """mutation($action: RolloutAction!, $to: Int, $reason: String) {
  outcome: rolloutAction(application: {runtime: "demo", name: "cart"},
    rollout: {kind: "Rollout", namespace: "shop", name: "web"}, action: $action, toRevision: $to, reason: $reason) {
    operationId errors { code message }
  }
}"""
FOLLOW = """subscription {
  rollout(application: {runtime: "demo", name: "cart"}, rollout: {kind: "Rollout", namespace: "shop", name: "web"}) {
    phase message
  }
}"""


def names(found: dict[str, Any]) -> list[str]:
    return [node["metadata"]["name"] for node in found["rollouts"]["nodes"]]


async def test_a_rollout_says_why_it_waits_whose_it_is_and_what_its_update_will_do(
    running: Running, runtime: FakeRuntime
) -> None:
    fields = "application { runtime namespace name } explanation simulation { seconds steps { name weight routed } }"
    query = f'{{ rollout(runtime: "demo", applicationName: "cart", name: "web", namespace: "shop") {{ {fields} }} }}'
    found = (await running.query("reader", query))["rollout"]
    assert found["application"] == {"runtime": "demo", "namespace": "argosy", "name": "cart"}
    assert found["explanation"].startswith("step 2 of 3 (pause: 30s) waits until")
    assert found["simulation"]["seconds"] == 30.0
    assert found["simulation"]["steps"][2] == {"name": "setWeight: 50", "weight": 50, "routed": False}


async def test_a_rollout_is_shown_with_everything_around_it(running: Running, runtime: FakeRuntime) -> None:
    found = (await running.query("reader", ONE, name="web"))["rollout"]
    assert found["metadata"] == {
        "kind": "Rollout",
        "name": "web",
        "namespace": "shop",
        "runtime": "demo",
        "cluster": "in-cluster",
    }
    assert (found["strategy"], found["phase"], found["weightOfNew"]) == ("canary", "Paused", 25.0)
    assert [step["status"] for step in found["steps"]] == ["PASSED", "ACTIVE", "PENDING"]
    assert found["steps"][1]["spec"] == {"pause": {"duration": "30s"}}
    assert found["steps"][1]["analysisRuns"] == [{"name": "web-abc-2-1"}]
    assert [one["role"] for one in found["revisions"]] == [["canary"], ["stable"]]
    (metric,) = found["analysisRuns"][0]["metrics"]
    assert [one["value"] for one in metric["measurements"]] == ["0.99", "0.5"]
    assert found["availableActions"] == [
        {"action": "PROMOTE", "allowed": True, "reason": None},
        {"action": "RETRY", "allowed": False, "reason": "it is not aborted"},
    ]
    assert found["nextTransition"]["what"] == "the pause of step 2 of 3 ends"
    assert found["nextTransition"]["inSeconds"] > 0


async def test_a_rollout_is_found_again_by_its_id(running: Running, runtime: FakeRuntime) -> None:
    node_id = (await running.query("reader", ONE, name="web"))["rollout"]["id"]
    document = "query($id: ID!) { node(id: $id) { id ... on Rollout { phase } } }"
    assert (await running.query("reader", document, id=node_id))["node"] == {"id": node_id, "phase": "Paused"}
    assert (await running.query("stranger", document, id=node_id))["node"] is None


async def test_what_does_not_exist_is_null(running: Running, runtime: FakeRuntime) -> None:
    assert (await running.query("reader", ONE, name="missing"))["rollout"] is None


async def test_lists_hold_what_the_viewer_may_see(running: Running, runtime: FakeRuntime) -> None:
    assert names(await running.query("admin", LIST)) == ["web", "secret"]
    assert names(await running.query("reader", LIST)) == ["web"]
    assert names(await running.query("stranger", LIST)) == []


async def test_lists_are_filtered_and_paged(running: Running, runtime: FakeRuntime) -> None:
    assert names(await running.query("admin", LIST, filters={"applications": ["hidden"]})) == ["secret"]
    assert names(await running.query("admin", LIST, filters={"phases": ["Degraded"]})) == []
    assert names(await running.query("admin", LIST, filters={"runtimes": ["other"]})) == []
    page = await running.query("admin", LIST, pagination={"first": 1})
    assert (names(page), page["rollouts"]["totalCount"]) == (["web"], 2)
    assert page["rollouts"]["pageInfo"]["hasNextPage"] is True


async def test_rollouts_of_an_application(running: Running, runtime: FakeRuntime) -> None:
    document = """{ cart: application(runtime: "demo", name: "cart") { rollouts { metadata { name } } }
      catalog: application(runtime: "demo", name: "catalog") { rollouts { metadata { name } } } }"""
    found = await running.query("reader", document)
    assert found["cart"]["rollouts"] == [{"metadata": {"name": "web"}}]
    assert found["catalog"]["rollouts"] == []


async def test_steering_is_asked_of_the_runtime_in_the_viewers_name(running: Running, runtime: FakeRuntime) -> None:
    found = (await running.query("writer", STEER, action="ROLLBACK", to=1, reason="too slow"))["outcome"]
    assert found["errors"] == []
    body = next(one for one in reversed(runtime.requests) if isinstance(one, SteerRollout))
    assert (body.application, body.action, body.actor, body.to_revision, body.reason) == (
        ApplicationKey("argosy", "cart"),
        "ROLLBACK",
        "writer",
        1,
        "too slow",
    )
    assert body.resource == ObjectRef("argoproj.io", "v1alpha1", "Rollout", "shop", "web")
    assert body.operation_id == found["operationId"]


async def test_an_action_that_makes_no_sense_is_an_error_with_the_reason(
    running: Running, runtime: FakeRuntime
) -> None:
    (error,) = (await running.query("writer", STEER, action="RETRY"))["outcome"]["errors"]
    assert error["code"] == "VALIDATION_ERROR"
    assert "it is not aborted" in error["message"]


async def test_who_may_not_push_steers_nothing(running: Running, runtime: FakeRuntime) -> None:
    (error,) = (await running.query("reader", STEER, action="PROMOTE"))["outcome"]["errors"]
    assert error["code"] == "FORBIDDEN_ERROR"
    assert not any(isinstance(one, SteerRollout) for one in runtime.requests)


async def test_a_rollout_is_followed_live(running: Running, runtime: FakeRuntime) -> None:
    async with running.subscribe("reader", FOLLOW) as events:
        assert (await events.next())["phase"] == "Paused"
        assert (await events.next())["phase"] == "Progressing"
