"""What is no difference although the two sides are spelled differently: one case for each normaliser of Argo CD."""

from typing import Any

import pytest

from gitsync.diff.compute import compute_diff
from gitsync.diff.normalize import LAST_APPLIED, DiffSettings, as_stored
from gitsync.diff.secrets import mask_secrets
from gitsync.manifest.object import DesiredObject, JsonObject, Origin
from gitsync.manifest.tracking import FIELD_MANAGER
from model.identity import GroupVersionKind, ResourceKey

RBAC = "rbac.authorization.k8s.io/v1"
AGGREGATED = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}}
RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
CRD = "apiextensions.k8s.io/v1"


def body(api_version: str, kind: str, metadata: JsonObject | None = None, **fields: Any) -> JsonObject:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", **(metadata or {})}, **fields}


def paths(desired: JsonObject, live: JsonObject, settings: DiffSettings | None = None) -> list[str]:
    gvk = GroupVersionKind.parse(desired["apiVersion"], desired["kind"])
    wanted = DesiredObject(ResourceKey(gvk.group, gvk.kind, "", "x"), gvk.version, desired, "", Origin(""))
    return [change.path for change in compute_diff(wanted, live, settings=settings or DiffSettings()).changes]


def claims(**more: Any) -> JsonObject:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    metadata = {"name": "data"}
    template = {"metadata": metadata, "spec": {**spec, **more.pop("spec", {})}, **more}
    return {"volumeClaimTemplates": [template]}


def endpoints(*addresses: str) -> JsonObject:
    return body("v1", "Endpoints", subsets=[{"addresses": [{"ip": address} for address in addresses]}])


SAME: list[tuple[str, JsonObject, JsonObject]] = [
    (
        "creationTimestamp is the server's",
        body("v1", "ConfigMap", {"creationTimestamp": None}),
        body("v1", "ConfigMap", {"creationTimestamp": "2026-01-01T00:00:00Z"}),
    ),
    (
        "stringData is data",
        body("v1", "Secret", stringData={"a": "one"}, data={"b": "dHdv"}, type="Opaque"),
        body("v1", "Secret", data={"a": "b25l", "b": "dHdv"}, type="Opaque"),
    ),
    ("null in a Secret is empty", body("v1", "Secret", data={"a": None}), body("v1", "Secret", data={"a": ""})),
    ("no rules are none", body(RBAC, "Role", rules=[]), body(RBAC, "Role", rules=None)),
    ("no rules are none", body(RBAC, "ClusterRole"), body(RBAC, "ClusterRole", rules=[])),
    ("the order of addresses means nothing", endpoints("10.0.0.2", "10.0.0.1"), endpoints("10.0.0.1", "10.0.0.2")),
    (
        "templates of claims get their defaults",
        body("apps/v1", "StatefulSet", spec=claims()),
        body(
            "apps/v1",
            "StatefulSet",
            spec=claims(
                apiVersion="v1",
                kind="PersistentVolumeClaim",
                spec={"volumeMode": "Filesystem"},
                status={"phase": "Pending"},
            ),
        ),
    ),
    (
        "no annotations are none",
        body("v1", "ConfigMap", {"annotations": {}, "labels": None}),
        body("v1", "ConfigMap", {"namespace": "shop"}),
    ),
    (
        "what kubectl notes down is no annotation",
        body("v1", "ConfigMap"),
        body(
            "v1",
            "ConfigMap",
            {
                "annotations": {LAST_APPLIED: "{}"},
                "managedFields": [
                    {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": {}},
                    {
                        "manager": "kubectl-client-side-apply",
                        "operation": "Update",
                        "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, f"f:{LAST_APPLIED}": {}}}},
                    },
                ],
            },
        ),
    ),
    (
        "status is the controller's",
        body("example.org/v1", "Thing", status={"a": 1}),
        body("example.org/v1", "Thing", status={"a": 2}),
    ),
]


@pytest.mark.parametrize(("why", "desired", "live"), SAME, ids=[f"{n}-{case[0]}" for n, case in enumerate(SAME)])
def test_it_is_no_difference(why: str, desired: JsonObject, live: JsonObject) -> None:
    assert paths(desired, live) == [], why


def test_rules_of_an_aggregated_role_are_its_controllers_where_that_is_said() -> None:
    desired = body(RBAC, "ClusterRole", rules=[], **AGGREGATED)
    live = body(RBAC, "ClusterRole", rules=[RULE], **AGGREGATED)
    assert paths(desired, live, DiffSettings(ignore_aggregated_roles=True)) == []
    written = body(RBAC, "ClusterRole", rules=[{**RULE, "verbs": ["list"]}], **AGGREGATED)
    assert paths(written, live, DiffSettings(ignore_aggregated_roles=True)) == []
    assert paths(written, live) != []


def test_labels_and_annotations_that_are_null_are_not_sent() -> None:
    """The server would make an empty text of each and give it to us, who want none: a difference for ever."""
    wanted = body("v1", "ConfigMap", {"labels": {"a": None, "b": ""}, "annotations": {"c": None}})
    assert as_stored(wanted)["metadata"] == {"name": "x", "labels": {"b": ""}, "annotations": {}}
    assert wanted["metadata"]["annotations"] == {"c": None}


@pytest.mark.parametrize(
    ("mode", "thing", "definition"), [("all", False, False), ("crd", True, False), ("none", True, True)]
)
def test_whose_status_is_compared(mode: str, thing: bool, definition: bool) -> None:
    settings = DiffSettings(ignore_status=mode)
    sides = [({"a": 1}, {"a": 2})]
    for wanted, existing in sides:
        things = body("example.org/v1", "Thing", status=wanted), body("example.org/v1", "Thing", status=existing)
        definitions = (
            body(CRD, "CustomResourceDefinition", status=wanted),
            body(CRD, "CustomResourceDefinition", status=existing),
        )
        assert bool(paths(*things, settings)) is thing
        assert bool(paths(*definitions, settings)) is definition


def test_equal_secrets_show_equal_runs_and_different_ones_different_runs_on_both_sides() -> None:
    desired = body("v1", "Secret", stringData={"same": "one", "other": "two"})
    live = body("v1", "Secret", data={"same": "b25l", "other": "dGhyZWU="})
    wanted = DesiredObject(ResourceKey("", "Secret", "", "x"), "v1", desired, "", Origin(""))
    diff = compute_diff(wanted, live)
    assert [change.path for change in diff.changes] == ["data.other"]
    assert diff.normalized_live is not None
    assert diff.predicted_live is not None
    before, after = diff.normalized_live["data"], diff.predicted_live["data"]
    assert before["same"] == after["same"]
    assert before["other"] != after["other"]
    assert {*"".join([*before.values(), *after.values()])} == {"+"}


def test_a_number_and_its_text_are_two_values_where_a_field_takes_both() -> None:
    port = {"name": "web", "port": 80, "protocol": "TCP"}
    wanted, live = (
        body("v1", "Service", spec={"ports": [{**port, "targetPort": target}]}) for target in ("8080", 8080)
    )
    assert paths(wanted, live) == ["spec.ports[port=80,protocol=TCP].targetPort"]
    assert paths(live, live) == []


@pytest.mark.parametrize("written", ['{"data": {"a": "b25l"}}', "{ b25l", '"b25l"', "[]"])
def test_what_was_applied_last_shows_no_value_of_a_secret_however_it_is_written(written: str) -> None:
    secret = body("v1", "Secret", {"annotations": {LAST_APPLIED: written}}, data={"a": "b25l"})
    desired, live = mask_secrets(secret, secret)
    assert "b25l" not in str(desired) + str(live)
    assert LAST_APPLIED in str(live)
