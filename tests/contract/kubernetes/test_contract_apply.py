"""Server-side apply: owners of fields, conflicts, and what goes when nobody wants it any more."""

import json
from pathlib import Path
from typing import Any

from gitsync.manifest.yaml_text import yaml_text
from tests.support.kubernetes_client import APPLY, KubernetesClient, config_map, deployment, owners, widget

SCALARS = Path(__file__).parents[2] / "web/scripts/scalars.json"


def test_an_apply_creates_and_owns_what_it_says(cluster: KubernetesClient) -> None:
    answer = cluster.apply(deployment(replicas=2))
    container = {
        ".": {},
        "f:image": {},
        "f:name": {},
        "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
    }
    assert answer.code == 201
    assert owners(answer.body) == {
        ("first", "Apply", ""): {
            "f:spec": {
                "f:replicas": {},
                "f:selector": {},
                "f:template": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {"f:containers": {'k:{"name":"main"}': container}},
                },
            }
        }
    }


def test_a_create_owns_defaults_too(cluster: KubernetesClient) -> None:
    fields = owners(cluster.create(deployment()).body)["contract", "Update", ""]["f:spec"]
    assert {"f:progressDeadlineSeconds", "f:revisionHistoryLimit", "f:strategy", "f:replicas"} <= fields.keys()
    assert fields["f:strategy"] == {
        "f:rollingUpdate": {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}},
        "f:type": {},
    }


def test_the_same_apply_again_changes_nothing(cluster: KubernetesClient) -> None:
    first = cluster.apply(deployment()).body
    assert cluster.apply(deployment()).body == first


def test_equal_amounts_in_other_words_change_nothing(cluster: KubernetesClient) -> None:
    body = deployment()
    body["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1000m", "memory": "1024Mi"}}
    first = cluster.apply(body).body
    limits = first["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert limits == {"cpu": "1", "memory": "1Gi"}
    assert cluster.apply(body).body["metadata"]["generation"] == 1


def test_another_value_is_a_conflict_that_names_field_and_manager(cluster: KubernetesClient) -> None:
    cluster.apply(config_map(a="1", b="1"))
    answer = cluster.apply(config_map(a="2"), "second")
    assert (answer.code, answer.body["reason"]) == (409, "Conflict")
    assert answer.body["message"] == 'Apply failed with 1 conflict: conflict with "first": .data.a'
    assert answer.body["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "first"', "field": ".data.a"}
    ]


def test_conflicts_are_listed_by_manager(cluster: KubernetesClient) -> None:
    cluster.apply(config_map(a="1"))
    cluster.patch("ConfigMap", "settings", {"data": {"b": "1", "c": "1"}})
    answer = cluster.apply(config_map(a="2", b="2", c="2"), "second")
    assert answer.code == 409
    assert answer.body["message"] == (
        'Apply failed with 3 conflicts: conflicts with "contract" using v1:\n- .data.b\n- .data.c\n'
        'conflicts with "first":\n- .data.a'
    )


def test_force_takes_the_field(cluster: KubernetesClient) -> None:
    cluster.apply(config_map(a="1", b="1"))
    answer = cluster.apply(config_map(a="2"), "second", force="true")
    assert answer.body["data"] == {"a": "2", "b": "1"}
    assert owners(answer.body) == {
        ("first", "Apply", ""): {"f:data": {"f:b": {}}},
        ("second", "Apply", ""): {"f:data": {"f:a": {}}},
    }


def test_the_same_value_is_shared(cluster: KubernetesClient) -> None:
    cluster.apply(config_map(a="1"))
    answer = cluster.apply(config_map(a="1"), "second")
    assert answer.code == 200
    assert owners(answer.body).keys() == {("first", "Apply", ""), ("second", "Apply", "")}
    answer = cluster.apply(config_map(), "first")
    assert answer.body["data"] == {"a": "1"}
    assert owners(answer.body).keys() == {("second", "Apply", "")}
    assert "data" not in cluster.apply(config_map(), "second").body


def test_what_an_apply_no_longer_says_goes(cluster: KubernetesClient) -> None:
    cluster.apply(config_map(a="1", b="1"))
    answer = cluster.apply(config_map(b="1"))
    assert answer.body["data"] == {"b": "1"}


def test_a_removed_field_gets_its_default_back(cluster: KubernetesClient) -> None:
    cluster.apply(deployment(replicas=3))
    assert cluster.apply(deployment()).body["spec"]["replicas"] == 1


def test_a_value_that_somebody_changed_leaves_the_applier(cluster: KubernetesClient) -> None:
    cluster.apply(deployment(replicas=3))
    live = cluster.patch("Deployment", "web", {"spec": {"replicas": 5}}).body
    assert "f:replicas" not in owners(live)["first", "Apply", ""]["f:spec"]
    assert owners(live)["contract", "Update", ""] == {"f:spec": {"f:replicas": {}}}
    kept = cluster.apply(deployment()).body
    assert kept["spec"]["replicas"] == 5


def test_a_container_goes_with_its_defaults(cluster: KubernetesClient) -> None:
    body = deployment()
    containers: list[Any] = body["spec"]["template"]["spec"]["containers"]
    containers.append({"name": "side", "image": "busybox:1"})
    cluster.apply(body)
    live = cluster.apply(deployment()).body
    assert [item["name"] for item in live["spec"]["template"]["spec"]["containers"]] == ["main"]


def test_items_of_two_managers_live_side_by_side(cluster: KubernetesClient) -> None:
    cluster.apply(widget(size=1, parts=[{"name": "a", "value": "1"}, {"name": "b"}]))
    live = cluster.apply(widget(size=1, parts=[{"name": "c"}, {"name": "b"}]), "second").body
    assert [part["name"] for part in live["spec"]["parts"]] == ["a", "c", "b"]
    live = cluster.apply(widget(size=1, parts=[]), "first").body
    assert [part["name"] for part in live["spec"]["parts"]] == ["c", "b"]
    assert owners(live)["first", "Apply", ""] == {"f:spec": {"f:size": {}}}


def test_sets_merge_by_value(cluster: KubernetesClient) -> None:
    cluster.apply(widget(size=1, tags=["x", "y"]))
    live = cluster.apply(widget(size=1, tags=["z", "y"]), "second").body
    assert sorted(live["spec"]["tags"]) == ["x", "y", "z"]
    assert owners(live)["second", "Apply", ""]["f:spec"]["f:tags"] == {'v:"y"': {}, 'v:"z"': {}}
    live = cluster.apply(widget(size=1), "second").body
    assert live["spec"]["tags"] == ["x", "y"]


def test_atomic_values_are_owned_as_a_whole(cluster: KubernetesClient) -> None:
    live = cluster.apply(widget(size=1, plain=["a"], frozen={"a": "1"})).body
    assert owners(live)["first", "Apply", ""] == {"f:spec": {"f:frozen": {}, "f:plain": {}, "f:size": {}}}
    answer = cluster.apply(widget(size=1, plain=["b"], frozen={"b": "1"}), "second")
    assert [field for field, _ in answer.causes] == [".spec.frozen", ".spec.plain"]
    live = cluster.apply(widget(size=1, plain=["b"], frozen={"b": "1"}), "second", force="true").body
    assert (live["spec"]["plain"], live["spec"]["frozen"]) == (["b"], {"b": "1"})


def test_open_objects_merge_by_field(cluster: KubernetesClient) -> None:
    cluster.apply(widget(size=1, open={"a": {"x": 1}, "list": [1]}))
    live = cluster.apply(widget(size=1, open={"a": {"y": 2}}), "second").body
    assert live["spec"]["open"] == {"a": {"x": 1, "y": 2}, "list": [1]}
    assert owners(live)["second", "Apply", ""]["f:spec"]["f:open"] == {"f:a": {".": {}, "f:y": {}}}


def test_labels_and_finalizers_have_owners(cluster: KubernetesClient) -> None:
    body = config_map()
    body["metadata"] |= {"labels": {"a": "1"}, "annotations": {"x/y": "z"}, "finalizers": ["example.com/keep"]}
    live = cluster.apply(body).body
    assert owners(live)["first", "Apply", ""] == {
        "f:metadata": {
            "f:annotations": {"f:x/y": {}},
            "f:finalizers": {'v:"example.com/keep"': {}},
            "f:labels": {"f:a": {}},
        }
    }
    cluster.patch("ConfigMap", "settings", {"metadata": {"finalizers": None}})


def test_status_is_applied_through_its_subresource(cluster: KubernetesClient) -> None:
    cluster.apply(deployment())
    body = deployment() | {"status": {"replicas": 4}}
    del body["spec"]
    live = cluster.apply(body, "second", subresource="status").body
    assert live["status"]["replicas"] == 4
    assert owners(live)["second", "Apply", "status"] == {"f:status": {"f:replicas": {}}}


def test_a_field_that_does_not_exist_is_an_error(cluster: KubernetesClient) -> None:
    answer = cluster.apply(deployment(replicaz=3))
    assert answer.code == 500
    assert answer.body["message"].endswith(": .spec.replicaz: field not declared in schema")
    answer = cluster.apply(widget(size=1, other=1))
    assert answer.body["message"].endswith(": .spec.other: field not declared in schema")


def test_a_value_of_another_type_is_an_error(cluster: KubernetesClient) -> None:
    answer = cluster.apply(deployment(replicas="three"))
    assert answer.body["message"].endswith(": .spec.replicas: expected numeric (int or float), got string")


def test_an_item_given_twice_is_an_error(cluster: KubernetesClient) -> None:
    answer = cluster.apply(widget(size=1, tags=["a", "a"]))
    assert answer.body["message"].endswith(': .spec.tags: duplicate entries for key [="a"]')


def test_an_apply_needs_a_manager(cluster: KubernetesClient) -> None:
    answer = cluster.apply(config_map(), "")
    assert (answer.code, answer.causes) == (422, [("fieldManager", "FieldValueRequired")])


def test_an_apply_must_not_bring_managed_fields(cluster: KubernetesClient) -> None:
    live = cluster.apply(config_map(a="1")).body
    answer = cluster.apply(live)
    assert (answer.code, answer.body["message"]) == (400, "metadata.managedFields must be nil")


def test_a_dry_run_of_an_apply_predicts(cluster: KubernetesClient) -> None:
    cluster.apply(config_map(a="1"))
    answer = cluster.apply(config_map(a="2"), dryRun="All")
    assert answer.body["data"] == {"a": "2"}
    assert cluster.get("ConfigMap", "settings").body["data"] == {"a": "1"}
    assert cluster.apply(deployment(), dryRun="All").code == 201
    assert cluster.get("Deployment", "web").code == 404


def test_emptied_owners_are_found_again_at_the_next_apply(cluster: KubernetesClient) -> None:
    cluster.create(config_map(a="1"))
    live = cluster.patch("ConfigMap", "settings", {"metadata": {"managedFields": [{}]}}).body
    assert "managedFields" not in live["metadata"]
    live = cluster.patch("ConfigMap", "settings", {"data": {"b": "1"}}).body
    assert "managedFields" not in live["metadata"]
    live = cluster.apply(config_map(a="1")).body
    assert owners(live).keys() == {("before-first-apply", "Update", ""), ("first", "Apply", "")}


def test_a_service_keeps_what_the_server_gave_it(cluster: KubernetesClient) -> None:
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    body["spec"] = {"selector": {"app": "web"}, "ports": [{"port": 80}], "type": "NodePort"}
    first = cluster.apply(body).body["spec"]
    body["spec"]["ports"] = [{"port": 80, "targetPort": 8080}]
    second = cluster.apply(body).body["spec"]
    assert second["clusterIP"] == first["clusterIP"]
    assert second["ports"][0]["nodePort"] == first["ports"][0]["nodePort"]


def test_names_in_yaml_that_we_write_are_text_to_the_server(cluster: KubernetesClient) -> None:
    names = [name for some in json.loads(SCALARS.read_text()).values() for name in some]
    body = config_map(**{f"k{number}": name for number, name in enumerate(names)})
    answer = cluster.patch("ConfigMap", "settings", yaml_text(body).encode(), APPLY, fieldManager="first")
    assert answer.code == 201, answer.body
    assert cluster.get("ConfigMap", "settings").body["data"] == body["data"]
