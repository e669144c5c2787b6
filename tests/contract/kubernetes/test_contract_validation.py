"""What a server refuses, and how it says so: code, reason, fields."""

import copy
from typing import Any

import pytest

from tests.support.kubernetes_client import KubernetesClient, config_map, deployment, widget

Json = dict[str, Any]


def _deployment(**changes: Any) -> Json:
    body = deployment()
    body["spec"] |= changes
    return body


def _container(**changes: Any) -> Json:
    body = copy.deepcopy(deployment())
    body["spec"]["template"]["spec"]["containers"][0] |= changes
    return body


def _service(**spec: Any) -> Json:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def _job(policy: str) -> Json:
    template = {"spec": {"restartPolicy": policy, "containers": [{"name": "main", "image": "busybox:1"}]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": {"template": template}}


REFUSED: list[tuple[str, Json, list[tuple[str, str]]]] = [
    ("no name", config_map(""), [("metadata.name", "FieldValueRequired")]),
    ("bad name", config_map("Bad_Name"), [("metadata.name", "FieldValueInvalid")]),
    (
        "bad label",
        config_map() | {"metadata": {"name": "x", "labels": {"a": "b c"}}},
        [("metadata.labels", "FieldValueInvalid")],
    ),
    ("bad key", config_map(**{"a/b": "1"}), [("data[a/b]", "FieldValueInvalid")]),
    (
        "foreign template",
        _deployment(selector={"matchLabels": {"app": "other"}}),
        [("spec.template.metadata.labels", "FieldValueInvalid")],
    ),
    ("negative replicas", _deployment(replicas=-1), [("spec.replicas", "FieldValueInvalid")]),
    (
        "no image",
        _container(image=""),
        [("spec.template.spec.containers[0].image", "FieldValueRequired")],
    ),
    (
        "unknown volume",
        _container(volumeMounts=[{"name": "none", "mountPath": "/x"}]),
        [("spec.template.spec.containers[0].volumeMounts[0].name", "FieldValueNotFound")],
    ),
    (
        "request above limit",
        _container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
        [("spec.template.spec.containers[0].resources.requests", "FieldValueInvalid")],
    ),
    ("service without ports", _service(selector={"a": "b"}), [("spec.ports", "FieldValueRequired")]),
    (
        "two ports without names",
        _service(ports=[{"port": 1}, {"port": 2}]),
        [("spec.ports[0].name", "FieldValueRequired"), ("spec.ports[1].name", "FieldValueRequired")],
    ),
    ("job that always restarts", _job("Always"), [("spec.template.spec.restartPolicy", "FieldValueRequired")]),
    ("widget without size", widget(), [("spec.size", "FieldValueRequired")]),
    ("widget too large", widget(size=9), [("spec.size", "FieldValueInvalid")]),
    ("widget of unknown mode", widget(size=1, mode="odd"), [("spec.mode", "FieldValueNotSupported")]),
    ("widget with long code", widget(size=1, code="abcdefg"), [("spec.code", "FieldValueTooLong")]),
    ("widget with odd code", widget(size=1, code="A1"), [("spec.code", "FieldValueInvalid")]),
    ("widget with wrong type", widget(size="big"), [("spec.size", "FieldValueTypeInvalid")]),
    ("widget with a tag twice", widget(size=1, tags=["a", "a"]), [("spec.tags[1]", "FieldValueDuplicate")]),
    (
        "widget with a part twice",
        widget(size=1, parts=[{"name": "a"}, {"name": "a"}]),
        [("spec.parts[1]", "FieldValueDuplicate")],
    ),
]


@pytest.mark.parametrize(("body", "causes"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_create_is_refused(cluster: KubernetesClient, body: Json, causes: list[tuple[str, str]]) -> None:
    answer = cluster.create(body)
    assert (answer.code, answer.body["reason"], answer.causes) == (422, "Invalid", causes)
    assert answer.body["details"]["kind"] == body["kind"]


def _claim() -> Json:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}


def _stateful_set() -> Json:
    body = deployment() | {"kind": "StatefulSet"}
    body["spec"]["serviceName"] = "web"
    return body


FIXED: list[tuple[str, Json, Json, tuple[str, str]]] = [
    (
        "selector",
        deployment(),
        {"spec": {"selector": {"matchLabels": {"app": "x"}}, "template": {"metadata": {"labels": {"app": "x"}}}}},
        ("spec.selector", "FieldValueInvalid"),
    ),
    ("immutable data", config_map(a="1") | {"immutable": True}, {"data": {"a": "2"}}, ("data", "FieldValueForbidden")),
    (
        "type of a secret",
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}},
        {"type": "other"},
        ("type", "FieldValueInvalid"),
    ),
    ("claim", _claim(), {"spec": {"accessModes": ["ReadWriteMany"]}}, ("spec", "FieldValueForbidden")),
    ("stateful set", _stateful_set(), {"spec": {"serviceName": "other"}}, ("spec", "FieldValueForbidden")),
    ("job", _job("Never"), {"spec": {"completions": 7}}, ("spec.completions", "FieldValueInvalid")),
    (
        "role of a binding",
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "b"},
            "roleRef": {"kind": "Role", "name": "a"},
        },
        {"roleRef": {"name": "c"}},
        ("roleRef", "FieldValueInvalid"),
    ),
]


@pytest.mark.parametrize(("body", "patch", "cause"), [case[1:] for case in FIXED], ids=[case[0] for case in FIXED])
def test_some_fields_stay_as_they_are(
    cluster: KubernetesClient, body: Json, patch: Json, cause: tuple[str, str]
) -> None:
    assert cluster.create(body).code == 201
    answer = cluster.patch(body["kind"], body["metadata"]["name"], patch)
    assert (answer.code, answer.body["reason"]) == (422, "Invalid")
    assert cause in answer.causes


def test_unknown_fields_are_dropped_with_a_warning(cluster: KubernetesClient) -> None:
    for body in (_deployment(replicaz=1), widget(size=1, other=1)):
        field = "replicaz" if body["kind"] == "Deployment" else "other"
        answer = cluster.create(body)
        assert answer.code == 201
        assert answer.warnings == (f'299 - "unknown field \\"spec.{field}\\""',)
        assert field not in answer.body["spec"]


def test_unknown_fields_are_an_error_if_asked(cluster: KubernetesClient) -> None:
    for body in (_deployment(replicaz=1), widget(size=1, other=1)):
        field = "replicaz" if body["kind"] == "Deployment" else "other"
        answer = cluster.create(body, fieldValidation="Strict")
        assert (answer.code, answer.body["reason"]) == (400, "BadRequest")
        assert answer.body["message"].endswith(f'strict decoding error: unknown field "spec.{field}"')


def test_unknown_fields_may_be_ignored(cluster: KubernetesClient) -> None:
    answer = cluster.create(_deployment(replicaz=1), fieldValidation="Ignore")
    assert (answer.code, answer.warnings) == (201, ())


def test_a_wrong_type_cannot_be_read(cluster: KubernetesClient) -> None:
    answer = cluster.create(_deployment(replicas="many"))
    assert (answer.code, answer.body["reason"]) == (400, "BadRequest")
    assert answer.body["message"] == (
        'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct '
        "field DeploymentSpec.spec.replicas of type int32"
    )


def test_the_body_must_be_of_the_kind_of_the_path(cluster: KubernetesClient) -> None:
    answer = cluster.send("POST", cluster.path("Deployment"), deployment() | {"kind": "ReplicaSet"})
    assert (answer.code, answer.body["reason"]) == (400, "BadRequest")


def test_the_body_must_be_in_the_namespace_of_the_path(cluster: KubernetesClient) -> None:
    body = config_map() | {"metadata": {"name": "x", "namespace": "elsewhere"}}
    answer = cluster.create(body)
    assert (answer.code, answer.body["reason"]) == (400, "BadRequest")
    assert (
        answer.body["message"]
        == "the namespace of the provided object does not match the namespace sent on the request"
    )


def test_the_name_in_body_and_path_must_agree(cluster: KubernetesClient) -> None:
    answer = cluster.send("PUT", cluster.path("ConfigMap", "one"), config_map("two"))
    assert (answer.code, answer.body["reason"]) == (400, "BadRequest")


def test_a_new_object_has_no_resource_version(cluster: KubernetesClient) -> None:
    answer = cluster.create(config_map() | {"metadata": {"name": "x", "resourceVersion": "5"}})
    assert (answer.code, answer.body["message"]) == (500, "resourceVersion should not be set on objects to be created")


def test_a_custom_resource_is_replaced_only_with_its_resource_version(cluster: KubernetesClient) -> None:
    cluster.create(widget(size=1))
    answer = cluster.replace(widget(size=2))
    assert (answer.code, answer.causes) == (422, [("metadata.resourceVersion", "FieldValueInvalid")])


def test_what_is_no_json_is_refused(cluster: KubernetesClient) -> None:
    response = cluster.http.post(
        cluster.path("ConfigMap"), content="{bad", headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.json()["reason"]) == (400, "BadRequest")
