"""When an automated application is synced, and when not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from gitsync.reconcile.autosync import Situation, Skip, Start, WaitFor, decide, self_heal_delay_seconds
from gitsync.settings import LoopSettings
from model.health import Sync
from model.identity import ResourceKey
from model.kinds.application import Application, DirectoryOptions, OperationState

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SETTINGS = LoopSettings()
SOURCE = {"repoURL": "https://git.example.com/apps.git", "path": "web", "targetRevision": "main"}
DRIFTED = (ResourceKey("apps", "Deployment", "web", "web"),)


def application(automated: dict[str, Any] | None, **policy: Any) -> Application:
    body = {
        "metadata": {"name": "web", "namespace": "argosy"},
        "spec": {"source": SOURCE, "syncPolicy": {"automated": automated, **policy}},
    }
    return msgspec.convert(body, Application)


def last(phase: str, revision: str = "new", *, seconds_ago: float = 60, attempts: int = 0) -> OperationState:
    finished = NOW - timedelta(seconds=seconds_ago)
    body = {
        "operation": {"sync": {"revision": revision, "selfHealAttemptsCount": attempts}},
        "phase": phase,
        "message": "one object failed",
        "finishedAt": finished.isoformat(),
        "syncResult": {"revision": revision, "source": SOURCE},
    }
    return msgspec.convert(body, OperationState, strict=False)


def situation(app: Application, **changes: Any) -> Situation:
    values: dict[str, Any] = {
        "application": app,
        "sync": Sync.OUT_OF_SYNC,
        "revision": "new",
        "drifted": DRIFTED,
        "only_prunes_missing": False,
        "would_prune_all": False,
        "last": None,
    }
    return Situation(**{**values, **changes})


ON: dict[str, Any] = {}
HEAL = {"selfHeal": True}
PRUNE = {"prune": True}

SKIPPED = {
    "without a policy": (None, {}, "off"),
    "switched off": ({"enabled": False}, {}, "off"),
    "while an operation runs": (ON, {"operation_pending": True}, "in progress"),
    "in sync": (ON, {"sync": Sync.SYNCED}, "Synced"),
    "unknown": (ON, {"sync": Sync.UNKNOWN}, "Unknown"),
    "only pruning is missing and it is off": (ON, {"only_prunes_missing": True}, "prun"),
    "this revision failed before": (ON, {"last": last("Failed")}, "failed"),
    "this revision ended in an error before": (HEAL, {"last": last("Error")}, "failed"),
    "this revision was synced and self-heal is off": (ON, {"last": last("Succeeded")}, "self-heal is off"),
    "it would wipe out everything": (PRUNE, {"would_prune_all": True}, "every object"),
}


@pytest.mark.parametrize("name", SKIPPED)
def test_no_sync(name: str) -> None:
    automated, changes, reason = SKIPPED[name]
    decision = decide(situation(application(automated), **changes), settings=SETTINGS, now=NOW)
    assert isinstance(decision, Skip)
    assert reason in decision.reason


STARTED = {
    "a revision that was never tried": (ON, {}),
    "a newer revision after a failed one": (ON, {"last": last("Failed", "old")}),
    "only pruning is missing and it is on": (PRUNE, {"only_prunes_missing": True}),
    "wiping out everything when it is allowed": (PRUNE | {"allowEmpty": True}, {"would_prune_all": True}),
    "drift long after the sync": (HEAL, {"last": last("Succeeded")}),
}


@pytest.mark.parametrize("name", STARTED)
def test_sync(name: str) -> None:
    automated, changes = STARTED[name]
    decision = decide(situation(application(automated), **changes), settings=SETTINGS, now=NOW)
    assert isinstance(decision, Start)
    assert decision.operation.sync is not None
    assert decision.operation.sync.revision == "new"
    assert decision.operation.sync.prune is bool(automated and automated.get("prune"))
    assert decision.operation.initiated_by is not None
    assert decision.operation.initiated_by.automated


def test_a_changed_source_is_a_new_attempt_at_the_same_revision() -> None:
    app = application(ON)
    moved = msgspec.structs.replace(app.spec.all_sources[0], path="elsewhere")
    app = msgspec.structs.replace(app, spec=msgspec.structs.replace(app.spec, source=moved))
    assert isinstance(decide(situation(app, last=last("Failed")), settings=SETTINGS, now=NOW), Start)


def test_options_that_say_nothing_make_no_new_attempt() -> None:
    """The result of a sync tells the source as it was written, `helm: {}` included."""
    app = application(ON)
    written = msgspec.structs.replace(app.spec.all_sources[0], helm={}, directory=DirectoryOptions())
    app = msgspec.structs.replace(app, spec=msgspec.structs.replace(app.spec, source=written))
    failed = last("Failed")
    assert failed.sync_result is not None
    result = msgspec.structs.replace(failed.sync_result, source=written)
    failed = msgspec.structs.replace(failed, sync_result=result)
    assert isinstance(decide(situation(app, last=failed), settings=SETTINGS, now=NOW), Skip)


def test_self_heal_syncs_only_what_drifted_and_counts_its_attempts() -> None:
    decision = decide(
        situation(application(HEAL), last=last("Succeeded", attempts=2, seconds_ago=100)), settings=SETTINGS, now=NOW
    )
    assert isinstance(decision, Start)
    sync = decision.operation.sync
    assert sync is not None
    assert [(one.kind, one.name) for one in sync.resources] == [("Deployment", "web")]
    assert sync.self_heal_attempts_count == 3


def test_self_heal_waits_for_its_back_off() -> None:
    decision = decide(
        situation(application(HEAL), last=last("Succeeded", attempts=2, seconds_ago=1)), settings=SETTINGS, now=NOW
    )
    assert isinstance(decision, WaitFor)
    assert decision.seconds == pytest.approx(5)


def test_self_heal_waits_until_the_cluster_shows_what_was_applied_but_not_for_ever() -> None:
    late = situation(application(HEAL), last=last("Succeeded", seconds_ago=4), behind=True)
    decision = decide(late, settings=SETTINGS, now=NOW)
    assert isinstance(decision, WaitFor)
    assert decision.seconds == 56
    assert isinstance(decide(replace(late, behind=False), settings=SETTINGS, now=NOW), Start)
    assert isinstance(decide(late, settings=SETTINGS, now=NOW + timedelta(seconds=57)), Start)
    newer = situation(application(HEAL), last=last("Succeeded", "old", seconds_ago=4), behind=True)
    assert isinstance(decide(newer, settings=SETTINGS, now=NOW), Start)


def test_self_heal_does_not_wait_for_a_clock_that_was_set_back() -> None:
    decision = decide(
        situation(application(HEAL), last=last("Succeeded", attempts=2, seconds_ago=-3600)), settings=SETTINGS, now=NOW
    )
    assert isinstance(decision, Start)
    assert decision.operation.sync is not None
    assert decision.operation.sync.self_heal_attempts_count == 3


def test_self_heal_back_off_grows_to_its_limit() -> None:
    assert [self_heal_delay_seconds(attempts, SETTINGS) for attempts in (0, 1, 2, 3, 9)] == [0, 2, 6, 18, 300]


def test_self_heal_forgets_its_attempts_after_a_calm_time() -> None:
    decision = decide(
        situation(application(HEAL), last=last("Succeeded", attempts=9, seconds_ago=301)), settings=SETTINGS, now=NOW
    )
    assert isinstance(decision, Start)
    assert decision.operation.sync is not None
    assert decision.operation.sync.self_heal_attempts_count == 1


def test_a_failed_attempt_is_shown_with_what_to_do() -> None:
    decision = decide(situation(application(ON), last=last("Failed")), settings=SETTINGS, now=NOW)
    assert isinstance(decision, Skip)
    assert decision.condition is not None
    assert decision.condition.type == "SyncError"
    assert "one object failed" in decision.condition.message


def test_retry_is_five_times_unless_the_policy_says_otherwise() -> None:
    plain = decide(situation(application(ON)), settings=SETTINGS, now=NOW)
    own = decide(situation(application(ON, retry={"limit": 1})), settings=SETTINGS, now=NOW)
    assert isinstance(plain, Start)
    assert isinstance(own, Start)
    assert plain.operation.retry is not None
    assert plain.operation.retry.limit == 5
    assert own.operation.retry is not None
    assert own.operation.retry.limit == 1
