"""What reports of an application make of its releases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from model.identity import ApplicationId, ResourceKey
from model.kinds.application import (
    ApplicationSource,
    Initiator,
    Operation,
    OperationState,
    RevisionHistory,
    SyncOperation,
    SyncOperationResult,
)
from model.references import issues, pull_requests
from model.release import Known, Release, advance
from model.report import ApplicationSummary, CommitInfo, HealthState, SyncState, WorkloadState
from tests.support.fake_fleet import summary

APP = ApplicationId("demo", "argosy", "checkout")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = ApplicationSource(repo_url="https://git.example/apps.git", path="checkout")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def entry(number: int, revision: str, minutes: float) -> RevisionHistory:
    return RevisionHistory(
        id=number,
        revision=revision,
        deployed_at=at(minutes),
        deploy_started_at=at(minutes - 0.1),
        source=SOURCE,
        initiated_by=Initiator(automated=True),
    )


def commit(revision: str, minutes: float, message: str = "Raise limits") -> CommitInfo:
    return CommitInfo(revision, message, "Mira", "mira@example.test", at(minutes), SOURCE.repo_url)


def reported(*history: RevisionHistory, health: HealthState = HealthState.HEALTHY, **fields: Any) -> ApplicationSummary:
    defaults: dict[str, Any] = {"operation": None, "sync": SyncState.SYNCED, "history_commits": {}, "uid": "u"}
    return msgspec.structs.replace(summary(0), history=history, health=health, **{**defaults, **fields})


def failed(revision: str, minutes: float) -> OperationState:
    return OperationState(
        operation=Operation(sync=SyncOperation()),
        phase="Failed",
        message="one object was refused",
        sync_result=SyncOperationResult(revision=revision),
        started_at=at(minutes - 0.1),
        finished_at=at(minutes),
    )


class Story:
    """Reports in their order, and what is kept of them."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], Release] = {}

    def tell(self, report: ApplicationSummary, minutes: float) -> list[Release]:
        releases = sorted(self.kept.values(), key=lambda one: one.started)
        newest = releases[-1] if releases else None
        known = Known(
            newest,
            tuple(one for one in releases if one.failed and one.restored is None),
            frozenset((one.revision,) for one in releases[:-1] if newest and one.uid == newest.uid),
        )
        found = advance(APP, report, known, now=at(minutes))
        self.kept |= {(one.uid, one.number): one for one in found}
        return found

    def __getitem__(self, number: int) -> Release:
        return self.kept["u", number]


def test_a_deployment_is_progressing_until_the_application_is_healthy() -> None:
    story = Story()
    story.tell(reported(entry(0, "a" * 40, 0), health=HealthState.PROGRESSING), 0)
    assert story[1].health is HealthState.PROGRESSING
    story.tell(reported(entry(0, "a" * 40, 0)), 2)
    assert story[1].successful


def test_telling_the_same_again_changes_nothing() -> None:
    story = Story()
    report = reported(entry(0, "a" * 40, 0))
    assert story.tell(report, 0)
    assert story.tell(report, 1) == []


def test_syncing_the_same_again_is_no_release() -> None:
    story = Story()
    story.tell(reported(entry(0, "a" * 40, 0)), 0)
    story.tell(reported(entry(0, "a" * 40, 0), entry(1, "a" * 40, 5)), 5)
    assert list(story.kept) == [("u", 1)]
    story.tell(reported(entry(0, "a" * 40, 0), entry(1, "a" * 40, 5), entry(2, "b" * 40, 6)), 6)
    assert story[2].argo_id == 2


def test_one_that_a_newer_change_interrupts_is_terminated() -> None:
    story = Story()
    story.tell(reported(entry(0, "a" * 40, 0), health=HealthState.PROGRESSING), 0)
    story.tell(reported(entry(0, "a" * 40, 0), entry(1, "b" * 40, 1), health=HealthState.PROGRESSING), 1)
    assert story[1].health is HealthState.TERMINATED
    assert not story[1].failed


def test_one_that_degrades_before_it_was_healthy_failed_until_all_is_well() -> None:
    story = Story()
    story.tell(reported(entry(0, "a" * 40, 0), health=HealthState.PROGRESSING), 0)
    story.tell(reported(entry(0, "a" * 40, 0), health=HealthState.DEGRADED), 3)
    assert (story[1].failed, story[1].degraded) == (True, at(3))
    story.tell(reported(entry(0, "a" * 40, 0), entry(1, "b" * 40, 9), health=HealthState.PROGRESSING), 9)
    assert story[1].restored is None
    story.tell(reported(entry(0, "a" * 40, 0), entry(1, "b" * 40, 9)), 10)
    assert story[1].restore_seconds == 7 * 60
    assert story[2].successful


def test_what_degrades_later_did_not_fail_to_be_deployed() -> None:
    story = Story()
    story.tell(reported(entry(0, "a" * 40, 0)), 0)
    story.tell(reported(entry(0, "a" * 40, 0), health=HealthState.DEGRADED), 60)
    assert story[1].successful


def test_health_during_a_sync_says_nothing_of_the_release_before() -> None:
    story = Story()
    story.tell(reported(entry(0, "a" * 40, 0), health=HealthState.PROGRESSING), 0)
    story.tell(reported(entry(0, "a" * 40, 0), health=HealthState.DEGRADED, sync=SyncState.SYNCING), 1)
    assert story[1].health is HealthState.PROGRESSING


def test_going_back_to_an_earlier_revision_is_a_rollback_and_fails_what_it_takes_back() -> None:
    story = Story()
    one, two, back = entry(0, "a" * 40, 0), entry(1, "b" * 40, 10), entry(2, "a" * 40, 30)
    story.tell(reported(one), 0)
    story.tell(reported(one, two), 10)
    story.tell(reported(one, two, back), 31)
    assert story[3].rollback
    assert not story[3].successful
    assert story[2].failed
    assert story[2].restored == at(31)


def test_a_revert_commit_is_a_rollback_as_soon_as_its_message_is_known() -> None:
    story = Story()
    one, two = entry(0, "a" * 40, 0), entry(1, "b" * 40, 10)
    story.tell(reported(one), 0)
    story.tell(reported(one, two), 10)
    assert not story[2].rollback
    message = 'Revert "Raise limits"\n\nThis reverts commit aaaa.'
    story.tell(reported(one, two, history_commits={"b" * 40: commit("b" * 40, 9, message)}), 11)
    assert story[2].rollback


def test_a_sync_that_cannot_be_applied_is_a_failed_release_once_however_often_it_is_tried() -> None:
    story = Story()
    one = entry(0, "a" * 40, 0)
    story.tell(reported(one), 0)
    story.tell(reported(one, operation=failed("b" * 40, 5), sync=SyncState.OUT_OF_SYNC), 5)
    story.tell(reported(one, operation=failed("b" * 40, 8), sync=SyncState.OUT_OF_SYNC), 8)
    assert (story[2].failed, story[2].argo_id, story[2].degraded) == (True, None, at(5))
    story.tell(reported(one, entry(1, "b" * 40, 12)), 12)
    assert story[3].successful
    assert story[2].restore_seconds == 7 * 60


def test_an_application_made_anew_inherits_nothing() -> None:
    story = Story()
    story.tell(reported(entry(0, "a" * 40, 0)), 0)
    story.tell(reported(entry(0, "a" * 40, 20), uid="v"), 20)
    assert story.kept["v", 1].rollback is False
    assert story.kept["v", 1].workloads_before == ()


def test_a_lost_database_is_filled_from_the_history_and_does_not_guess_how_it_went() -> None:
    story = Story()
    story.tell(reported(entry(7, "a" * 40, 0), entry(8, "b" * 40, 1), entry(9, "c" * 40, 2)), 50)
    assert [one.health for one in story.kept.values()] == [
        HealthState.UNKNOWN,
        HealthState.UNKNOWN,
        HealthState.HEALTHY,
    ]


def test_lead_time_runs_from_each_commit_to_the_end_of_the_deployment() -> None:
    story = Story()
    one, two = entry(0, "a" * 40, 0), entry(1, "b" * 40, 60)
    brought = (commit("c" * 40, 0), commit("b" * 40, 30), commit("d" * 40, 61))
    story.tell(reported(one), 0)
    story.tell(reported(one, two, release_id=1, release_commits=brought), 60)
    assert story[2].lead_seconds == (3600.0, 1800.0, 0.0)


def test_workloads_are_those_before_and_after() -> None:
    key = ResourceKey("apps", "Deployment", "shop", "checkout")
    old, new = (WorkloadState(key, "v1", (f"checkout:{tag}",), replicas) for tag, replicas in (("1", 2), ("2", 3)))
    story = Story()
    one, two = entry(0, "a" * 40, 0), entry(1, "b" * 40, 1)
    story.tell(reported(one, workloads=(old,)), 0)
    story.tell(reported(one, two, workloads=(new,)), 1)
    assert (story[2].workloads_before, story[2].workloads) == ((old,), (new,))


def test_pull_requests_and_issues_are_read_from_messages() -> None:
    messages = (
        "Merge pull request #12 from mira/limits\n\nRaise limits",
        "Retry payments (#13)",
        "Merge branch 'x' into 'main'\n\nShow totals\n\nSee merge request shop/apps!14",
        "Merged in x (pull request #15)\n\nTry again",
        "SHOP-7: encode as UTF-8\n\nFixes #99",
    )
    commits = [commit(str(number) * 40, 0, message) for number, message in enumerate(messages)]
    assert [(one.key, one.title) for one in pull_requests(commits)] == [
        ("12", "Raise limits"),
        ("13", "Retry payments (#13)"),
        ("14", "Show totals"),
        ("15", "Merged in x (pull request #15)"),
    ]
    assert issues(commits) == ["SHOP-7", "#99"]
