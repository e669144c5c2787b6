"""A Service whose selector a controller of Rollouts switches is as Git wants it; an apply leaves the choice alone."""

import pytest

from gitsync.diff.compute import compute_diff
from gitsync.diff.switched import with_switch
from gitsync.manifest.object import DesiredObject, JsonObject, Origin
from model.identity import ResourceKey
from model.kinds.rollout import HASH_LABEL, MANAGED_BY

OURS = {
    "manager": "argocd-controller",
    "operation": "Apply",
    "apiVersion": "v1",
    "fieldsType": "FieldsV1",
    "fieldsV1": {"f:spec": {"f:ports": {}}},
}
THEIRS = {**OURS, "manager": "rollouts-controller", "operation": "Update", "fieldsV1": {"f:spec": {"f:selector": {}}}}


def service(selector: dict[str, str], *, managed: bool = True) -> JsonObject:
    metadata: JsonObject = {"name": "web", "namespace": "shop", "managedFields": [OURS, THEIRS]}
    if managed:
        metadata["annotations"] = {MANAGED_BY: "web"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": selector}}


def desired(selector: dict[str, str]) -> DesiredObject:
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": selector}}
    return DesiredObject(ResourceKey("", "Service", "shop", "web"), "v1", body, "", Origin(""))


def test_switched_selector_is_no_difference() -> None:
    live = service({"app": "web", HASH_LABEL: "abc"})
    assert not compute_diff(desired({"app": "web"}), live).modified


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        ({"app": "other"}, service({"app": "web", HASH_LABEL: "abc"})),
        ({"app": "web"}, service({"app": "web", "extra": "yes", HASH_LABEL: "abc"})),
        ({"app": "web", HASH_LABEL: "mine"}, service({"app": "web", HASH_LABEL: "abc"})),
        ({"app": "web"}, service({"app": "web", HASH_LABEL: "abc"}, managed=False)),
    ],
)
def test_any_other_change_of_the_selector_is_one(wanted: dict[str, str], live: JsonObject) -> None:
    assert compute_diff(desired(wanted), live).modified


def test_an_apply_keeps_the_version_that_was_chosen() -> None:
    applied = with_switch(desired({"app": "web"}).body, service({"app": "web", HASH_LABEL: "abc"}))
    assert applied["spec"]["selector"] == {"app": "web", HASH_LABEL: "abc"}
    assert with_switch(applied, None) is applied
