import re

from gitsync.manifest.canonical import canonical_json, digest
from gitsync.manifest.parse import parse_manifests
from gitsync.manifest.prepare import Prepared, prepare
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.kinds.application import TRACKING_ANNOTATION

SCOPES = {"ConfigMap": True, "Namespace": False, "Job": True, "CustomResourceDefinition": False}


def prepared(text: str, *, namespace: str = "prod") -> Prepared:
    def is_namespaced(gvk: GroupVersionKind) -> bool | None:
        return SCOPES.get(gvk.kind)

    return prepare(
        parse_manifests(text.encode(), file="a.yaml"),
        app=ApplicationKey("argosy", "shop"),
        control_namespace="argosy",
        default_namespace=namespace,
        is_namespaced=is_namespaced,
    )


def test_namespaces_are_filled_in_kept_or_removed_by_scope() -> None:
    found = prepared(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"
        "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: own}}\n"
        "---\n{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: wrong}}\n"
        "---\n{apiVersion: x/v1, kind: Unknown, metadata: {name: a}}\n"
    )
    assert [item.key for item in found.objects] == [
        ResourceKey("", "ConfigMap", "prod", "a"),
        ResourceKey("", "ConfigMap", "own", "a"),
        ResourceKey("", "Namespace", "", "a"),
        ResourceKey("x", "Unknown", "prod", "a"),
    ]
    assert [item.body["metadata"].get("namespace") for item in found.objects] == ["prod", "own", None, "prod"]
    assert found.conditions == ()


def test_objects_carry_mark_origin_and_digest() -> None:
    [item] = prepared("\n{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n").objects
    assert item.annotations == {TRACKING_ANNOTATION: "shop:/ConfigMap:prod/a"}
    assert str(item.origin) == "a.yaml:2"
    assert item.digest == digest(item.body)
    assert len(item.digest) == 32


def test_the_later_of_two_wins_and_a_warning_says_so() -> None:
    found = prepared(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {v: '1'}}\n"
        "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n"
        "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: prod}, data: {v: '2'}}\n"
    )
    assert [item.key.name for item in found.objects] == ["b", "a"]
    assert found.objects[1].body["data"] == {"v": "2"}
    [condition] = found.conditions
    assert condition.type == "RepeatedResourceWarning"
    assert condition.message.startswith("Resource /ConfigMap/prod/a appeared 2 times among application resources")
    assert re.search(r"Keep one of \S+:1, \S+:5\.$", condition.message)


def test_a_definition_in_the_same_source_tells_the_scope_of_its_kind() -> None:
    found = prepared(
        "{apiVersion: example.org/v1, kind: Ship, metadata: {name: a}}\n"
        "---\n{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition,"
        " metadata: {name: ships.example.org}, spec: {group: example.org, scope: Namespaced, names: {kind: Ship}}}\n"
    )
    assert found.objects[0].key == ResourceKey("example.org", "Ship", "prod", "a")


def test_a_namespaced_object_without_any_namespace_is_a_condition() -> None:
    found = prepared("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", namespace="")
    assert len(found.objects) == 1
    [condition] = found.conditions
    assert condition.type == "InvalidSpecError"
    assert condition.message.startswith("Namespace for a ConfigMap is missing (a.yaml:1).")


def test_generated_names_stand_for_names_and_never_for_the_same_one() -> None:
    job = "{apiVersion: batch/v1, kind: Job, metadata: {generateName: x-, annotations: {nr: '%s'}}}"
    found = prepared("\n---\n".join([job % "1", job % "2"]))
    assert [(item.key.name, item.annotations["nr"]) for item in found.objects] == [("x-", "1"), ("x-#2", "2")]
    assert found.conditions == ()


def test_a_key_that_is_there_twice_is_a_warning_that_names_the_place() -> None:
    found = prepared("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: '1', v: '2'}\n")
    assert found.objects[0].body["data"] == {"v": "2"}
    [condition] = found.conditions
    assert condition.type == "RepeatedKeyWarning"
    assert condition.message == (
        "a.yaml:1: in ConfigMap prod/a, the key 'v' is there twice, the second time in line 4; the last one counts."
        " Remove one of the two."
    )


def test_equal_values_have_equal_bytes_whatever_their_order() -> None:
    assert (
        canonical_json({"b": 1, "a": [1, None]}) == canonical_json({"a": [1, None], "b": 1}) == b'{"a":[1,null],"b":1}'
    )
