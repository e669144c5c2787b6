"""JSON patch, merge patch, strategic merge patch."""

from typing import Any

import pytest

from tests.support.kubernetes_client import (
    JSON_PATCH,
    STRATEGIC,
    KubernetesClient,
    config_map,
    deployment,
    widget,
)


def test_a_merge_patch_sets_and_removes(cluster: KubernetesClient) -> None:
    cluster.create(config_map(a="1", b="1"))
    answer = cluster.patch("ConfigMap", "settings", {"data": {"a": None, "c": "3"}})
    assert (answer.code, answer.body["data"]) == (200, {"b": "1", "c": "3"})


def test_a_merge_patch_replaces_lists(cluster: KubernetesClient) -> None:
    cluster.create(deployment())
    containers = [{"name": "other", "image": "busybox:1"}]
    body = {"spec": {"template": {"spec": {"containers": containers}}}}
    live = cluster.patch("Deployment", "web", body).body
    assert [item["name"] for item in live["spec"]["template"]["spec"]["containers"]] == ["other"]


def test_a_patch_without_change_keeps_the_resource_version(cluster: KubernetesClient) -> None:
    live = cluster.create(config_map(a="1")).body
    assert cluster.patch("ConfigMap", "settings", {"data": {"a": "1"}}).body == live


def test_a_patch_with_a_stale_resource_version_is_a_conflict(cluster: KubernetesClient) -> None:
    stale = cluster.create(config_map(a="1")).body["metadata"]["resourceVersion"]
    cluster.patch("ConfigMap", "settings", {"data": {"a": "2"}})
    body = {"metadata": {"resourceVersion": stale}, "data": {"a": "3"}}
    answer = cluster.patch("ConfigMap", "settings", body)
    assert (answer.code, answer.body["reason"]) == (409, "Conflict")


def test_a_patch_of_nothing_is_not_found(cluster: KubernetesClient) -> None:
    assert cluster.patch("ConfigMap", "none", {}).code == 404


JSON_PATCHES: list[tuple[str, list[dict[str, Any]], dict[str, str] | int]] = [
    ("add", [{"op": "add", "path": "/data/c", "value": "3"}], {"a": "1", "b": "2", "c": "3"}),
    ("replace", [{"op": "replace", "path": "/data/a", "value": "9"}], {"a": "9", "b": "2"}),
    ("remove", [{"op": "remove", "path": "/data/a"}], {"b": "2"}),
    ("move", [{"op": "move", "from": "/data/a", "path": "/data/z"}], {"b": "2", "z": "1"}),
    ("copy", [{"op": "copy", "from": "/data/a", "path": "/data/z"}], {"a": "1", "b": "2", "z": "1"}),
    ("tested", [{"op": "test", "path": "/data/a", "value": "1"}, {"op": "remove", "path": "/data/a"}], {"b": "2"}),
    ("escaped", [{"op": "add", "path": "/data/x~0y", "value": "1"}], 422),
    ("test fails", [{"op": "test", "path": "/data/a", "value": "7"}], 422),
    ("nothing to remove", [{"op": "remove", "path": "/data/none"}], 422),
    ("no way", [{"op": "add", "path": "/nothing/there", "value": "1"}], 422),
]


@pytest.mark.parametrize(
    ("operations", "expected"), [case[1:] for case in JSON_PATCHES], ids=[c[0] for c in JSON_PATCHES]
)
def test_json_patch(
    cluster: KubernetesClient, operations: list[dict[str, Any]], expected: dict[str, str] | int
) -> None:
    cluster.create(config_map(a="1", b="2"))
    answer = cluster.patch("ConfigMap", "settings", operations, JSON_PATCH)
    if isinstance(expected, int):
        assert (answer.code, answer.body["reason"]) == (expected, "Invalid")
    else:
        assert answer.body["data"] == expected


def _containers(cluster: KubernetesClient, patch: dict[str, Any]) -> list[dict[str, Any]]:
    body = {"spec": {"template": {"spec": patch}}}
    answer = cluster.patch("Deployment", "web", body, STRATEGIC)
    assert answer.code == 200, answer.body
    found: list[dict[str, Any]] = answer.body["spec"]["template"]["spec"]["containers"]
    return found


def test_a_strategic_patch_merges_containers_by_name(cluster: KubernetesClient) -> None:
    cluster.create(deployment())
    found = _containers(
        cluster, {"containers": [{"name": "main", "image": "nginx:2"}, {"name": "side", "image": "a:1"}]}
    )
    assert sorted((item["name"], item["image"]) for item in found) == [("main", "nginx:2"), ("side", "a:1")]
    assert found[[item["name"] for item in found].index("main")]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]


def test_a_strategic_patch_deletes_by_directive(cluster: KubernetesClient) -> None:
    cluster.create(deployment())
    _containers(cluster, {"containers": [{"name": "side", "image": "a:1"}]})
    found = _containers(cluster, {"containers": [{"name": "main", "$patch": "delete"}]})
    assert [item["name"] for item in found] == ["side"]


def test_a_strategic_patch_replaces_by_directive(cluster: KubernetesClient) -> None:
    cluster.create(deployment())
    found = _containers(cluster, {"containers": [{"name": "new", "image": "a:1"}, {"$patch": "replace"}]})
    assert [item["name"] for item in found] == ["new"]


def test_a_strategic_patch_orders_by_directive(cluster: KubernetesClient) -> None:
    cluster.create(deployment())
    _containers(cluster, {"containers": [{"name": "side", "image": "a:1"}]})
    for order in (["main", "side"], ["side", "main"]):
        wanted = [{"name": name} for name in order]
        found = _containers(cluster, {"$setElementOrder/containers": wanted, "containers": wanted})
        assert [item["name"] for item in found] == order


def test_a_strategic_patch_keeps_only_retained_keys(cluster: KubernetesClient) -> None:
    cluster.create(deployment())
    body = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    answer = cluster.patch("Deployment", "web", body, STRATEGIC)
    assert answer.body["spec"]["strategy"] == {"type": "Recreate"}


def test_a_strategic_patch_deletes_from_a_list_of_values(cluster: KubernetesClient) -> None:
    body = config_map()
    body["metadata"]["finalizers"] = ["example.com/a", "example.com/b"]
    cluster.create(body)
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a"]}}
    live = cluster.patch("ConfigMap", "settings", patch, STRATEGIC).body
    assert live["metadata"]["finalizers"] == ["example.com/b"]
    cluster.patch("ConfigMap", "settings", {"metadata": {"finalizers": None}})


def test_custom_resources_take_no_strategic_patch(cluster: KubernetesClient) -> None:
    cluster.create(widget(size=1))
    answer = cluster.patch("Widget", "one", {"spec": {"size": 2}}, STRATEGIC)
    assert (answer.code, answer.body["reason"]) == (415, "UnsupportedMediaType")


def test_an_unknown_patch_type_is_refused(cluster: KubernetesClient) -> None:
    cluster.create(config_map())
    answer = cluster.patch("ConfigMap", "settings", {}, "application/unknown-patch")
    assert (answer.code, answer.body["reason"]) == (415, "UnsupportedMediaType")


def test_a_patch_to_a_wrong_type_is_invalid(cluster: KubernetesClient) -> None:
    cluster.create(deployment())
    answer = cluster.patch("Deployment", "web", {"spec": {"replicas": "many"}})
    assert (answer.code, answer.body["reason"]) == (422, "Invalid")


def test_a_patch_cannot_rename(cluster: KubernetesClient) -> None:
    cluster.create(config_map())
    answer = cluster.patch("ConfigMap", "settings", {"metadata": {"name": "other"}})
    assert (answer.code, answer.body["reason"]) == (400, "BadRequest")
