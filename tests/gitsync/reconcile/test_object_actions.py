"""Actions: possible now or not, and the patch they are."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gitsync.reconcile.actions import ActionImpossible, action_patch, available
from model.identity import ResourceKey

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DEPLOYMENT = ResourceKey("apps", "Deployment", "default", "web")
STATEFUL_SET = ResourceKey("apps", "StatefulSet", "default", "web")
DAEMON_SET = ResourceKey("apps", "DaemonSet", "default", "web")
REPLICA_SET = ResourceKey("apps", "ReplicaSet", "default", "web-1")
CRON_JOB = ResourceKey("batch", "CronJob", "default", "nightly")
JOB = ResourceKey("batch", "Job", "default", "nightly-1")
OWNED = {"metadata": {"ownerReferences": [{"kind": "Deployment", "name": "web", "controller": True}]}}
ENDED = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
RESTARTED = {
    "spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-01-02T03:04:05Z"}}}}
}

PATCHES: list[tuple[ResourceKey, dict[str, Any], str, dict[str, Any], dict[str, Any]]] = [
    (DEPLOYMENT, {}, "restart", {}, RESTARTED),
    (STATEFUL_SET, {}, "restart", {}, RESTARTED),
    (DAEMON_SET, {}, "restart", {}, RESTARTED),
    (DEPLOYMENT, {}, "scale", {"replicas": 3}, {"spec": {"replicas": 3}}),
    (STATEFUL_SET, {}, "scale", {"replicas": "0"}, {"spec": {"replicas": 0}}),
    (DEPLOYMENT, {}, "pause", {}, {"spec": {"paused": True}}),
    (DEPLOYMENT, {"spec": {"paused": True}}, "resume", {}, {"spec": {"paused": False}}),
    (CRON_JOB, {}, "suspend", {}, {"spec": {"suspend": True}}),
    (JOB, {"spec": {"suspend": True}}, "resume", {}, {"spec": {"suspend": False}}),
]

IMPOSSIBLE: list[tuple[ResourceKey, dict[str, Any], str, dict[str, Any], str]] = [
    (DEPLOYMENT, {"spec": {"paused": True}}, "restart", {}, "paused"),
    (DEPLOYMENT, {}, "resume", {}, "not paused"),
    (DEPLOYMENT, {}, "scale", {}, "replicas"),
    (DEPLOYMENT, {}, "scale", {"replicas": -1}, "replicas"),
    (DEPLOYMENT, {}, "scale", {"replicas": True}, "replicas"),
    (DEPLOYMENT, {}, "scale", {"replicas": 10**9}, "replicas"),
    (REPLICA_SET, OWNED, "scale", {"replicas": 2}, "Deployment web"),
    (JOB, ENDED, "suspend", {}, "ended"),
    (CRON_JOB, {"spec": {"suspend": True}}, "suspend", {}, "already"),
    (DAEMON_SET, {}, "scale", {"replicas": 2}, "no action"),
    (DEPLOYMENT, {}, "rm -rf", {}, "no action"),
]


@pytest.mark.parametrize(("key", "body", "name", "parameters", "patch"), PATCHES)
def test_an_action_is_a_small_patch(
    key: ResourceKey, body: dict[str, Any], name: str, parameters: dict[str, Any], patch: dict[str, Any]
) -> None:
    assert action_patch(key, body, name, parameters, now=NOW) == patch


@pytest.mark.parametrize(("key", "body", "name", "parameters", "why"), IMPOSSIBLE)
def test_an_impossible_action_says_why(
    key: ResourceKey, body: dict[str, Any], name: str, parameters: dict[str, Any], why: str
) -> None:
    with pytest.raises(ActionImpossible, match=why):
        action_patch(key, body, name, parameters, now=NOW)


def test_disabled_actions_are_listed_with_their_reason() -> None:
    found = {action.name: action for action in available(DEPLOYMENT, {"spec": {"paused": True}})}
    assert found["restart"].disabled
    assert "resume it first" in found["restart"].reason
    assert not found["resume"].disabled


def test_kinds_without_actions_have_none() -> None:
    assert available(ResourceKey("", "ConfigMap", "default", "web"), {}) == ()
