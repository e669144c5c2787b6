"""Lists: selectors, pages, tables, discovery."""

import time

import pytest

from tests.support.kubernetes_client import (
    METADATA,
    TABLE,
    KubernetesClient,
    config_map,
    deployment,
    widget,
)

_LABELS = {"one": {"team": "red", "tier": "1"}, "two": {"team": "blue", "tier": "2"}, "three": {"tier": "3"}}


def _fill(cluster: KubernetesClient) -> None:
    for name, labels in _LABELS.items():
        body = config_map(name)
        body["metadata"]["labels"] = labels | {"listed": "yes"}
        cluster.create(body)


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("team=red", ["one"]),
        ("team==red", ["one"]),
        ("team!=red,listed", ["three", "two"]),
        ("team", ["one", "two"]),
        ("!team,listed=yes", ["three"]),
        ("team in (red,blue)", ["one", "two"]),
        ("team notin (red),listed", ["three", "two"]),
        ("team in (red, blue),tier!=2", ["one"]),
        ("tier>1", ["three", "two"]),
    ],
)
def test_label_selectors(cluster: KubernetesClient, selector: str, names: list[str]) -> None:
    _fill(cluster)
    answer = cluster.list("ConfigMap", labelSelector=selector)
    assert [item["metadata"]["name"] for item in answer.body["items"]] == names


@pytest.mark.parametrize(
    ("selector", "names"), [("metadata.name=two", ["two"]), ("metadata.name!=two", ["one", "three"])]
)
def test_field_selectors(cluster: KubernetesClient, selector: str, names: list[str]) -> None:
    _fill(cluster)
    answer = cluster.list("ConfigMap", fieldSelector=selector, labelSelector="listed")
    assert [item["metadata"]["name"] for item in answer.body["items"]] == names


@pytest.mark.parametrize("query", [{"labelSelector": "a in b"}, {"fieldSelector": "data.a=1"}, {"limit": "many"}])
def test_senseless_queries_are_refused(cluster: KubernetesClient, query: dict[str, str]) -> None:
    answer = cluster.list("ConfigMap", **query)
    assert (answer.code, answer.body["reason"]) == (400, "BadRequest")


def test_a_revision_of_the_future_is_not_there_yet(cluster: KubernetesClient) -> None:
    answer = cluster.list("ConfigMap", resourceVersion="99999999")
    assert (answer.code, answer.body["reason"], answer.body["details"]["retryAfterSeconds"]) == (504, "Timeout", 1)
    assert answer.causes == [("", "ResourceVersionTooLarge")]


def test_a_list_names_its_kind_and_items_do_not(cluster: KubernetesClient) -> None:
    cluster.create(config_map("one"))
    cluster.create(widget(size=1))
    body = cluster.list("ConfigMap").body
    assert (body["kind"], body["apiVersion"]) == ("ConfigMapList", "v1")
    assert "kind" not in body["items"][0]
    custom = cluster.list("Widget").body
    assert (custom["kind"], custom["items"][0]["kind"]) == ("WidgetList", "Widget")


def test_pages_cover_the_list(cluster: KubernetesClient) -> None:
    _fill(cluster)
    first = cluster.list("ConfigMap", limit=2, labelSelector="listed").body
    second = cluster.list(
        "ConfigMap", limit=2, labelSelector="listed", **{"continue": first["metadata"]["continue"]}
    ).body
    names = [item["metadata"]["name"] for page in (first, second) for item in page["items"]]
    assert names == ["one", "three", "two"]
    assert "continue" not in second["metadata"]
    whole = cluster.list("ConfigMap", limit=1).body["metadata"]
    assert whole["remainingItemCount"] >= 2


def test_tables_have_the_columns_that_people_know(cluster: KubernetesClient) -> None:
    cluster.create(deployment(replicas=2))
    table = cluster.list("Deployment", accept=TABLE).body
    shown = [column["name"] for column in table["columnDefinitions"] if not column["priority"]]
    assert shown == ["Name", "Ready", "Up-to-date", "Available", "Age"]
    assert table["rows"][0]["cells"][:4] == ["web", "0/2", 0, 0]
    assert table["rows"][0]["cells"][5:] == ["main", "nginx:1.27", "app=web"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("Pod", ["Name", "Ready", "Status", "Restarts", "Age"]),
        ("Service", ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age"]),
        ("Job", ["Name", "Status", "Completions", "Duration", "Age"]),
        ("Ingress", ["Name", "Class", "Hosts", "Address", "Ports", "Age"]),
        ("Secret", ["Name", "Type", "Data", "Age"]),
        ("Widget", ["Name", "Size", "Age"]),
    ],
)
def test_columns_by_kind(cluster: KubernetesClient, kind: str, columns: list[str]) -> None:
    table = cluster.list(kind, accept=TABLE).body
    assert [column["name"] for column in table["columnDefinitions"] if not column["priority"]] == columns


def test_printer_columns_read_the_object(cluster: KubernetesClient) -> None:
    cluster.create(widget(size=3))
    row = cluster.get("Widget", "one", accept=TABLE).body["rows"][0]
    assert row["cells"][:3] == ["one", 3, "slow"]


def test_a_list_of_metadata(cluster: KubernetesClient) -> None:
    cluster.create(config_map("one", a="1"))
    body = cluster.list("ConfigMap", accept=METADATA.replace("Metadata;", "MetadataList;")).body
    assert body["kind"] == "PartialObjectMetadataList"
    assert body["items"][0].keys() == {"kind", "apiVersion", "metadata"} or body["items"][0].keys() == {"metadata"}


@pytest.mark.parametrize("path", ["/api", "/apis", "/api/v1", "/apis/apps", "/apis/apps/v1"])
def test_discovery_documents(cluster: KubernetesClient, path: str) -> None:
    kinds = {
        "/api": "APIVersions",
        "/apis": "APIGroupList",
        "/api/v1": "APIResourceList",
        "/apis/apps": "APIGroup",
        "/apis/apps/v1": "APIResourceList",
    }
    assert cluster.send("GET", path).body["kind"] == kinds[path]


def test_discovery_tells_verbs_and_short_names(cluster: KubernetesClient) -> None:
    resources = {item["name"]: item for item in cluster.send("GET", "/apis/apps/v1").body["resources"]}
    deployments = resources["deployments"]
    assert (deployments["kind"], deployments["namespaced"], deployments["shortNames"]) == (
        "Deployment",
        True,
        ["deploy"],
    )
    assert {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"} == set(
        deployments["verbs"]
    )
    assert resources["deployments/scale"]["group"] == "autoscaling"
    custom = cluster.send("GET", "/apis/contract.example.com/v1").body["resources"]
    assert {item["name"] for item in custom} == {"widgets", "widgets/status", "widgets/scale"}


def test_aggregated_discovery_holds_everything(cluster: KubernetesClient) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
    body = cluster.send("GET", "/apis", accept=accept).body
    assert (body["kind"], body["apiVersion"]) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2")
    groups = {item["metadata"]["name"]: item["versions"] for item in body["items"]}
    found = {item["resource"] for item in groups["contract.example.com"][0]["resources"]}
    assert found == {"widgets"}
    assert {"apps", "batch", "autoscaling", "networking.k8s.io", "policy", "rbac.authorization.k8s.io"} <= groups.keys()


def test_openapi_describes_kinds_and_write_parameters(cluster: KubernetesClient) -> None:
    index = _openapi_index(cluster)
    assert {"api/v1", "apis/apps/v1"} <= index.keys()
    document = cluster.http.get(index["apis/apps/v1"]["serverRelativeURL"]).json()
    schema = document["components"]["schemas"]["io.k8s.api.apps.v1.Deployment"]
    assert schema["x-kubernetes-group-version-kind"] == [{"group": "apps", "kind": "Deployment", "version": "v1"}]
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "fieldValidation" in {parameter["name"] for parameter in patch["parameters"]}


def _openapi_index(cluster: KubernetesClient) -> dict[str, dict[str, str]]:
    """With the custom kinds in it: a real server adds them some time after their definition was accepted."""
    for _ in range(600):
        index: dict[str, dict[str, str]] = cluster.http.get("/openapi/v3").json()["paths"]
        if "apis/contract.example.com/v1" in index:
            return index
        time.sleep(0.05)
    raise AssertionError("custom kinds are missing in the OpenAPI documents")


def test_openapi_says_which_patches_a_kind_takes(cluster: KubernetesClient) -> None:
    """`kubectl apply` reads there how to send its changes."""
    index = _openapi_index(cluster)
    taken: dict[str, bool] = {}
    for version, plural in (("apps/v1", "deployments"), ("contract.example.com/v1", "widgets")):
        document = cluster.http.get(index[f"apis/{version}"]["serverRelativeURL"]).json()
        patch = document["paths"][f"/apis/{version}/namespaces/{{namespace}}/{plural}/{{name}}"]["patch"]
        taken[plural] = "application/strategic-merge-patch+json" in patch["requestBody"]["content"]
    assert taken == {"deployments": True, "widgets": False}


def test_one_may_ask_what_one_may_do(cluster: KubernetesClient) -> None:
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "delete", "resource": "pods", "namespace": "default"}},
    }
    answer = cluster.send("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    assert (answer.code, answer.body["status"]["allowed"]) == (201, True)
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = cluster.send("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
    assert answer.body["status"]["userInfo"]["username"] == "admin"


def test_the_version_is_told(cluster: KubernetesClient) -> None:
    assert cluster.send("GET", "/version").body["major"] == "1"
