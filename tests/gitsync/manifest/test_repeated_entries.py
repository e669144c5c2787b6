"""Which objects server-side apply refuses for an entry that a list has twice."""

from typing import Any

import pytest

from gitsync.manifest.repeated import lists_an_entry_twice
from gitsync.plan.options import is_applied_by_client

POD = {"containers": [{"name": "app", "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}]}


def body(api_version: str, kind: str, spec: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}


@pytest.mark.parametrize(
    ("api_version", "kind", "spec"),
    [
        ("v1", "Pod", POD),
        ("apps/v1", "Deployment", {"template": {"spec": POD}}),
        ("batch/v1", "CronJob", {"jobTemplate": {"spec": {"template": {"spec": POD}}}}),
        ("v1", "Pod", {"initContainers": POD["containers"]}),
        ("v1", "Pod", {"imagePullSecrets": [{"name": "a"}, {"name": "a"}]}),
        ("v1", "Pod", {"containers": [{"ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "TCP"}]}]}),
    ],
)
def test_an_entry_twice_is_found(api_version: str, kind: str, spec: Any) -> None:
    assert lists_an_entry_twice(body(api_version, kind, spec))


@pytest.mark.parametrize(
    ("api_version", "kind", "spec"),
    [
        ("v1", "Pod", {"containers": [{"env": [{"name": "A"}, {"name": "B"}]}]}),
        ("v1", "Pod", {"containers": [{"ports": [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]}]}),
        ("example.org/v1", "Deployment", {"template": {"spec": POD}}),
        *(
            ("apps/v1", "Deployment", broken)
            for broken in (None, [], "x", {"template": [1]}, {"template": {"spec": 1}})
        ),
        *(("v1", "Pod", {"containers": broken}) for broken in (None, 1, [1, {"env": 1}, {"env": [1, 2]}])),
    ],
)
def test_nothing_else_is_taken_for_one(api_version: str, kind: str, spec: Any) -> None:
    assert not lists_an_entry_twice(body(api_version, kind, spec))


def test_the_manifest_has_the_last_word_on_how_it_is_applied() -> None:
    twice = body("v1", "Pod", POD)
    assert is_applied_by_client(twice, {}, {})
    assert not is_applied_by_client(twice, {"ServerSideApply": "true"}, {})
    assert is_applied_by_client({}, {"ServerSideApply": "false"}, {"ServerSideApply": "true"})
    assert is_applied_by_client({}, {}, {"Validate": "false"})
    assert not is_applied_by_client({}, {}, {})
