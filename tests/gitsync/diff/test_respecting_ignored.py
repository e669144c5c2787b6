"""Ignored fields are applied as the cluster has them, and nothing else changes."""

from typing import Any

import pytest

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
