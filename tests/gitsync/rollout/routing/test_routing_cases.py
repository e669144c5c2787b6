"""Routers on cases: what the Rollout says and the objects at hand give these writes and these events."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gitsync.manifest.merge_patch import apply_merge_patch
from gitsync.rollout.routing.route import needed, route, splits_experiments
from gitsync.rollout.values import RoutingFailed, RoutingRequest
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.rollout import WeightDestination
from tests.support.yaml_text import read_yaml

CASES = {
    f"{path.stem}: {case['name']}": case
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for case in read_yaml(path.read_text())
}
UID = "11111111-0000-0000-0000-000000000000"


def rollout_of(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "shop", "namespace": "team", "uid": UID},
        "spec": {"strategy": {"canary": {"trafficRouting": case["trafficRouting"]}}},
    }


def request_of(case: dict[str, Any]) -> RoutingRequest:
    asked = case["request"]
    return RoutingRequest(
        rollout=rollout_of(case),
        canary_hash=asked.get("canaryHash", "new"),
        stable_hash=asked.get("stableHash", "old"),
        canary_service=asked.get("canaryService", "shop-canary"),
        stable_service=asked.get("stableService", "shop-stable"),
        desired_weight=asked.get("weight"),
        max_weight=asked.get("total", 100),
        additional=msgspec.convert(asked.get("additional", ()), tuple[WeightDestination, ...]),
        header_route=asked.get("headerRoute"),
        mirror_route=asked.get("mirrorRoute"),
        remove_managed=asked.get("removeManaged", False),
    )


def key_of(body: dict[str, Any]) -> ResourceKey:
    gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
    return ResourceKey(gvk.group, gvk.kind, body["metadata"].get("namespace", "team"), body["metadata"]["name"])


def live_of(case: dict[str, Any]) -> dict[ResourceKey, dict[str, Any]]:
    bodies = [
        {**body, "metadata": {"namespace": "team", "resourceVersion": "7", **body["metadata"]}}
        for body in case.get("objects", ())
    ]
    return {key_of(body): body for body in bodies}


@pytest.mark.parametrize("name", CASES)
def test_router_writes_what_the_case_says(name: str) -> None:
    case = CASES[name]
    live = live_of(case)
    if "error" in case:
        with pytest.raises(RoutingFailed, match=case["error"]):
            route(request_of(case), live)
        return
    routed = route(request_of(case), live)
    expected = case.get("expected", {})
    assert [_trimmed(body) for body in routed.creates] == expected.get("creates", [])
    assert [{"name": patch.target.name, **_bare(patch.body)} for patch in routed.patches] == expected.get("patches", [])
    assert [delete.target.name for delete in routed.deletes] == expected.get("deletes", [])
    assert [f"{event.reason}: {event.message}" for event in routed.events] == expected.get("events", [])


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "error" not in case])
def test_routing_again_after_the_writes_changes_nothing(name: str) -> None:
    case = CASES[name]
    live = live_of(case)
    routed = route(request_of(case), live)
    for body in routed.creates:
        live[key_of(body)] = body
    for patch in routed.patches:
        assert isinstance(patch.body, dict)
        live[patch.target] = apply_merge_patch(live[patch.target], patch.body)
    for delete in routed.deletes:
        del live[delete.target]
    again = route(request_of(case), live)
    assert (again.creates, again.patches, again.deletes, again.events) == ((), (), (), ())


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "error" not in case])
def test_everything_that_is_written_was_asked_for_first(name: str) -> None:
    case = CASES[name]
    wanted = needed(rollout_of(case))
    named = {(one.gvk.kind, one.name) for one in wanted}
    selected = {one.gvk.kind for one in wanted if not one.name}
    routed = route(request_of(case), live_of(case))
    written = [(patch.target.kind, patch.target.name) for patch in routed.patches]
    written += [(body["kind"], body["metadata"]["name"]) for body in routed.creates]
    written += [(delete.target.kind, delete.target.name) for delete in routed.deletes]
    assert all(one in named or one[0] in selected for one in written)


def test_experiments_get_a_share_only_where_all_routers_can_give_one() -> None:
    def of(routing: dict[str, Any]) -> bool:
        return splits_experiments(rollout_of({"trafficRouting": routing}))

    assert of({"smi": {}})
    assert of({"alb": {}, "istio": {}})
    assert not of({"nginx": {}})
    assert not of({"nginx": {}, "smi": {}})
    assert not of({})


def _bare(patch: Any) -> dict[str, Any]:
    """Without the resourceVersion; that it is there is checked in a test of its own."""
    metadata = {key: value for key, value in patch.get("metadata", {}).items() if key != "resourceVersion"}
    rest = {key: value for key, value in patch.items() if key != "metadata"}
    return {**rest, "metadata": metadata} if metadata else rest


def _trimmed(body: dict[str, Any]) -> dict[str, Any]:
    """Owners are the same in each case: the Rollout."""
    owners = body["metadata"].pop("ownerReferences")
    assert owners == [
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "name": "shop",
            "uid": UID,
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
    return body


def test_patches_of_lists_fail_when_somebody_else_wrote_in_between() -> None:
    case = next(case for name, case in CASES.items() if name.startswith("traefik: ") and "error" not in case)
    (patch,) = route(request_of(case), live_of(case)).patches
    assert isinstance(patch.body, dict)
    assert patch.body["metadata"] == {"resourceVersion": "7"}
