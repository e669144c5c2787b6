"""Operations that are refused before anything is looked at, and confirmations that count."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gitsync.manifest.object import JsonObject
from gitsync.plan.options import DELETION_APPROVED_ANNOTATION
from gitsync.syncing.approval import is_approved
from gitsync.syncing.refusal import LOCAL_MANIFESTS_ANNOTATION, why_refused
from model.kinds.application import (
    Application,
    ApplicationSource,
    ApplicationSpec,
    AutomatedSync,
    SyncOperation,
    SyncPolicy,
)
from model.kinds.meta import ObjectMeta

HERE = ApplicationSource(repo_url="https://git.example.com/shop.git", path="app", target_revision="main")
THERE = ApplicationSource(repo_url="https://git.example.com/shop.git", path="old")
AUTOMATED = SyncPolicy(automated=AutomatedSync())
SWITCHED_OFF = SyncPolicy(automated=AutomatedSync(enabled=False))
OPEN: JsonObject = {"metadata": {"name": "team", "annotations": {LOCAL_MANIFESTS_ANNOTATION: "true"}}}
PLAIN: JsonObject = {"metadata": {"name": "team"}}
SIGNED: JsonObject = {**OPEN, "spec": {"signatureKeys": [{"keyID": "0"}]}}
LOCAL = SyncOperation(manifests=("kind: ConfigMap",))


def refused(policy: SyncPolicy | None, sync: SyncOperation, project: JsonObject = PLAIN, **how: Any) -> str:
    application = Application(ObjectMeta(name="web"), ApplicationSpec(source=HERE, sync_policy=policy))
    return why_refused(application, project, sync, automated=how.get("automated", False))


@pytest.mark.parametrize(
    ("policy", "sync", "why"),
    [
        (AUTOMATED, SyncOperation(source=THERE), "rollback cannot be initiated when auto-sync is enabled"),
        (AUTOMATED, SyncOperation(sources=(THERE, HERE)), "rollback cannot be initiated when auto-sync is enabled"),
        (AUTOMATED, SyncOperation(source=HERE), ""),
        (AUTOMATED, SyncOperation(source=THERE, dry_run=True), ""),
        (AUTOMATED, SyncOperation(revision="0123456"), ""),
        (SWITCHED_OFF, SyncOperation(source=THERE), ""),
        (None, SyncOperation(source=THERE), ""),
    ],
)
def test_rollbacks(policy: SyncPolicy | None, sync: SyncOperation, why: str) -> None:
    assert refused(policy, sync).startswith(why)
    assert bool(refused(policy, sync)) == bool(why)


@pytest.mark.parametrize(
    ("policy", "project", "why"),
    [
        (None, PLAIN, "project team does not permit local manifests"),
        (None, OPEN, ""),
        (None, SIGNED, "project team demands signed sources"),
        (AUTOMATED, OPEN, "local manifests cannot be synced when auto-sync is enabled"),
    ],
)
def test_local_manifests(policy: SyncPolicy | None, project: JsonObject, why: str) -> None:
    told = refused(policy, LOCAL, project)
    assert told.startswith(why)
    assert bool(told) == bool(why)


def test_even_a_dry_run_of_local_manifests_needs_the_projects_word() -> None:
    dry = SyncOperation(manifests=LOCAL.manifests, dry_run=True)
    assert "does not permit" in refused(AUTOMATED, dry)
    assert not refused(AUTOMATED, dry, OPEN)


BEGAN = datetime(2026, 1, 1, 12, 0, 30, 400_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "counts"),
    [
        ("2026-01-01T12:00:30Z", True),
        ("2026-01-01T13:00:31+01:00", True),
        ("2026-01-01T12:00:29Z", False),
        ("2026-01-01T12:00:31", True),
        ("true", False),
        ("", False),
    ],
)
def test_a_confirmation_counts_from_the_beginning_on(written: str, counts: bool) -> None:
    application = Application(ObjectMeta(name="web", annotations={DELETION_APPROVED_ANNOTATION: written}))
    assert is_approved(application, BEGAN) == counts
    assert not is_approved(application, None)
