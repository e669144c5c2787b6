"""What installs a runtime is taken by an API server as it is: no unknown field, no warning, twice."""

from dataclasses import replace
from typing import Any

from api.installation.build import FOLDER
from api.installation.runtime import RuntimeInstallation, namespace_object, runtime_objects
from tests.support.kubernetes_client import APPLY, Answer, KubernetesClient
from tests.support.yaml_text import read_yaml

INSTALLATION = RuntimeInstallation(
    name="eu-1",
    link_url="wss://argosy.example.com/link",
    image="argosy:0.1.0",
    version="0.1.0",
    token="argr_secret",
    config_repo="https://git.example.com/config.git",
    network_policy=True,
)
_PLACES = {
    "Namespace": "api/v1/namespaces",
    "ServiceAccount": "api/v1/namespaces/{}/serviceaccounts",
    "Secret": "api/v1/namespaces/{}/secrets",
    "Deployment": "apis/apps/v1/namespaces/{}/deployments",
    "NetworkPolicy": "apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    "ClusterRole": "apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "CustomResourceDefinition": "apis/apiextensions.k8s.io/v1/customresourcedefinitions",
}


def _apply(cluster: KubernetesClient, body: dict[str, Any]) -> Answer:
    place = _PLACES[body["kind"]].format(body["metadata"].get("namespace", ""))
    path = f"/{place}/{body['metadata']['name']}"
    return cluster.send("PATCH", path, body, content_type=APPLY, fieldManager="kubectl", fieldValidation="Strict")


def test_objects_of_a_runtime_are_accepted_without_warnings(cluster: KubernetesClient) -> None:
    wanted = replace(INSTALLATION, namespace=cluster.namespace)
    objects = (namespace_object(wanted), *runtime_objects(wanted))
    first = [_apply(cluster, body) for body in objects]
    assert [(answer.code, answer.warnings) for answer in first[1:]] == [(201, ())] * (len(objects) - 1)
    again = [_apply(cluster, body) for body in objects]
    assert [(answer.code, answer.warnings) for answer in again] == [(200, ())] * len(objects)
    assert [one.body["metadata"].get("generation") for one in again] == [
        one.body["metadata"].get("generation") for one in first
    ]


def test_pods_of_a_runtime_are_allowed_where_the_restricted_standard_is_enforced(cluster: KubernetesClient) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}
    path = f"/api/v1/namespaces/{cluster.namespace}"
    cluster.send("PATCH", path, {"metadata": {"labels": labels}}, content_type="application/merge-patch+json")
    deployment = next(
        one
        for one in runtime_objects(replace(INSTALLATION, namespace=cluster.namespace))
        if one["kind"] == "Deployment"
    )
    answer = _apply(cluster, deployment)
    assert (answer.code, answer.warnings) == (201, ())


def test_definitions_of_the_chart_are_accepted_without_warnings(cluster: KubernetesClient) -> None:
    for file in sorted(FOLDER.iterdir()):
        answer = _apply(cluster, read_yaml(file.read_text()))
        assert (answer.code in (200, 201), answer.warnings) == (True, ()), file.name
