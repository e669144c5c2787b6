"""Deletion: at once, by finalizers, by grace, in collections."""

import pytest

from tests.support.kubernetes_client import KubernetesClient, config_map, deployment, widget


def _pod(name: str = "worker", *, node: str = "") -> dict[str, object]:
    spec: dict[str, object] = {"containers": [{"name": "main", "image": "busybox:1"}]}
    if node:
        spec["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def test_a_deletion_answers_who_went(cluster: KubernetesClient) -> None:
    live = cluster.create(deployment()).body
    answer = cluster.delete("Deployment", "web")
    assert (answer.code, answer.body["status"]) == (200, "Success")
    uid = live["metadata"]["uid"]
    assert answer.body["details"] == {"name": "web", "group": "apps", "kind": "deployments", "uid": uid}
    assert cluster.get("Deployment", "web").code == 404


def test_some_kinds_answer_the_object(cluster: KubernetesClient) -> None:
    cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}})
    assert cluster.delete("ServiceAccount", "robot").body["kind"] == "ServiceAccount"


def test_nothing_cannot_be_deleted(cluster: KubernetesClient) -> None:
    assert cluster.delete("ConfigMap", "none").code == 404


def test_a_finalizer_holds_an_object_back(cluster: KubernetesClient) -> None:
    body = config_map(a="1")
    body["metadata"]["finalizers"] = ["example.com/keep"]
    cluster.create(body)
    answer = cluster.delete("ConfigMap", "settings")
    assert answer.body["metadata"]["deletionTimestamp"]
    assert answer.body["metadata"]["deletionGracePeriodSeconds"] == 0
    assert cluster.delete("ConfigMap", "settings").body == answer.body
    more = {"metadata": {"finalizers": ["example.com/keep", "example.com/more"]}}
    refused = cluster.patch("ConfigMap", "settings", more)
    assert refused.code == 422
    assert ("metadata.finalizers", "FieldValueForbidden") in refused.causes
    assert cluster.patch("ConfigMap", "settings", {"data": {"a": "2"}}).code == 200
    assert cluster.patch("ConfigMap", "settings", {"metadata": {"finalizers": []}}).code == 200
    assert cluster.get("ConfigMap", "settings").code == 404


def test_a_deletion_of_a_held_workload_counts_a_generation(cluster: KubernetesClient) -> None:
    body = deployment()
    body["metadata"]["finalizers"] = ["example.com/keep"]
    cluster.create(body)
    assert cluster.delete("Deployment", "web").body["metadata"]["generation"] == 2
    custom = widget(size=1)
    custom["metadata"]["finalizers"] = ["example.com/keep"]
    cluster.create(custom)
    assert cluster.delete("Widget", "one").body["metadata"]["generation"] == 2


def test_a_pod_without_a_node_goes_at_once(cluster: KubernetesClient) -> None:
    cluster.create(_pod())  # type: ignore[arg-type]  # a JSON object
    answer = cluster.delete("Pod", "worker")
    assert (answer.body["kind"], answer.body["metadata"]["deletionGracePeriodSeconds"]) == ("Pod", 0)
    assert cluster.get("Pod", "worker").code == 404


def test_a_pod_on_a_node_has_its_grace(cluster: KubernetesClient) -> None:
    cluster.create(_pod(node="somewhere"))  # type: ignore[arg-type]  # a JSON object
    answer = cluster.delete("Pod", "worker")
    assert answer.body["metadata"]["deletionGracePeriodSeconds"] == 30
    assert cluster.get("Pod", "worker").code == 200
    answer = cluster.delete("Pod", "worker", gracePeriodSeconds=5)
    assert answer.body["metadata"]["deletionGracePeriodSeconds"] == 5
    cluster.delete("Pod", "worker", {"gracePeriodSeconds": 0})
    assert cluster.get("Pod", "worker").code == 404


def test_preconditions_are_kept(cluster: KubernetesClient) -> None:
    cluster.create(config_map())
    answer = cluster.delete("ConfigMap", "settings", {"preconditions": {"uid": "another"}})
    assert (answer.code, answer.body["reason"]) == (409, "Conflict")
    answer = cluster.delete("ConfigMap", "settings", {"preconditions": {"resourceVersion": "1"}})
    assert (answer.code, answer.body["reason"]) == (409, "Conflict")
    assert cluster.get("ConfigMap", "settings").code == 200


@pytest.mark.parametrize(("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
def test_propagation_is_a_finalizer(cluster: KubernetesClient, policy: str, finalizer: str) -> None:
    cluster.create(deployment())
    answer = cluster.delete("Deployment", "web", {"propagationPolicy": policy})
    assert answer.body["metadata"]["finalizers"] == [finalizer]


def test_jobs_leave_their_pods_unless_told_otherwise(cluster: KubernetesClient) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox:1"}]}}
    cluster.create(
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": {"template": template}}
    )
    answer = cluster.delete("Job", "once")
    assert answer.body["metadata"]["finalizers"] == ["orphan"]
    assert "child pods are preserved by default" in answer.warnings[0]


def test_a_dry_run_deletes_nothing(cluster: KubernetesClient) -> None:
    cluster.create(config_map())
    assert cluster.delete("ConfigMap", "settings", dryRun="All").code == 200
    assert cluster.get("ConfigMap", "settings").code == 200


def test_a_collection_is_deleted_by_labels(cluster: KubernetesClient) -> None:
    for name, team in (("one", "red"), ("two", "red"), ("three", "blue")):
        body = config_map(name)
        body["metadata"]["labels"] = {"team": team}
        cluster.create(body)
    answer = cluster.send("DELETE", cluster.path("ConfigMap"), labelSelector="team=red")
    assert answer.code == 200
    names = [item["metadata"]["name"] for item in cluster.list("ConfigMap", labelSelector="team").body["items"]]
    assert names == ["three"]


def test_a_dying_namespace_takes_nothing_new(cluster: KubernetesClient) -> None:
    held = config_map("held")
    held["metadata"]["finalizers"] = ["example.com/keep"]
    cluster.create(held)
    answer = cluster.send("DELETE", f"/api/v1/namespaces/{cluster.namespace}")
    assert (answer.body["status"]["phase"], answer.code) == ("Terminating", 200)
    answer = cluster.create(config_map())
    assert (answer.code, answer.body["reason"]) == (403, "Forbidden")
    assert answer.causes == [("metadata.namespace", "NamespaceTerminating")]
