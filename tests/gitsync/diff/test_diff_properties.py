"""What holds for every object, not only for those somebody thought of."""

import base64
import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitsync.diff.compute import compute_diff
from gitsync.diff.normalize import normalize
from gitsync.diff.secrets import mask_secrets
from gitsync.manifest.object import DesiredObject, JsonObject, Origin
from gitsync.manifest.tracking import FIELD_MANAGER
from model.identity import ResourceKey

NAMES = st.text("abcdefghij./-", min_size=1, max_size=6)
LEAVES = st.one_of(st.integers(-5, 5), st.booleans(), st.text("xyz019m", min_size=1, max_size=5))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=8,
)
SPECS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)


def custom(spec: JsonObject) -> JsonObject:
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}


def desired_of(body: JsonObject) -> DesiredObject:
    group = body["apiVersion"].rpartition("/")[0]
    return DesiredObject(ResourceKey(group, body["kind"], "", body["metadata"]["name"]), "v1", body, "", Origin(""))


def fields_of(value: Any) -> JsonObject:
    if not isinstance(value, dict):
        return {}
    return {"f:" + name: fields_of(child) for name, child in value.items()}


def applied(body: JsonObject) -> JsonObject:
    """Live as an API server without a schema would keep it after our apply."""
    live = copy.deepcopy(body)
    claim = {"manager": FIELD_MANAGER, "operation": "Apply", "time": "2026-01-01T00:00:00Z"}
    live["metadata"]["managedFields"] = [{**claim, "fieldsV1": {"f:spec": fields_of(body["spec"])}}]
    return live


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [found for name, child in value.items() for found in leaves(child, (*path, name))]
    if isinstance(value, list):
        return [found for position, child in enumerate(value) for found in leaves(child, (*path, position))]
    return [path]


def changed(body: JsonObject, path: tuple[Any, ...]) -> JsonObject:
    body = copy.deepcopy(body)
    parent: Any = body
    for step in path[:-1]:
        parent = parent[step]
    value = parent[path[-1]]
    if isinstance(value, bool):
        parent[path[-1]] = int(value)  # true and 1 are different values
    else:
        parent[path[-1]] = value + 1 if isinstance(value, int) else value + "!"
    return body


@given(SPECS)
def test_an_object_applied_to_itself_is_in_sync(spec: JsonObject) -> None:
    body = custom(spec)
    diff = compute_diff(desired_of(body), applied(body))
    assert not diff.modified
    assert diff.predicted_live == diff.normalized_live


@given(SPECS, st.data())
def test_any_changed_leaf_is_found(spec: JsonObject, data: st.DataObject) -> None:
    body = custom(spec)
    places = leaves(spec)
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    diff = compute_diff(desired_of(changed(body, ("spec", *place))), applied(body))
    assert diff.modified


@given(SPECS, st.data())
def test_any_removed_field_is_found(spec: JsonObject, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(spec)))
    smaller = custom({field: value for field, value in spec.items() if field != name})
    diff = compute_diff(desired_of(smaller), applied(custom(spec)))
    assert diff.modified
    assert diff.predicted_live is not None
    assert name not in diff.predicted_live["spec"]


@given(SPECS, SPECS)
def test_fields_of_others_never_count(spec: JsonObject, extra: JsonObject) -> None:
    body = custom(spec)
    live = applied(body)
    live["spec"] = {**{f"other-{name}": value for name, value in extra.items()}, **live["spec"]}
    assert not compute_diff(desired_of(body), live).modified


@given(SPECS, SPECS)
def test_prediction_settles_the_difference(spec: JsonObject, other: JsonObject) -> None:
    wanted = custom(spec)
    diff = compute_diff(desired_of(wanted), applied(custom(other)))
    assert diff.predicted_live is not None
    assert not compute_diff(desired_of(wanted), diff.predicted_live).modified


@given(SPECS, st.sampled_from(["Widget", "Secret", "ClusterRole", "Endpoints", "LimitRange"]))
def test_normalisation_is_idempotent(spec: JsonObject, kind: str) -> None:
    body = {**custom(spec), "apiVersion": "v1", "kind": kind, "status": {"a": 1}, "stringData": {"k": "v"}}
    once = normalize(body)
    assert normalize(once) == once


@given(SPECS)
def test_inputs_are_never_changed(spec: JsonObject) -> None:
    desired, live = custom(spec), applied(custom({**spec, "more": 1}))
    before = copy.deepcopy((desired, live))
    compute_diff(desired_of(desired), live)
    assert (desired, live) == before


SECRETS = st.dictionaries(st.sampled_from("abc"), st.text("ABCDEFGHIJ", min_size=6, max_size=12), max_size=3)


def secret(plain: dict[str, str], last_applied: dict[str, str] | None = None) -> JsonObject:
    data = {name: base64.b64encode(value.encode()).decode() for name, value in plain.items()}
    metadata: JsonObject = {"name": "s"}
    if last_applied is not None:
        applied_body = {"apiVersion": "v1", "kind": "Secret", "stringData": last_applied}
        metadata["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied_body)}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


@given(SECRETS, SECRETS, SECRETS)
def test_masks_leak_nothing_and_keep_what_is_equal(
    left: dict[str, str], right: dict[str, str], applied_values: dict[str, str]
) -> None:
    masked_left, masked_right = mask_secrets(secret(left), secret(right, applied_values))
    assert masked_left is not None
    assert masked_right is not None
    shown = json.dumps([masked_left, masked_right])
    for value in (*left.values(), *right.values(), *applied_values.values()):
        assert value not in shown
        assert base64.b64encode(value.encode()).decode() not in shown
    for name in left.keys() & right.keys():
        assert (masked_left["data"][name] == masked_right["data"][name]) is (left[name] == right[name])


@given(SECRETS, SECRETS)
def test_a_diff_of_secrets_never_shows_a_value(left: dict[str, str], right: dict[str, str]) -> None:
    diff = compute_diff(desired_of(secret(left)), secret(right, right))
    shown = repr(diff)
    for value in (*left.values(), *right.values()):
        assert value not in shown
        assert base64.b64encode(value.encode()).decode() not in shown
    assert diff.modified is any(right.get(name) != value for name, value in left.items()) | bool(
        right.keys() - left.keys()
    )
