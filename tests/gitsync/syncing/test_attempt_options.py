"""What an operation tells the plan of its sync."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gitsync.application.record import Record, Records, read_application
from gitsync.plan.options import PlanOptions
from gitsync.syncing.attempt import plan_options
from model.identity import ResourceKey
from model.kinds.application import SyncOperation

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
CONFIG = ResourceKey("", "ConfigMap", "shop", "settings")


def record() -> Record:
    spec = {
        "destination": {"namespace": "shop"},
        "syncPolicy": {"syncOptions": ["PruneLast=true"], "managedNamespaceMetadata": {"labels": {"team": "x"}}},
    }
    raw = {"metadata": {"name": "shop", "namespace": "argosy"}, "spec": spec}
    return Records("argosy").add(raw, read_application(raw))


def options(**sync: Any) -> PlanOptions:
    return plan_options(record(), msgspec.convert(sync, SyncOperation), revision="abc", began=BEGAN)


@pytest.mark.parametrize(
    ("sync", "field", "value"),
    [
        ({}, "sync_options", ("PruneLast=true",)),
        ({"syncOptions": ["Replace=true"]}, "sync_options", ("Replace=true",)),
        ({}, "prune", False),
        ({"prune": True}, "prune", True),
        ({}, "force", False),
        ({"syncStrategy": {"apply": {"force": True}}}, "force", True),
        ({"syncStrategy": {"hook": {"force": True}}}, "force", True),
        ({}, "run_hooks", True),
        ({"syncStrategy": {"hook": {}}}, "run_hooks", True),
        ({"syncStrategy": {"apply": {}}}, "run_hooks", False),
        ({}, "namespace_metadata", {"labels": {"team": "x"}}),
        ({}, "started_unix_seconds", int(BEGAN.timestamp())),
    ],
)
def test_an_operation_tells_the_plan_what_it_asks_for(sync: dict[str, Any], field: str, value: object) -> None:
    assert getattr(options(**sync), field) == value


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ({"kind": "ConfigMap", "name": "settings"}, True),
        ({"kind": "ConfigMap", "name": "settings", "namespace": "shop"}, True),
        ({"kind": "ConfigMap", "name": "settings", "namespace": "other"}, False),
        ({"kind": "ConfigMap", "name": "setting"}, False),
        ({"group": "apps", "kind": "ConfigMap", "name": "settings"}, False),
        ({"kind": "Secret", "name": "settings"}, False),
    ],
)
def test_a_selector_without_a_namespace_means_any(selector: dict[str, str], selected: bool) -> None:
    assert options(resources=[selector]).selects(CONFIG) is selected
