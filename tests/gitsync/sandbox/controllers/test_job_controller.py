"""Jobs and CronJobs in the sandbox."""

from typing import Any

import pytest

from gitsync.sandbox.controllers.job import format_indexes, indexes
from tests.support.controller_rig import Rig

JOB = """
apiVersion: batch/v1
kind: Job
metadata: {{name: work}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: c, image: busybox, command: [sh, -c, "{script}"]}}]
"""
CRON_JOB = """
apiVersion: batch/v1
kind: CronJob
metadata: {{name: tick}}
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        spec: {{restartPolicy: Never, containers: [{{name: c, image: busybox, command: [sh, -c, "{script}"]}}]}}
"""


def run(rig: Rig, script: str, *, seconds: float, **spec: Any) -> dict[str, Any]:
    rig.apply(JOB, script=script)
    if spec:
        rig.patch("Job", "work", **spec)
    rig.advance(seconds)
    return rig.status("Job", "work")


def test_a_job_runs_its_time_and_completes(rig: Rig) -> None:
    status = run(rig, "sleep 5 && exit 0", seconds=3)
    assert (status["active"], status["ready"]) == (1, 1)
    assert "conditions" not in status
    rig.advance(5)
    status = rig.status("Job", "work")
    assert status["succeeded"] == 1
    assert "active" not in status
    assert "completionTime" in status
    assert rig.condition("Job", "work", "SuccessCriteriaMet") == ("True", "CompletionsReached")
    assert rig.condition("Job", "work", "Complete") == ("True", "CompletionsReached")
    assert rig.pods("work")[0]["status"]["phase"] == "Succeeded"
    assert rig.reasons("Job") == ["SuccessfulCreate", "Completed"]


def test_a_job_that_fails_is_tried_again_with_growing_pauses(rig: Rig) -> None:
    status = run(rig, "exit 3", seconds=5, backoffLimit=2)
    assert status["failed"] == 1
    rig.advance(10)
    assert rig.status("Job", "work")["failed"] == 2
    rig.advance(10)
    assert rig.status("Job", "work")["failed"] == 2
    rig.advance(20)
    assert rig.status("Job", "work")["failed"] == 3
    assert rig.condition("Job", "work", "Failed") == ("True", "BackoffLimitExceeded")
    assert rig.condition("Job", "work", "FailureTarget") == ("True", "BackoffLimitExceeded")
    codes = {pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] for pod in rig.pods("work")}
    assert codes == {3}


def test_a_job_that_restarts_in_place_counts_restarts(rig: Rig) -> None:
    rig.apply(JOB.replace("Never", "OnFailure"), script="exit 1")
    rig.patch("Job", "work", backoffLimit=1)
    rig.advance(60)
    assert rig.condition("Job", "work", "Failed") == ("True", "BackoffLimitExceeded")
    assert rig.pods("work") == []


def test_a_job_past_its_deadline_is_stopped(rig: Rig) -> None:
    status = run(rig, "sleep 100", seconds=12, activeDeadlineSeconds=10)
    assert status["failed"] == 1
    assert rig.condition("Job", "work", "Failed") == ("True", "DeadlineExceeded")
    assert rig.pods("work") == []


def test_a_finished_job_goes_after_its_time_to_live(rig: Rig) -> None:
    run(rig, "exit 0", seconds=5, ttlSecondsAfterFinished=30)
    assert rig.condition("Job", "work", "Complete")[0] == "True"
    rig.advance(40)
    assert rig.find("Job", "work") is None
    assert rig.pods("work") == []


def test_a_suspended_job_runs_nothing_until_it_is_resumed(rig: Rig) -> None:
    status = run(rig, "sleep 30", seconds=2, suspend=True)
    assert rig.condition("Job", "work", "Suspended") == ("True", "JobSuspended")
    assert "startTime" not in status
    assert rig.pods("work") == []
    rig.patch("Job", "work", suspend=False)
    rig.advance(5)
    assert rig.condition("Job", "work", "Suspended") == ("False", "JobResumed")
    assert len(rig.pods("work")) == 1
    rig.patch("Job", "work", suspend=True)
    rig.advance(5)
    assert rig.pods("work") == []


def test_parallelism_bounds_how_many_run_at_once(rig: Rig) -> None:
    run(rig, "sleep 10", seconds=1, completions=5, parallelism=2)
    for _ in range(60):
        rig.advance(0.5)
        assert rig.status("Job", "work").get("active", 0) <= 2
    assert rig.status("Job", "work")["succeeded"] == 5


def test_an_indexed_job_covers_every_index(rig: Rig) -> None:
    rig.apply(JOB.replace("spec:\n  template", "spec:\n  completionMode: Indexed\n  template"), script="sleep 1")
    rig.patch("Job", "work", completions=3, parallelism=3)
    rig.advance(5)
    assert rig.status("Job", "work")["completedIndexes"] == "0-2"
    names = {pod["metadata"]["name"].rsplit("-", 1)[0] for pod in rig.pods("work")}
    assert names >= {"work-1", "work-2"}


@pytest.mark.parametrize(("numbers", "text"), [(set(), ""), ({0}, "0"), ({0, 1}, "0,1"), ({0, 2, 3, 4, 9}, "0,2-4,9")])
def test_indexes_are_written_as_ranges(numbers: set[int], text: str) -> None:
    assert format_indexes(numbers) == text
    assert indexes(text) == numbers


def test_a_cron_job_starts_a_job_each_time_and_keeps_the_newest(rig: Rig) -> None:
    rig.apply(CRON_JOB, script="sleep 5")
    rig.advance(58)
    assert rig.all("Job") == []
    rig.advance(4)
    assert len(rig.all("Job")) == 1
    assert len(rig.status("CronJob", "tick")["active"]) == 1
    rig.advance(60 * 6)
    assert len(rig.all("Job")) in (3, 4)
    status = rig.status("CronJob", "tick")
    assert status["lastScheduleTime"] == "2026-01-01T00:07:00Z"
    assert status["lastSuccessfulTime"].startswith("2026-01-01T00:06:05")
    assert rig.reasons("CronJob").count("SawCompletedJob") == 6
    assert rig.reasons("CronJob").count("SuccessfulDelete") == 3


@pytest.mark.parametrize(("policy", "running"), [("Allow", 3), ("Forbid", 1), ("Replace", 1)])
def test_a_cron_job_treats_a_job_that_still_runs_as_told(rig: Rig, policy: str, running: int) -> None:
    rig.apply(CRON_JOB, script="sleep 1h")
    rig.patch("CronJob", "tick", concurrencyPolicy=policy)
    rig.advance(190)
    assert len(rig.all("Job")) == running
    assert len(rig.status("CronJob", "tick")["active"]) == running


def test_a_suspended_cron_job_starts_nothing(rig: Rig) -> None:
    rig.apply(CRON_JOB, script="exit 0")
    rig.patch("CronJob", "tick", suspend=True)
    rig.advance(200)
    assert rig.all("Job") == []
    rig.patch("CronJob", "tick", suspend=False)
    rig.advance(5)
    assert len(rig.all("Job")) == 1


def test_a_schedule_that_is_none_is_said(rig: Rig) -> None:
    rig.apply(CRON_JOB.replace("* * * * *", "whenever"), script="exit 0")
    rig.advance(5)
    assert rig.reasons("CronJob") == ["UnparseableSchedule"]
