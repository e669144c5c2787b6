"""Create, read, replace: the same on the sandbox and on a real API server."""

import pytest

from tests.support.kubernetes_client import METADATA, KubernetesClient, config_map, deployment, owners


def test_a_created_object_has_identity_and_no_generation_for_kinds_without_spec(cluster: KubernetesClient) -> None:
    answer = cluster.create(config_map(a="1"))
    metadata = answer.body["metadata"]
    assert answer.code == 201
    assert metadata["uid"]
    assert metadata["resourceVersion"]
    assert metadata["creationTimestamp"].endswith("Z")
    assert metadata["namespace"] == cluster.namespace
    assert "generation" not in metadata
    assert owners(answer.body) == {("contract", "Update", ""): {"f:data": {".": {}, "f:a": {}}}}


def test_a_name_is_taken_once(cluster: KubernetesClient) -> None:
    cluster.create(config_map())
    answer = cluster.create(config_map())
    assert (answer.code, answer.body["reason"]) == (409, "AlreadyExists")
    assert answer.body["message"] == 'configmaps "settings" already exists'
    assert answer.body["details"] == {"name": "settings", "kind": "configmaps"}


def test_a_missing_object_is_not_found(cluster: KubernetesClient) -> None:
    answer = cluster.get("Deployment", "none")
    assert (answer.code, answer.body["reason"]) == (404, "NotFound")
    assert answer.body["message"] == 'deployments.apps "none" not found'
    assert answer.body["details"] == {"name": "none", "group": "apps", "kind": "deployments"}


def test_an_unknown_kind_is_not_found(cluster: KubernetesClient) -> None:
    answer = cluster.send("GET", f"/api/v1/namespaces/{cluster.namespace}/nothings")
    assert (answer.code, answer.body["reason"]) == (404, "NotFound")
    assert answer.body["message"] == "the server could not find the requested resource"


def test_a_namespace_must_exist(cluster: KubernetesClient) -> None:
    answer = cluster.send("POST", "/api/v1/namespaces/nowhere/configmaps", config_map())
    assert (answer.code, answer.body["reason"]) == (404, "NotFound")
    assert answer.body["details"] == {"name": "nowhere", "kind": "namespaces"}


def test_a_generated_name_begins_as_asked(cluster: KubernetesClient) -> None:
    body = config_map() | {"metadata": {"generateName": "piece-"}}
    first, second = cluster.create(body).body["metadata"]["name"], cluster.create(body).body["metadata"]["name"]
    assert first.startswith("piece-")
    assert len(first) == len("piece-") + 5
    assert first != second


def test_generation_counts_changes_of_the_spec_only(cluster: KubernetesClient) -> None:
    live = cluster.create(deployment()).body
    assert live["metadata"]["generation"] == 1
    live["metadata"]["labels"] = {"a": "b"}
    live = cluster.replace(live).body
    assert live["metadata"]["generation"] == 1
    live["spec"]["replicas"] = 3
    assert cluster.replace(live).body["metadata"]["generation"] == 2


def test_a_replace_without_change_keeps_the_resource_version(cluster: KubernetesClient) -> None:
    live = cluster.create(deployment()).body
    assert cluster.replace(live).body["metadata"]["resourceVersion"] == live["metadata"]["resourceVersion"]


def test_a_stale_replace_is_a_conflict(cluster: KubernetesClient) -> None:
    stale = cluster.create(config_map(a="1")).body
    cluster.patch("ConfigMap", "settings", {"data": {"a": "2"}})
    answer = cluster.replace(stale | {"data": {"a": "3"}})
    assert (answer.code, answer.body["reason"]) == (409, "Conflict")
    assert answer.body["message"].startswith(
        'Operation cannot be fulfilled on configmaps "settings": the object has been'
    )


def test_a_replace_without_resource_version_wins(cluster: KubernetesClient) -> None:
    cluster.create(config_map(a="1"))
    answer = cluster.replace(config_map(b="2"))
    assert (answer.code, answer.body["data"]) == (200, {"b": "2"})


def test_a_replace_of_nothing_is_not_found(cluster: KubernetesClient) -> None:
    assert cluster.replace(deployment()).code == 404


def test_a_replace_keeps_identity(cluster: KubernetesClient) -> None:
    live = cluster.create(config_map(a="1")).body
    changed = cluster.replace(config_map(b="2")).body
    for field in ("uid", "creationTimestamp"):
        assert changed["metadata"][field] == live["metadata"][field]


def test_another_uid_is_a_conflict(cluster: KubernetesClient) -> None:
    live = cluster.create(config_map(a="1")).body
    live["metadata"]["uid"] = "11111111-2222-3333-4444-555555555555"
    del live["metadata"]["resourceVersion"]
    assert (cluster.replace(live).code, cluster.replace(live).body["reason"]) == (409, "Conflict")


def test_status_is_written_through_its_subresource_only(cluster: KubernetesClient) -> None:
    live = cluster.create(deployment() | {"status": {"replicas": 9}}).body
    assert live["status"] == {}
    live["status"] = {"replicas": 2, "observedGeneration": 1}
    live["spec"]["replicas"] = 7
    answer = cluster.replace(live, "status")
    assert answer.body["status"] == {"replicas": 2, "observedGeneration": 1}
    assert answer.body["spec"]["replicas"] == 1
    assert owners(answer.body)["contract", "Update", "status"] == {
        "f:status": {"f:observedGeneration": {}, "f:replicas": {}}
    }
    live = cluster.get("Deployment", "web").body
    kept = cluster.replace(live | {"status": {}}).body
    assert kept["status"] == {"replicas": 2, "observedGeneration": 1}


def test_scale_reads_and_writes_replicas(cluster: KubernetesClient) -> None:
    cluster.create(deployment(replicas=3))
    path = cluster.path("Deployment", "web", "scale")
    scale = cluster.send("GET", path).body
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert (scale["spec"], scale["status"]) == ({"replicas": 3}, {"replicas": 0, "selector": "app=web"})
    answer = cluster.patch("Deployment", "web", {"spec": {"replicas": 5}}, subresource="scale")
    assert (answer.code, answer.body["spec"]) == (200, {"replicas": 5})
    live = cluster.get("Deployment", "web").body
    assert live["spec"]["replicas"] == 5
    assert owners(live)["contract", "Update", "scale"] == {"f:spec": {"f:replicas": {}}}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_dry_run_answers_and_changes_nothing(cluster: KubernetesClient, method: str) -> None:
    if method == "POST":
        assert cluster.create(config_map(a="1"), dryRun="All").code == 201
        assert cluster.get("ConfigMap", "settings").code == 404
        return
    before = cluster.create(config_map(a="1")).body
    if method == "PUT":
        answer = cluster.replace(config_map(a="2"), dryRun="All")
    else:
        answer = cluster.patch("ConfigMap", "settings", {"data": {"a": "2"}}, dryRun="All")
    assert (answer.code, answer.body["data"]) == (200, {"a": "2"})
    assert cluster.get("ConfigMap", "settings").body == before


def test_an_unknown_dry_run_is_refused(cluster: KubernetesClient) -> None:
    answer = cluster.create(config_map(), dryRun="Some")
    assert (answer.code, answer.causes) == (422, [("dryRun", "FieldValueNotSupported")])


def test_methods_that_make_no_sense_are_refused(cluster: KubernetesClient) -> None:
    answer = cluster.send("PATCH", cluster.path("ConfigMap"), {})
    assert (answer.code, answer.body["reason"]) == (405, "MethodNotAllowed")
    answer = cluster.send("POST", cluster.path("ConfigMap", "x"), {})
    assert (answer.code, answer.body["reason"]) == (405, "MethodNotAllowed")


def test_without_a_token_nothing_is_told(cluster: KubernetesClient) -> None:
    cluster.http.headers["Authorization"] = "Bearer wrong"
    answer = cluster.list("ConfigMap")
    assert (answer.code, answer.body["reason"], answer.body["message"]) == (401, "Unauthorized", "Unauthorized")


def test_health_is_told_to_everybody(cluster: KubernetesClient) -> None:
    assert (cluster.send("GET", "/readyz").code, cluster.send("GET", "/readyz").body) == (200, "ok")


def test_metadata_alone_can_be_asked_for(cluster: KubernetesClient) -> None:
    live = cluster.create(config_map(a="1")).body
    partial = cluster.get("ConfigMap", "settings", accept=METADATA).body
    assert partial == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": live["metadata"],
    }
