"""Warnings that only reports carry, by the clock and by the kinds that a cluster knows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from api.types.enums import SyncErrorCodes, WarningAction
from api.types.problem import SyncError, Warning
from gitsync.application.record import Desired, Record, Records, read_application
from gitsync.kube.access import IN_CLUSTER_SERVER
from gitsync.manifest.object import DesiredObject, Origin
from gitsync.reporting.remarks import THRESHOLD_ANNOTATION, long_sync_at, remarks
from model.identity import ResourceKey
from model.kinds.application import ApplicationCondition
from model.listing import ListedApplication
from model.report import LONG_SYNC, ROLLOUTS_MISSING, ROLLOUTS_OFF
from tests.support.fake_fleet import summary

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROLLOUT = ResourceKey("argoproj.io", "Rollout", "shop", "cart")


def record(phase: str = "Running", **annotations: str) -> Record:
    state = {
        "phase": phase,
        "startedAt": "2026-03-01T12:00:00Z",
        "message": "waiting for Job migrate",
        "operation": {},
    }
    body: dict[str, Any] = {
        "metadata": {"name": "cart", "namespace": "argosy", "annotations": annotations},
        "spec": {"project": "default"},
        "status": {"operationState": state},
    }
    return Records("argosy").add(body, read_application(body))


@pytest.mark.parametrize(("told", "minutes"), [("", 30), ("5", 5), ("0.5", 0.5), ("-1", 30), ("soon", 30), ("nan", 30)])
def test_a_sync_is_long_from_the_minute_that_is_asked_for(told: str, minutes: float) -> None:
    running = record(**{THRESHOLD_ANNOTATION: told})
    due = START + timedelta(minutes=minutes)
    assert long_sync_at(running) == due
    assert remarks(running, now=due - timedelta(seconds=1)) == []
    (found,) = remarks(running, now=due)
    assert (found.type, found.last_transition_time) == (LONG_SYNC, due)
    assert "waiting for Job migrate" in found.message


@pytest.mark.parametrize("phase", ["Succeeded", "Failed", "Error"])
def test_a_sync_that_ended_is_not_long(phase: str) -> None:
    assert remarks(record(phase), now=START + timedelta(days=1)) == []


def test_rollouts_are_missing_where_an_application_has_one_and_its_cluster_does_not_know_the_kind() -> None:
    held = record("Succeeded")
    objects = {ROLLOUT: DesiredObject(ROLLOUT, "v1alpha1", {}, "d", Origin("rollout.yaml"))}
    held.desired = Desired("head", "Directory", objects)
    assert remarks(held, now=START) == []
    held.desired = Desired("head", "Directory", objects, unknown=frozenset({("argoproj.io", "Rollout")}))
    assert [one.type for one in remarks(held, now=START)] == [ROLLOUTS_MISSING]
    held.desired = Desired("head", "Directory", {}, unknown=frozenset({("example.com", "Rollout")}))
    assert remarks(held, now=START) == []


@pytest.mark.parametrize(
    ("type_", "code", "action"),
    [
        (LONG_SYNC, SyncErrorCodes.LONG_SYNC, WarningAction.TERMINATE),
        (ROLLOUTS_MISSING, SyncErrorCodes.MISSING_ROLLOUTS_COMPONENT, WarningAction.INSTALL_ROLLOUTS),
        ("ExcludedResourceWarning", SyncErrorCodes.UNKNOWN, WarningAction.VIEW_DETAILS),
    ],
)
def test_a_warning_says_what_to_do(type_: str, code: SyncErrorCodes, action: WarningAction) -> None:
    condition = ApplicationCondition(type=type_, message="m")
    told = msgspec.structs.replace(summary(0), conditions=(condition,), cluster="eu")
    warning = Warning.of((ListedApplication("demo", told), 0))
    assert isinstance(warning.error, SyncError)
    assert (warning.error.code, warning.action, warning.error.level.value) == (code, action, "WARNING")
    assert warning.cluster == "eu"
    assert bool(warning.error.suggestion) is (code is not SyncErrorCodes.UNKNOWN)


def test_nothing_is_to_be_installed_where_the_runtime_itself_runs_rollouts() -> None:
    held = record("Succeeded")
    objects = {ROLLOUT: DesiredObject(ROLLOUT, "v1alpha1", {}, "d", Origin("rollout.yaml"))}
    held.desired = Desired("head", "Directory", objects, unknown=frozenset({("argoproj.io", "Rollout")}))
    held.server = IN_CLUSTER_SERVER
    (found,) = remarks(held, now=START)
    assert found.type == ROLLOUTS_OFF
    warning = Warning.of((ListedApplication("demo", msgspec.structs.replace(summary(0), conditions=(found,))), 0))
    assert warning.action is WarningAction.VIEW_DETAILS
    assert "--controllers" in (warning.error.suggestion or "")
