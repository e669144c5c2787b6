"""What people are shown of a Rollout."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gitsync.rollout.view import Around, rollout_view
from model.identity import ApplicationKey
from model.rollout_view import RolloutView, TransitionView

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
STEPS: list[dict[str, Any]] = [{"setWeight": 25}, {"pause": {"duration": "30s"}}, {"analysis": {}}, {"pause": {}}]
OWNER = [{"kind": "Rollout", "name": "shop", "uid": "r", "controller": True}]


def replica_set(revision: int, hash_: str, available: int, **annotations: str) -> dict[str, Any]:
    return {
        "metadata": {
            "name": f"shop-{hash_}",
            "labels": {"rollouts-pod-template-hash": hash_},
            "annotations": {"rollout.argoproj.io/revision": str(revision), **annotations},
            "ownerReferences": OWNER,
            "creationTimestamp": f"2026-03-01T1{revision}:00:00Z",
        },
        "spec": {"replicas": available, "template": {"spec": {"containers": [{"image": f"shop:{revision}"}]}}},
        "status": {"replicas": available, "readyReplicas": available, "availableReplicas": available},
    }


def run(name: str, phase: str, *, step: int | None = None, hash_: str = "new") -> dict[str, Any]:
    labels = {"rollouts-pod-template-hash": hash_}
    labels |= {"rollout-type": "Step", "step-index": str(step)} if step is not None else {"rollout-type": "Background"}
    result = {"name": "m", "phase": phase, "failed": 1, "measurements": [{"phase": phase, "value": "7"}]}
    return {
        "metadata": {"name": name, "labels": labels, "ownerReferences": OWNER},
        "spec": {"metrics": [{"name": "m", "provider": {"prometheus": {"query": "q"}}}]},
        "status": {"phase": phase, "metricResults": [result]},
    }


def view(
    status: dict[str, Any],
    *,
    spec: dict[str, Any] | None = None,
    canary: dict[str, Any] | None = None,
    runs: list[dict[str, Any]] | None = None,
    sets: list[dict[str, Any]] | None = None,
    annotations: dict[str, str] | None = None,
    **strategy: Any,
) -> RolloutView:
    chosen = strategy or {"canary": {"steps": STEPS, **(canary or {})}}
    body = {
        "metadata": {"name": "shop", "namespace": "team", "uid": "r", "generation": 2, "annotations": annotations},
        "spec": {"replicas": 4, "strategy": chosen, **(spec or {})},
        "status": {
            "currentPodHash": "new",
            "stableRS": "old",
            "observedGeneration": "2",
            "phase": "Progressing",
            **status,
        },
    }
    around = Around(sets or [replica_set(1, "old", 3), replica_set(2, "new", 1)], runs or [])
    return rollout_view(body, around, ApplicationKey("argosy", "cart"), "in-cluster", NOW)


def states(shown: RolloutView) -> list[str]:
    return [step.status for step in shown.steps]


def pause(reason: str = "CanaryPauseStep") -> dict[str, Any]:
    return {"pauseConditions": [{"reason": reason, "startTime": "2026-03-01T11:59:50Z"}]}


@pytest.mark.parametrize(
    ("status", "spec", "expected"),
    [
        ({"currentStepIndex": 0}, {}, ["ACTIVE", "PENDING", "PENDING", "PENDING"]),
        ({"currentStepIndex": 1, **pause()}, {}, ["PASSED", "ACTIVE", "PENDING", "PENDING"]),
        ({"currentStepIndex": 3, **pause()}, {}, ["PASSED", "PASSED", "PASSED", "PAUSED_INDEFINITE"]),
        (
            {"currentStepIndex": 2, **pause("InconclusiveAnalysisRun")},
            {},
            ["PASSED", "PASSED", "PAUSED_INCONCLUSIVE", "PENDING"],
        ),
        ({"currentStepIndex": 1}, {"paused": True}, ["PASSED", "PAUSED_INDEFINITE", "PENDING", "PENDING"]),
        ({"currentStepIndex": 0, "abort": True}, {}, ["TERMINATED", "PENDING", "PENDING", "PENDING"]),
        ({"currentStepIndex": 4, "stableRS": "new"}, {}, ["PASSED"] * 4),
    ],
)
def test_steps_have_the_state_that_people_see(
    status: dict[str, Any], spec: dict[str, Any], expected: list[str]
) -> None:
    assert states(view(status, spec=spec)) == expected


def test_a_step_that_was_skipped_says_so_once_it_is_behind() -> None:
    note = {"argosy.io/skipped-steps": "new@ 0,2"}
    shown = view({"currentStepIndex": 1}, annotations=note)
    assert [step.skipped for step in shown.steps] == [True, False, False, False]
    assert not any(
        step.skipped for step in view({"currentStepIndex": 1, "currentPodHash": "x"}, annotations=note).steps
    )


def test_a_step_whose_analysis_failed_is_the_one_that_failed() -> None:
    shown = view({"currentStepIndex": 0, "abort": True}, runs=[run("a", "Failed", step=2), run("b", "Running")])
    assert states(shown) == ["PASSED", "PASSED", "FAILED", "PENDING"]
    (failed,) = shown.steps[2].analysis_runs
    (metric,) = failed.metrics
    assert (metric.provider, metric.phase, metric.failed, metric.measurements[0].value) == (
        "prometheus",
        "Failed",
        1,
        "7",
    )
    assert {one.name for one in shown.analysis_runs} == {"a", "b"}


def test_runs_of_an_update_before_are_not_shown() -> None:
    assert view({}, runs=[run("before", "Failed", step=2, hash_="old")]).analysis_runs == ()


@pytest.mark.parametrize(
    ("status", "canary", "weight"),
    [
        ({}, {}, 25.0),
        ({"stableRS": "new"}, {}, 100.0),
        (
            {"canary": {"weights": {"canary": {"weight": 10}, "stable": {"weight": 90}}}},
            {"trafficRouting": {"smi": {}}},
            10.0,
        ),
        ({}, {"trafficRouting": {"smi": {}}}, 0.0),
        (
            {"canary": {"weights": {"canary": {"weight": 250}, "stable": {"weight": 750}}}},
            {"trafficRouting": {"nginx": {}, "maxTrafficWeight": 1000}},
            25.0,
        ),
    ],
)
def test_weight_is_that_of_traffic_with_a_router_and_of_pods_without(
    status: dict[str, Any], canary: dict[str, Any], weight: float
) -> None:
    shown = view(status, canary=canary)
    assert shown.weight_of_new == weight
    assert shown.traffic_routed is bool(canary)


def test_a_blue_green_update_has_no_weight_until_it_is_active() -> None:
    before = view({"blueGreen": {"activeSelector": "old", "previewSelector": "new"}}, blueGreen={})
    assert (before.strategy, before.weight_of_new, before.steps) == ("blueGreen", 0.0, ())
    assert [one.roles for one in before.revisions] == [("preview",), ("stable", "active")]
    assert view({"blueGreen": {"activeSelector": "new"}}, blueGreen={}).weight_of_new == 100.0


def test_revisions_are_newest_first_with_images_roles_and_deadlines() -> None:
    sets = [replica_set(1, "old", 3, **{"scale-down-deadline": "2026-03-01T12:00:20Z"}), replica_set(2, "new", 1)]
    weights = {"canary": {"weight": 5, "podTemplateHash": "new"}, "stable": {"weight": 95, "podTemplateHash": "old"}}
    shown = view({"canary": {"weights": weights}}, sets=sets, canary={"trafficRouting": {"smi": {}}})
    newest, oldest = shown.revisions
    assert (newest.revision, newest.roles, newest.images, newest.weight) == (2, ("canary",), ("shop:2",), 5.0)
    assert (oldest.revision, oldest.roles, oldest.weight) == (1, ("stable",), 95.0)
    assert oldest.scale_down_at == datetime(2026, 3, 1, 12, 0, 20, tzinfo=UTC)
    assert shown.next_transition == TransitionView(oldest.scale_down_at, "revision 1 is scaled down (shop-old)")


def test_the_next_transition_is_the_end_of_a_timed_pause() -> None:
    shown = view({"currentStepIndex": 1, **pause()})
    assert shown.next_transition == TransitionView(
        datetime(2026, 3, 1, 12, 0, 20, tzinfo=UTC), "the pause of step 2 of 4 ends"
    )
    assert view({"currentStepIndex": 1, **pause()}, spec={"paused": True}).next_transition is None


def test_an_update_that_gets_nowhere_has_a_deadline() -> None:
    condition = {"type": "Progressing", "status": "True", "lastUpdateTime": "2026-03-01T11:55:00Z"}
    shown = view({"conditions": [condition]}, spec={"progressDeadlineAbort": True})
    assert shown.next_transition == TransitionView(
        datetime(2026, 3, 1, 12, 5, tzinfo=UTC), "the update times out and is aborted"
    )


def test_a_phase_of_an_older_spec_is_not_believed() -> None:
    shown = view({"observedGeneration": "1", "phase": "Healthy"})
    assert (shown.phase, shown.message) == ("Progressing", "waiting for rollout spec update to be observed")


def test_actions_come_with_the_reason_against_them() -> None:
    shown = {one.action: one.reason for one in view({"currentStepIndex": 1, **pause()}).actions}
    assert shown == {
        "PAUSE": "",
        "RESUME": "",
        "PROMOTE": "",
        "PROMOTE_FULL": "",
        "SKIP_STEP": "",
        "ABORT": "",
        "RETRY": "it is not aborted",
        "RESTART": "",
        "ROLLBACK": "",
    }
