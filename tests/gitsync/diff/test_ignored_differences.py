"""ignoreDifferences: what is nobody's business does not make an object differ."""

import copy

import pytest

from gitsync.diff.compute import arbitrate, compute_diff
from gitsync.diff.ignore import NO_RULES, IgnoreRules, RuleUnusable, rules_for
from gitsync.diff.normalize import DiffSettings
from gitsync.manifest.object import DesiredObject, JsonObject, Origin
from model.identity import ResourceKey
from model.kinds.application import IgnoreDifference

KEY = ResourceKey("apps", "Deployment", "shop", "web")


def deployment(replicas: int = 1, image: str = "web:1") -> JsonObject:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "annotations": {"a/b": "1"}},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "web", "image": image}]}}},
    }


def desired_of(body: JsonObject) -> DesiredObject:
    return DesiredObject(KEY, "v1", body, "", Origin(""))


@pytest.mark.parametrize(
    "pointer", ["/spec/replicas", "/spec", "/spec/template/spec/containers/0/image", "/metadata/annotations/a~1b"]
)
def test_a_pointer_takes_its_field_out_of_both_sides(pointer: str) -> None:
    live = deployment(3, "web:2")
    live["metadata"]["annotations"]["a/b"] = "2"
    every = ("/spec/replicas", "/spec/template/spec/containers/0/image", "/metadata/annotations/a~1b")
    with_it = compute_diff(desired_of(deployment()), live, ignore=IgnoreRules((pointer,)))
    without = compute_diff(desired_of(deployment()), live, ignore=NO_RULES)
    assert len(with_it.changes) < len(without.changes)
    assert not compute_diff(desired_of(deployment()), live, ignore=IgnoreRules(every)).modified


def test_a_pointer_to_nothing_does_nothing() -> None:
    pointers = IgnoreRules(("/spec/nothing/here", "/spec/template/spec/containers/9/image", ""))
    assert not compute_diff(desired_of(deployment()), deployment(), ignore=pointers).modified


def test_fields_of_a_trusted_manager_are_its_own() -> None:
    live = deployment(7, "web:2")
    live["metadata"]["managedFields"] = [
        {"manager": "scaler", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    ]
    diff = compute_diff(desired_of(deployment()), live, ignore=IgnoreRules(managers=("scaler",)))
    assert [change.path for change in diff.changes] == ["spec.template.spec.containers[name=web].image"]


def test_a_trusted_manager_may_own_a_field_of_a_list_item() -> None:
    live = deployment(1, "web:2")
    owned = {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {".": {}, "f:image": {}}}}}}
    live["metadata"]["managedFields"] = [{"manager": "updater", "operation": "Update", "fieldsV1": {"f:spec": owned}}]
    assert not compute_diff(desired_of(deployment()), live, ignore=IgnoreRules(managers=("updater",))).modified


@pytest.mark.parametrize(
    ("rule", "concerned"),
    [
        (IgnoreDifference(group="apps", kind="Deployment"), True),
        (IgnoreDifference(group="*", kind="*"), True),
        (IgnoreDifference(group="apps", kind="Deploy*"), True),
        (IgnoreDifference(group="apps", kind="Deployment", name="web", namespace="shop"), True),
        (IgnoreDifference(group="apps", kind="Deployment", name="other"), False),
        (IgnoreDifference(group="apps", kind="Deployment", namespace="elsewhere"), False),
        (IgnoreDifference(group="", kind="Deployment"), False),
    ],
)
def test_rules_match_by_globs_of_kind_and_exact_names(rule: IgnoreDifference, concerned: bool) -> None:
    rule = IgnoreDifference(rule.group, rule.kind, rule.name, rule.namespace, json_pointers=("/spec",))
    assert bool(rules_for(KEY, [rule])) is concerned


def test_a_dry_run_that_changes_nothing_of_ours_is_in_sync() -> None:
    live = deployment()
    live["metadata"]["managedFields"] = [
        {"manager": "argocd-controller", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    ]
    predicted = copy.deepcopy(live)
    predicted["spec"]["stamped"] = "now"  # a webhook's
    assert not arbitrate(desired_of(deployment()), live, predicted).modified


def test_a_dry_run_that_changes_ours_names_the_field() -> None:
    live = deployment()
    live["metadata"]["managedFields"] = [
        {"manager": "argocd-controller", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    ]
    predicted = copy.deepcopy(live)
    predicted["spec"]["replicas"] = 4
    (change,) = arbitrate(desired_of(deployment()), live, predicted).changes
    assert (change.path, change.live, change.desired) == ("spec.replicas", 1, 4)


def test_a_missing_object_is_one_change() -> None:
    diff = compute_diff(desired_of(deployment()), None)
    assert (diff.modified, [change.reason for change in diff.changes]) == (True, ["missing in the cluster"])


def test_status_counts_only_where_the_installation_says_so() -> None:
    wanted, live = {**deployment(), "status": {"replicas": 1}}, {**deployment(), "status": {"replicas": 2}}
    assert not compute_diff(desired_of(wanted), live).modified
    assert compute_diff(desired_of(wanted), live, settings=DiffSettings(ignore_status="none")).modified


def test_a_jq_expression_takes_its_fields_out_of_both_sides() -> None:
    rules = IgnoreRules(jq_path_expressions=('.spec.template.spec.containers[] | select(.name == "web") | .image',))
    live = deployment(image="web:2")
    assert not compute_diff(desired_of(deployment()), live, ignore=rules).modified
    assert compute_diff(desired_of(deployment()), deployment(3, "web:2"), ignore=rules).modified


def test_a_jq_expression_that_does_not_fit_removes_nothing() -> None:
    rules = IgnoreRules(jq_path_expressions=(".webhooks[].clientConfig.caBundle", ".spec.replicas"))
    assert not compute_diff(desired_of(deployment()), deployment(3), ignore=rules).modified


@pytest.mark.parametrize("expression", [".spec |", "range(1e9) | empty", ".spec | keys", "def f: f; f"])
def test_a_jq_expression_that_cannot_be_used_is_named(expression: str) -> None:
    with pytest.raises(RuleUnusable) as told:
        compute_diff(desired_of(deployment()), deployment(3), ignore=IgnoreRules(jq_path_expressions=(expression,)))
    assert repr(expression) in told.value.message


def test_a_jq_expression_is_taken_out_of_a_dry_run_too() -> None:
    rules = IgnoreRules(jq_path_expressions=(".spec.replicas",))
    assert not arbitrate(desired_of(deployment(2)), deployment(1), deployment(2), ignore=rules).modified


def test_what_a_webhook_writes_is_no_difference_unless_it_is_asked_for() -> None:
    apply = {"manager": "argocd-controller", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    live, predicted = deployment(), deployment()
    for body in (live, predicted):
        body["metadata"]["managedFields"] = [apply]
    predicted["metadata"]["annotations"]["stamp"] = "now"
    assert not arbitrate(desired_of(deployment()), live, predicted).modified
    told = arbitrate(desired_of(deployment()), live, predicted, include_webhooks=True)
    assert [change.path for change in told.changes] == ["metadata.annotations.stamp"]


def test_what_the_server_fills_in_where_a_field_leaves_git_is_a_difference() -> None:
    """As apps/v1 does for a StatefulSet whose strategy was named: without a type it gets one and its way."""
    wanted: JsonObject = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {}}
    apply = {"manager": "argocd-controller", "operation": "Apply"}
    named = {**apply, "fieldsV1": {"f:spec": {"f:updateStrategy": {"f:type": {}}}}}
    live = {
        **wanted,
        "metadata": {"name": "db", "managedFields": [named]},
        "spec": {"updateStrategy": {"type": "RollingUpdate"}},
    }
    predicted = {
        **wanted,
        "metadata": {"name": "db", "managedFields": [{**apply, "fieldsV1": {"f:spec": {}}}]},
        "spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}},
    }
    assert compute_diff(desired_of(wanted), live).arbiter_needed
    (change,) = arbitrate(desired_of(wanted), live, predicted).changes
    assert (change.path, change.desired) == ("spec.updateStrategy.rollingUpdate", {"partition": 0})
    assert not arbitrate(desired_of(wanted), predicted, predicted).modified
