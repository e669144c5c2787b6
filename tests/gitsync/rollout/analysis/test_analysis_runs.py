"""AnalysisRuns through time: what is asked when, and which verdict comes out."""

from datetime import timedelta

import pytest

from gitsync.rollout.analysis.step import step
from gitsync.rollout.analysis.values import Answer, Phase, Question
from tests.gitsync.rollout.analysis.run_player import START, Player, metric, played

SUCCESS = "result == 1"
ERROR = RuntimeError("no connection")


def test_a_metric_without_count_and_interval_is_measured_once() -> None:
    run = played(metric(successCondition=SUCCESS))
    assert run.asked == [(0.0, "m", "take")]
    assert run.status == {
        "phase": "Successful",
        "startedAt": "2026-03-01T12:00:00Z",
        "completedAt": "2026-03-01T12:00:00Z",
        "runSummary": {"count": 1, "successful": 1},
        "dryRunSummary": {},
        "metricResults": [
            {
                "name": "m",
                "phase": "Successful",
                "count": 1,
                "successful": 1,
                "consecutiveSuccess": 1,
                "measurements": [
                    {
                        "phase": "Successful",
                        "value": "1",
                        "startedAt": "2026-03-01T12:00:00Z",
                        "finishedAt": "2026-03-01T12:00:00Z",
                    }
                ],
            }
        ],
    }
    assert run.events == [
        "Normal MetricSuccessful: Metric 'm' Completed. Result: Successful",
        "Normal AnalysisRunSuccessful: Analysis Completed. Result: Successful",
    ]


def test_measurements_come_at_the_interval_until_the_count_is_reached() -> None:
    run = played(metric(interval="5s", count=3, successCondition=SUCCESS))
    assert [moment for moment, _, _ in run.asked] == [0, 5, 10]
    assert (run.status["phase"], run.results["m"]["count"]) == ("Successful", 3)


def test_a_metric_with_an_interval_alone_goes_on_for_ever() -> None:
    run = played(metric(interval="1m", successCondition=SUCCESS))
    assert run.status["phase"] == "Running"
    assert len(run.asked) == 61


def test_initial_delay_counts_from_the_start_of_the_run() -> None:
    run = played(metric("a", initialDelay="30s"), metric("b"))
    assert run.asked == [(0.0, "b", "take"), (30.0, "a", "take")]
    assert run.status["phase"] == "Successful"


def test_a_failed_measurement_fails_the_run_and_says_why() -> None:
    run = played(metric(successCondition=SUCCESS), values={"m": [2]})
    assert run.status["phase"] == "Failed"
    assert run.status["message"] == 'Metric "m" assessed Failed due to failed (1) > failureLimit (0)'
    assert run.status["runSummary"] == {"count": 1, "failed": 1}
    assert run.events[-1] == "Warning AnalysisRunFailed: Analysis Completed. Result: Failed"


def test_failures_up_to_the_limit_are_forgiven() -> None:
    values = {"m": [2, 1, 2, 1, 1]}
    assert played(metric(interval="1s", count=5, failureLimit=2, successCondition=SUCCESS), values=values).status[
        "phase"
    ] == ("Successful")
    over = played(metric(interval="1s", count=5, failureLimit=1, successCondition=SUCCESS), values=values)
    assert over.status["message"] == 'Metric "m" assessed Failed due to failed (2) > failureLimit (1)'
    assert len(over.asked) == 3


def test_no_failure_matters_with_limit_minus_one() -> None:
    settings = {"interval": "1s", "count": 5, "failureLimit": -1, "consecutiveSuccessLimit": 1}
    run = played(metric(successCondition=SUCCESS, **settings), values={"m": [2, 2, 2, 1]})
    assert (run.status["phase"], run.results["m"]["failed"]) == ("Successful", 3)


def test_inconclusive_measurements_have_a_limit_of_their_own() -> None:
    both = {"successCondition": "result < 1", "failureCondition": "result > 5"}
    run = played(metric(**both), values={"m": [3]})
    assert run.status["phase"] == "Inconclusive"
    assert run.status["message"] == 'Metric "m" assessed Inconclusive due to inconclusive (1) > inconclusiveLimit (0)'
    assert run.events[-1] == "Normal AnalysisRunInconclusive: Analysis Completed. Result: Inconclusive"
    forgiven = played(metric(interval="1s", count=2, inconclusiveLimit=1, **both), values={"m": [3, 0]})
    assert forgiven.status["phase"] == "Successful"


def test_errors_are_tried_again_and_only_errors_in_a_row_count() -> None:
    run = played(metric(successCondition=SUCCESS), values={"m": [ERROR, ERROR, ERROR, ERROR, 1]})
    assert [moment for moment, _, _ in run.asked] == [0, 10, 20, 30, 40]
    assert run.status["phase"] == "Successful"
    assert (run.results["m"]["error"], run.results["m"].get("consecutiveError")) == (4, None)
    broken = played(metric(successCondition=SUCCESS), values={"m": [ERROR]})
    assert broken.status["phase"] == "Error"
    assert broken.status["message"] == (
        'Metric "m" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): '
        '"Error Message: no connection"'
    )


def test_errors_are_tried_again_at_the_interval_where_there_is_one() -> None:
    run = played(metric(interval="2s", count=1, consecutiveErrorLimit=1), values={"m": [ERROR, 1]})
    assert [moment for moment, _, _ in run.asked] == [0, 2]
    assert run.status["phase"] == "Successful"


def test_an_error_that_overrides_a_failure_is_what_is_told() -> None:
    run = played(
        metric(interval="1s", count=9, consecutiveErrorLimit=0, failureLimit=1, successCondition=SUCCESS),
        values={"m": [2, ERROR]},
    )
    assert run.status["phase"] == "Error"


def test_a_condition_that_cannot_be_read_is_an_error_of_the_measurement() -> None:
    run = played(metric(successCondition="result.x > 1", consecutiveErrorLimit=0))
    assert run.status["phase"] == "Error"
    told = run.results["m"]["measurements"][0]["message"]
    assert told == 'could not evaluate successCondition "result.x > 1": cannot fetch x from int'


def test_a_condition_on_nothing_says_that_nothing_was_measured() -> None:
    run = played(metric(failureCondition="result[0] > 1", consecutiveErrorLimit=0), values={"m": [[]]})
    told = run.results["m"]["measurements"][0]["message"]
    assert told.endswith("metric result is nil or empty: no data returned from the metric provider")


def test_success_in_a_row_ends_a_metric_early() -> None:
    settings = {"interval": "1s", "consecutiveSuccessLimit": 2, "failureLimit": -1, "successCondition": SUCCESS}
    run = played(metric(**settings), values={"m": [1, 2, 1, 1]})
    assert (run.status["phase"], len(run.asked)) == ("Successful", 4)
    missed = played(metric(count=3, **settings), values={"m": [1, 2, 1]})
    assert missed.status["phase"] == "Failed"
    applies = {**settings, "failureLimit": 1}
    assert played(metric(count=3, **applies), values={"m": [1, 2, 1]}).status["phase"] == "Inconclusive"


def test_a_bad_end_stops_the_other_metrics() -> None:
    run = played(
        metric("bad", successCondition=SUCCESS),
        metric("endless", interval="1s"),
        metric("late", initialDelay="1h"),
        values={"bad": [2]},
    )
    assert run.status["phase"] == "Failed"
    assert run.results["endless"]["phase"] == "Successful"
    assert "late" not in run.results


def test_the_worst_metric_decides() -> None:
    run = played(
        metric("fails", successCondition=SUCCESS),
        metric("errs", consecutiveErrorLimit=0),
        values={"fails": [2], "errs": [ERROR]},
    )
    assert run.status["phase"] == "Failed"
    assert run.status["runSummary"] == {"count": 2, "failed": 1, "error": 1}


def test_dry_run_metrics_are_measured_and_decide_nothing() -> None:
    run = played(
        metric("tried-a", successCondition=SUCCESS),
        metric("real", interval="1s", count=2),
        values={"tried-a": [2]},
        dryRun=[{"metricName": "tried.*"}],
    )
    assert run.status["phase"] == "Successful"
    assert run.status["dryRunSummary"] == {"count": 1, "failed": 1}
    assert run.results["tried-a"]["dryRun"] is True
    assert run.results["tried-a"]["message"] == "Metric assessed Failed due to failed (1) > failureLimit (0)"


def test_only_the_newest_measurements_are_kept() -> None:
    run = played(
        metric("a", interval="1s", count=15),
        metric("b", interval="1s", count=15),
        measurementRetention=[{"metricName": "b", "limit": 3}],
    )
    assert [len(run.results[name]["measurements"]) for name in "ab"] == [10, 3]
    assert run.results["b"]["count"] == 15
    assert run.results["b"]["measurements"][-1]["startedAt"] == "2026-03-01T12:00:14Z"


@pytest.mark.parametrize(
    ("strategy", "value", "seconds"),
    [
        ({"secondsAfterCompletion": 60}, 1, 60),
        ({"secondsAfterCompletion": 60, "secondsAfterSuccess": 5}, 1, 5),
        ({"secondsAfterCompletion": 60, "secondsAfterSuccess": 5}, 2, 60),
        ({"secondsAfterFailure": 0}, 2, 0),
        ({"secondsAfterFailure": 7}, 1, None),
    ],
)
def test_finished_runs_go_when_their_time_is_over(strategy: dict[str, int], value: int, seconds: int | None) -> None:
    run = played(metric(successCondition=SUCCESS), values={"m": [value]}, ttlStrategy=strategy)
    assert run.deleted is (seconds is not None)
    if seconds is not None:
        assert run.now == START + timedelta(seconds=seconds)


def test_a_terminated_run_is_successful_when_nothing_was_bad() -> None:
    run = Player({"metrics": [metric("endless", interval="1s"), metric("late", initialDelay="1h")]})
    run.look()
    run.spec = {**run.spec, "terminate": True}
    run.play()
    assert (run.status["phase"], run.status["message"]) == ("Successful", "Run Terminated")
    assert run.results["endless"]["phase"] == "Successful"


def test_a_run_that_is_terminated_before_it_measured_anything_is_successful() -> None:
    run = played(metric(), terminate=True)
    assert (run.status["phase"], run.asked) == ("Successful", [])


def test_a_long_measurement_is_resumed_and_counts_once() -> None:
    def reply(question: Question, now: object) -> Answer:
        running = question.number == 1 and len(run.asked) < 3
        return Answer(
            question.metric,
            run.now,
            phase=Phase.RUNNING if running else Phase.SUCCESSFUL,
            about_measurement={"job-name": "j"},
            resume_at=run.now + timedelta(seconds=4) if running else None,
        )

    run = Player({"metrics": [metric()]}, reply=reply)
    run.play()
    assert [action for _, _, action in run.asked] == ["take", "resume", "resume"]
    (measurement,) = run.results["m"]["measurements"]
    assert (measurement["startedAt"], measurement["finishedAt"]) == ("2026-03-01T12:00:00Z", "2026-03-01T12:00:08Z")
    assert run.results["m"]["count"] == 1


def test_a_long_measurement_is_ended_when_the_run_is() -> None:
    def reply(question: Question, now: object) -> Answer:
        ended = question.action.value == "terminate"
        return Answer(question.metric, run.now, phase=Phase.SUCCESSFUL if ended else Phase.RUNNING)

    run = Player({"metrics": [metric()]}, reply=reply)
    run.look()
    run.spec = {**run.spec, "terminate": True}
    run.play()
    assert [action for _, _, action in run.asked] == ["take", "terminate"]
    assert run.status["phase"] == "Successful"


def test_jobs_whose_measurements_are_dropped_are_named() -> None:
    def reply(question: Question, now: object) -> Answer:
        return Answer(
            question.metric, run.now, phase=Phase.SUCCESSFUL, about_measurement={"job-name": f"j{question.number}"}
        )

    spec = {"metrics": [metric(interval="1s", count=4)], "measurementRetention": [{"metricName": "m", "limit": 2}]}
    run = Player(spec, reply=reply)
    run.play()
    assert run.garbage == ["j1", "j2"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"metrics": []}, "Analysis spec invalid: no metrics specified"),
        ({"metrics": [metric(), metric()]}, "Analysis spec invalid: metrics[1]: duplicate name 'm'"),
        ({"metrics": [metric(count=2)]}, "metrics[0]: interval must be specified when count > 1"),
        ({"metrics": [metric(count=2, interval="x")]}, "metrics[0]: interval is no duration"),
        (
            {"metrics": [metric(count=2, interval="1s", failureLimit=3)]},
            "metrics[0]: count (2) must be >= failureLimit + consecutiveSuccessLimit (3 + 0) if both >= 0",
        ),
        (
            {"metrics": [metric(count=2, interval="1s", failureLimit=-1, consecutiveSuccessLimit=3)]},
            "metrics[0]: count must be >= consecutiveSuccessLimit",
        ),
        ({"metrics": [metric(failureLimit=-2)]}, "metrics[0]: failureLimit must be >= 0, or -1 to be disabled"),
        (
            {"metrics": [metric(failureLimit=-1)]},
            "metrics[0]: failureLimit and consecutiveSuccessLimit cannot both be disabled",
        ),
        ({"metrics": [{"name": "m", "provider": {}}]}, "metrics[0]: no provider specified"),
        ({"metrics": [{"name": "m", "provider": {"web": {}, "job": {}}}]}, "metrics[0]: multiple providers specified"),
        ({"metrics": [metric()], "dryRun": [{"metricName": "x"}]}, "dryRun[0]: Rule didn't match any metric name(s)"),
        (
            {"metrics": [metric(successCondition="result < {{args.limit}}")]},
            "Unable to resolve metric arguments: failed to resolve {{args.limit}}",
        ),
        (
            {"metrics": [metric()], "args": [{"name": "a", "value": "1", "valueFrom": {"secretKeyRef": {}}}]},
            "Unable to resolve metric arguments: arg 'a' has both Value and ValueFrom fields",
        ),
        (
            {"metrics": [metric()], "args": [{"name": "a", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
            "Unable to resolve metric arguments: key 'k' does not exist in secret 's'",
        ),
    ],
)
def test_a_run_that_makes_no_sense_ends_with_an_error_that_says_why(spec: dict[str, object], message: str) -> None:
    run = Player(spec)
    run.play()
    assert run.status["phase"] == "Error"
    assert message in run.status["message"]
    assert run.events == ["Warning AnalysisRunError: Analysis Completed. Result: Error"]
    assert run.asked == []


def test_a_finished_run_is_left_alone() -> None:
    run = played(metric())
    looked = step(run.run, run.now + timedelta(days=1))
    assert (looked.questions, looked.step.writes, looked.step.requeue_seconds) == ((), False, None)


def test_looking_again_at_once_writes_nothing() -> None:
    run = Player({"metrics": [metric(interval="1m", count=5)]})
    run.look()
    looked = step(run.run, run.now)
    assert (looked.questions, looked.step.writes, looked.step.requeue_seconds) == ((), False, 60.0)
