"""How much an automated sync may remove without anybody's word."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gitsync.plan.options import DELETION_APPROVED_ANNOTATION
from gitsync.reconcile.autosync import Situation, Skip, Start, decide
from gitsync.reconcile.deletion_budget import BUDGET_ANNOTATION, exceeded, is_approved
from gitsync.settings import LoopSettings
from model.health import Sync
from model.identity import ResourceKey
from model.kinds.application import Application, ApplicationSpec, AutomatedSync, Operation, OperationState, SyncPolicy
from model.kinds.meta import ObjectMeta
from model.operation import Phase

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def application(**annotations: str) -> Application:
    spec = ApplicationSpec(sync_policy=SyncPolicy(automated=AutomatedSync(prune=True)))
    return Application(metadata=ObjectMeta(name="web", namespace="argosy", annotations=annotations), spec=spec)


def decided(prunes: int, objects: int, last: OperationState | None = None, **annotations: str) -> Any:
    situation = Situation(
        application=application(**annotations),
        sync=Sync.OUT_OF_SYNC,
        revision="new",
        drifted=(),
        only_prunes_missing=False,
        would_prune_all=False,
        last=last,
        prunes=[ResourceKey("", "ConfigMap", "shop", f"c{number:02}") for number in range(prunes)],
        objects=objects,
    )
    return decide(situation, settings=LoopSettings(), now=NOW)


@pytest.mark.parametrize(
    ("written", "prunes", "objects", "stopped"),
    [
        ("", 10, 10, False),
        ("", 11, 20, True),
        ("", 11, 22, False),
        ("3", 4, 1000, True),
        ("3", 3, 4, False),
        ("25%", 2, 4, True),
        ("25%", 1, 4, False),
        ("100%", 50, 50, False),
        ("nonsense", 11, 20, True),
    ],
)
def test_the_budget_is_a_share_or_a_number(written: str, prunes: int, objects: int, stopped: bool) -> None:
    assert bool(exceeded(application(**{BUDGET_ANNOTATION: written}), prunes, objects)) is stopped


def test_what_would_go_is_named_and_waits() -> None:
    decision = decided(11, 12)
    assert isinstance(decision, Skip)
    assert decision.condition is not None
    assert decision.condition.type == "DeletionBudgetWarning"
    assert "would remove 11 of 12 objects" in decision.condition.message
    assert "ConfigMap shop/c00" in decision.condition.message
    assert "and 6 more" in decision.condition.message


def test_an_approval_counts_only_for_what_came_after_the_last_sync() -> None:
    last = OperationState(operation=Operation(), phase=Phase.SUCCEEDED, finished_at=NOW)
    late, early = "2026-03-10T12:00:01Z", "2026-03-10T11:59:59Z"
    assert isinstance(decided(11, 12, last, **{DELETION_APPROVED_ANNOTATION: late}), Start)
    assert isinstance(decided(11, 12, last, **{DELETION_APPROVED_ANNOTATION: early}), Skip)
    assert not is_approved(application(**{DELETION_APPROVED_ANNOTATION: "yes"}), last)
