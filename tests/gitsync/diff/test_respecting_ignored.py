"""Ignored fields are applied as the cluster has them, and nothing else changes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.diff.compute import respecting
from gitsync.diff.ignore import IgnoreRules
from gitsync.manifest.object import JsonObject


def deployment(replicas: int | None, *containers: tuple[str, str], **notes: str) -> JsonObject:
    spec: dict[str, Any] = {"containers": [{"name": name, "image": image} for name, image in containers]}
    body: JsonObject = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    body["metadata"] |= {"annotations": notes} if notes else {}
    body["spec"] = {"template": {"spec": spec}} | ({} if replicas is None else {"replicas": replicas})
    return body


def owned(body: JsonObject, manager: str, fields: JsonObject) -> JsonObject:
    entry = {"manager": manager, "operation": "Update", "apiVersion": "apps/v1", "fieldsType": "FieldsV1"}
    metadata = body["metadata"] | {"managedFields": [entry | {"fieldsV1": fields}]}
    return body | {"metadata": metadata}


@pytest.mark.parametrize(
    ("pointers", "desired", "live", "expected"),
    [
        (("/spec/replicas",), deployment(2), deployment(5), deployment(5)),
        (("/spec/replicas",), deployment(2), deployment(None), deployment(None)),
        (("/spec/replicas",), deployment(None), deployment(5), deployment(None)),
        ((), deployment(2), deployment(5), deployment(2)),
        (
            ("/spec/template/spec/containers/0/image",),
            deployment(1, ("a", "a:1"), ("b", "b:1")),
            deployment(1, ("b", "b:0"), ("a", "a:7")),
            deployment(1, ("a", "a:7"), ("b", "b:1")),
        ),
        (("/metadata/annotations/note",), deployment(1, note="x", my="1"), deployment(1), deployment(1, my="1")),
    ],
)
def test_pointers(pointers: tuple[str, ...], desired: JsonObject, live: JsonObject, expected: JsonObject) -> None:
    assert respecting(desired, live, ignore=IgnoreRules(pointers)) == expected


def test_what_other_managers_own() -> None:
    live = owned(deployment(5, ("a", "a:9")), "autoscaler", {"f:spec": {"f:replicas": {}}})
    kept = respecting(deployment(2, ("a", "a:1")), live, ignore=IgnoreRules(managers=("autoscaler",)))
    assert kept == deployment(5, ("a", "a:1"))


SIDECAR = 'if .spec then .spec.template.spec.containers[] | select(.name == "sidecar") else empty end'
OURS = {"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {'k:{"name":"a"}': {"f:image": {}}}}}}}


def applied(body: JsonObject) -> JsonObject:
    """As our own manager applied it."""
    entry = {"manager": "argocd-controller", "operation": "Apply", "fieldsV1": OURS}
    return body | {"metadata": body["metadata"] | {"managedFields": [entry]}}


def test_a_field_that_left_git_stays_where_it_is_ours_to_remove() -> None:
    rules = IgnoreRules(("/spec/replicas",))
    desired, live = deployment(None, ("a", "a:1")), deployment(5, ("a", "a:1"))
    assert respecting(desired, applied(live), ignore=rules) == live
    assert respecting(desired, live, ignore=rules) == desired, "apply leaves what is not ours alone"
    assert respecting(desired, live, ignore=rules, replaces=True) == live


def test_expressions_find_items_of_lists_by_name_on_both_sides() -> None:
    rules = IgnoreRules(jq_path_expressions=('.spec.template.spec.containers[] | select(.name == "b") | .image',))
    desired = deployment(1, ("a", "a:1"), ("b", "b:1"))
    live = deployment(1, ("b", "b:7"), ("x", "x:1"), ("a", "a:0"))
    assert respecting(desired, live, ignore=rules) == deployment(1, ("a", "a:1"), ("b", "b:7"))


def test_a_whole_item_that_is_ignored() -> None:
    rules = IgnoreRules(jq_path_expressions=(SIDECAR,))
    with_it, without_it = deployment(1, ("a", "a:1"), ("sidecar", "s:1")), deployment(1, ("a", "a:1"))
    assert respecting(with_it, without_it, ignore=rules) == without_it
    assert respecting(without_it, with_it, ignore=rules) == without_it
    assert respecting(without_it, with_it, ignore=rules, replaces=True) == with_it


def test_what_an_object_is_called_is_never_taken_over() -> None:
    rules = IgnoreRules(("/metadata", "/metadata/name", "/apiVersion", "/status", "/metadata/uid"))
    live = deployment(2) | {"apiVersion": "apps/v2", "status": {"replicas": 2}}
    live["metadata"] = {"name": "other", "uid": "u"}
    assert respecting(deployment(2), live, ignore=rules, replaces=True) == deployment(2)


PLACES = st.sampled_from(["/spec/replicas", "/spec/template/spec/containers/0/image", "/metadata/annotations/note"])
BODIES = st.builds(
    lambda replicas, images, notes: deployment(replicas, *zip("abc", images, strict=False), **notes),
    st.none() | st.integers(0, 3),
    st.lists(st.sampled_from(["i:1", "i:2"]), max_size=3),
    st.dictionaries(st.sampled_from(["note", "my"]), st.sampled_from(["1", "2"])),
)


@given(BODIES, BODIES, st.lists(PLACES, max_size=3), st.booleans())
def test_nothing_but_ignored_fields_changes(
    desired: JsonObject, live: JsonObject, pointers: list[str], replaces: bool
) -> None:
    kept = respecting(desired, live, ignore=IgnoreRules(tuple(pointers)), replaces=replaces)
    if "/spec/replicas" in pointers and (replaces or desired["spec"].get("replicas") is not None):
        assert kept["spec"].get("replicas") == live["spec"].get("replicas")
    else:
        assert kept["spec"].get("replicas") == desired["spec"].get("replicas")
    names = [[one["name"] for one in body["spec"]["template"]["spec"]["containers"]] for body in (kept, desired)]
    assert names[0] == names[1]
    assert respecting(kept, live, ignore=IgnoreRules(tuple(pointers)), replaces=replaces) == kept
