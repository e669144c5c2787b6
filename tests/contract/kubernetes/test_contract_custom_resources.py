"""Custom resources: defaults, pruning, generations, subresources, and the life of a definition."""

from itertools import islice
from typing import Any

from tests.support.kubernetes_client import KubernetesClient, owners, widget

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def test_defaults_come_from_the_definition(cluster: KubernetesClient) -> None:
    spec = cluster.create(widget(size=1, parts=[{"name": "a"}])).body["spec"]
    assert spec == {"size": 1, "replicas": 2, "mode": "slow", "parts": [{"name": "a", "weight": 1}]}


def test_null_counts_as_absent_where_it_is_not_allowed(cluster: KubernetesClient) -> None:
    spec = cluster.create(widget(size=1, mode=None, note=None)).body["spec"]
    assert (spec["mode"], spec["note"]) == ("slow", None)


def test_open_objects_keep_everything(cluster: KubernetesClient) -> None:
    value = {"a": {"b": [1, "two", {"c": None}]}}
    assert cluster.create(widget(size=1, open=value)).body["spec"]["open"] == value


def test_owners_of_a_created_custom_resource_include_the_way(cluster: KubernetesClient) -> None:
    live = cluster.create(widget(size=1, tags=["a"], parts=[{"name": "a"}])).body
    assert owners(live)["contract", "Update", ""] == {
        "f:spec": {
            ".": {},
            "f:mode": {},
            "f:parts": {".": {}, 'k:{"name":"a"}': {".": {}, "f:name": {}, "f:weight": {}}},
            "f:replicas": {},
            "f:size": {},
            "f:tags": {".": {}, 'v:"a"': {}},
        }
    }


def test_generation_follows_the_spec_and_not_the_status(cluster: KubernetesClient) -> None:
    live = cluster.create(widget(size=1) | {"status": {"phase": "early"}}).body
    assert (live["metadata"]["generation"], "status" in live) == (1, False)
    live = cluster.patch("Widget", "one", {"status": {"phase": "ready"}}, subresource="status").body
    assert (live["metadata"]["generation"], live["status"]) == (1, {"phase": "ready"})
    live = cluster.patch("Widget", "one", {"metadata": {"labels": {"a": "b"}}, "status": {"phase": "lost"}}).body
    assert (live["metadata"]["generation"], live["status"]) == (1, {"phase": "ready"})
    assert cluster.patch("Widget", "one", {"spec": {"size": 2}}).body["metadata"]["generation"] == 2


def test_scale_uses_the_paths_of_the_definition(cluster: KubernetesClient) -> None:
    cluster.create(widget(size=1, replicas=4))
    cluster.patch("Widget", "one", {"status": {"replicas": 3, "selector": "a=b"}}, subresource="status")
    scale = cluster.send("GET", cluster.path("Widget", "one", "scale")).body
    assert (scale["spec"], scale["status"]) == ({"replicas": 4}, {"replicas": 3, "selector": "a=b"})
    cluster.patch("Widget", "one", {"spec": {"replicas": 1}}, subresource="scale")
    assert cluster.get("Widget", "one").body["spec"]["replicas"] == 1


def _definition(plural: str) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    versions = [
        {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}},
        {"name": "v1beta1", "served": True, "storage": False, "schema": {"openAPIV3Schema": schema}},
    ]
    names = {"plural": plural, "kind": plural.title()}
    spec = {"group": "life.example.com", "scope": "Cluster", "names": names, "versions": versions}
    metadata = {"name": f"{plural}.life.example.com"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }


def test_a_definition_is_established_serves_versions_and_goes_with_its_objects(cluster: KubernetesClient) -> None:
    plural = cluster.namespace.replace("contract-", "plural")
    path = f"{_DEFINITIONS}/{plural}.life.example.com"
    created = cluster.send("POST", _DEFINITIONS, _definition(plural)).body
    assert created["spec"]["names"] == {
        "plural": plural,
        "singular": plural,
        "kind": plural.title(),
        "listKind": f"{plural.title()}List",
    }
    query = {"watch": "true", "timeoutSeconds": 8, "fieldSelector": f"metadata.name={plural}.life.example.com"}
    with cluster.http.stream("GET", _DEFINITIONS, params=query) as response:
        for line in response.iter_lines():
            if '"Established"' in line:
                break
    objects = f"/apis/life.example.com/v1/{plural}"
    body = {
        "apiVersion": "life.example.com/v1",
        "kind": plural.title(),
        "metadata": {"name": "a"},
        "anything": {"x": 1},
    }
    answer = cluster.send("POST", objects, body)
    while answer.code == 404:  # the condition comes a moment before the handler
        answer = cluster.send("POST", objects, body)
    assert (answer.code, answer.body["anything"]) == (201, {"x": 1})
    other = cluster.send("GET", f"/apis/life.example.com/v1beta1/{plural}/a").body
    assert (other["apiVersion"], other["anything"]) == ("life.example.com/v1beta1", {"x": 1})
    params = {"watch": "true", "timeoutSeconds": 8, "resourceVersion": answer.body["metadata"]["resourceVersion"]}
    with cluster.http.stream("GET", objects, params=params) as response:
        gone = cluster.send("DELETE", path)
        assert gone.body["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
        assert '"DELETED"' in "".join(islice((line for line in response.iter_lines() if line), 1))
    while cluster.send("GET", path).code != 404:
        pass
    while cluster.send("GET", objects).code != 404:
        pass


def test_a_definition_must_be_named_after_its_plural_and_group(cluster: KubernetesClient) -> None:
    body = _definition("things") | {"metadata": {"name": "other"}}
    answer = cluster.send("POST", _DEFINITIONS, body)
    assert answer.code == 422
    assert ("metadata.name", "FieldValueInvalid") in answer.causes
