"""The nine actions: the patches of each, and when each makes no sense."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.rollout.replica_set import ReplicaSet, read_replica_set
from gitsync.rollout.skipped import note_of, skipped_steps
from gitsync.rollout.steering import Steer, SteeringImpossible, impossible, must_wait, steer
from model.identity import ResourceKey
from model.kinds.rollout import Rollout

KEY = ResourceKey("argoproj.io", "Rollout", "team", "shop")
NOW = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
STEPS: list[dict[str, Any]] = [{"setWeight": 10}, {"pause": {}}, {"setWeight": 50}]
UPDATING = {"currentPodHash": "new", "stableRS": "old", "currentStepIndex": 1, "observedGeneration": "3"}
PAUSED = {"pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2026-03-01T11:00:00Z"}]}
INCONCLUSIVE = {"pauseConditions": [{"reason": "InconclusiveAnalysisRun", "startTime": "2026-03-01T11:00:00Z"}]}


def rollout(status: dict[str, Any] | None = None, spec: dict[str, Any] | None = None, **strategy: Any) -> Rollout:
    chosen = strategy or {"canary": {"steps": STEPS}}
    body = {
        "metadata": {"name": "shop", "namespace": "team", "generation": 3},
        "spec": {"strategy": chosen, **(spec or {})},
        "status": {**UPDATING, **(status or {})},
    }
    return msgspec.convert(body, Rollout, strict=False)


def written(subject: Rollout, action: Steer) -> list[tuple[str, Any]]:
    patches = steer(subject, action, NOW)
    assert all((patch.target.name, patch.target.kind, patch.kind) == ("shop", "Rollout", "merge") for patch in patches)
    return [(patch.subresource, patch.body) for patch in patches]


@pytest.mark.parametrize(
    ("action", "subject", "patches"),
    [
        (Steer.PAUSE, rollout(), [("", {"spec": {"paused": True}})]),
        (Steer.RESUME, rollout(PAUSED), [("status", {"status": {"pauseConditions": None}})]),
        (Steer.RESUME, rollout(spec={"paused": True}), [("", {"spec": {"paused": False}})]),
        (
            Steer.RESUME,
            rollout(PAUSED, {"paused": True}),
            [("", {"spec": {"paused": False}}), ("status", {"status": {"pauseConditions": None}})],
        ),
        (Steer.PROMOTE, rollout(PAUSED), [("status", {"status": {"pauseConditions": None}})]),
        (Steer.PROMOTE, rollout(), [("status", {"status": {"pauseConditions": None, "currentStepIndex": 2}})]),
        (Steer.PROMOTE, rollout(spec={"paused": True}), [("", {"spec": {"paused": False}})]),
        (
            Steer.PROMOTE,
            rollout(INCONCLUSIVE),
            [("status", {"status": {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 2}})],
        ),
        (
            Steer.PROMOTE,
            rollout(
                {"pauseConditions": [{"reason": "BlueGreenPause", "startTime": "2026-03-01T11:00:00Z"}]}, blueGreen={}
            ),
            [("status", {"status": {"pauseConditions": None}})],
        ),
        (Steer.PROMOTE_FULL, rollout(), [("status", {"status": {"promoteFull": True}})]),
        (
            Steer.PROMOTE_FULL,
            rollout(spec={"paused": True}),
            [("", {"spec": {"paused": False}}), ("status", {"status": {"promoteFull": True}})],
        ),
        (
            Steer.SKIP_STEP,
            rollout(PAUSED),
            [("status", {"status": {"pauseConditions": None, "currentStepIndex": 2}})],
        ),
        (Steer.ABORT, rollout(), [("status", {"status": {"abort": True}})]),
        (Steer.RETRY, rollout({"abort": True}), [("status", {"status": {"abort": False}})]),
        (Steer.RESTART, rollout(), [("", {"spec": {"restartAt": "2026-03-01T12:00:00Z"}})]),
    ],
)
def test_action_is_exactly_these_patches(action: Steer, subject: Rollout, patches: list[tuple[str, Any]]) -> None:
    assert written(subject, action) == patches


PROMOTED = {"stableRS": "new", "currentStepIndex": 3}


@pytest.mark.parametrize(
    ("action", "subject", "reason"),
    [
        (Steer.PAUSE, rollout(spec={"paused": True}), "it is paused already"),
        (Steer.RESUME, rollout(), "it is not paused"),
        (Steer.PROMOTE, rollout(PROMOTED), "it is fully promoted already"),
        (Steer.PROMOTE, rollout({"abort": True}), "it is aborted; retry it first"),
        (Steer.PROMOTE, rollout({"currentStepIndex": 3}), "nothing waits for a promotion"),
        (Steer.PROMOTE_FULL, rollout(PROMOTED), "it is fully promoted already"),
        (Steer.PROMOTE_FULL, rollout({"promoteFull": True}), "it is being promoted already"),
        (Steer.SKIP_STEP, rollout(blueGreen={}), "it has no canary steps"),
        (Steer.SKIP_STEP, rollout({"currentStepIndex": 3}), "it is past its last step"),
        (Steer.ABORT, rollout(PROMOTED), "it is fully promoted already"),
        (Steer.ABORT, rollout({"abort": True}), "it is aborted already"),
        (Steer.RETRY, rollout(), "it is not aborted"),
        (Steer.RESTART, rollout(spec={"restartAt": "2026-03-01T11:00:00Z"}), "a restart is under way"),
        (Steer.ROLLBACK, rollout(), "there is no other revision"),
    ],
)
def test_action_that_makes_no_sense_says_why(action: Steer, subject: Rollout, reason: str) -> None:
    assert impossible(subject, action) == reason
    with pytest.raises(SteeringImpossible, match=reason):
        steer(subject, action, NOW)


@pytest.mark.parametrize("action", [Steer.PROMOTE, Steer.PROMOTE_FULL, Steer.SKIP_STEP, Steer.ABORT, Steer.RETRY])
def test_what_is_about_the_update_waits_for_the_newest_spec(action: Steer) -> None:
    assert must_wait(rollout({"observedGeneration": "2"}), action)
    assert not must_wait(rollout(), action)


@pytest.mark.parametrize("action", [Steer.PAUSE, Steer.RESUME, Steer.RESTART, Steer.ROLLBACK])
def test_what_is_about_the_spec_waits_for_nobody(action: Steer) -> None:
    assert not must_wait(rollout({"observedGeneration": "2"}), action)


def test_the_template_of_a_workload_is_waited_for_too() -> None:
    body = {
        "metadata": {"generation": 3, "annotations": {"rollout.argoproj.io/workload-generation": "7"}},
        "spec": {"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}},
        "status": {"observedGeneration": "3", "workloadObservedGeneration": "6"},
    }
    assert must_wait(msgspec.convert(body, Rollout, strict=False), Steer.PROMOTE_FULL)


def replica_set(revision: int) -> ReplicaSet:
    annotations = {
        "rollout.argoproj.io/revision": str(revision),
        "rollout.argoproj.io/ephemeral-metadata": '{"labels": {"role": "stable"}}',
    }
    labels = {"app": "shop", "role": "stable", "rollouts-pod-template-hash": f"h{revision}"}
    template = {
        "metadata": {"labels": labels, "creationTimestamp": None},
        "spec": {"containers": [{"image": f"shop:{revision}"}]},
    }
    body = {"metadata": {"name": f"shop-{revision}", "annotations": annotations}, "spec": {"template": template}}
    return read_replica_set(body)


SETS = [replica_set(number) for number in (1, 3, 2)]
TEMPLATE = {"metadata": {"labels": {"app": "shop"}}, "spec": {"containers": [{"image": "shop:2"}]}}


@pytest.mark.parametrize(
    ("action", "status", "skipped"),
    [
        (Steer.SKIP_STEP, PAUSED, {1}),
        (Steer.PROMOTE, {}, {1}),
        (Steer.PROMOTE, PAUSED, set()),
        (Steer.PROMOTE_FULL, {}, {1, 2}),
        (Steer.ABORT, {}, set()),
    ],
)
def test_steps_that_an_action_skips_are_noted_for_this_attempt_only(
    action: Steer, status: dict[str, Any], skipped: set[int]
) -> None:
    subject = rollout({"duration": {"rolloutStartedAt": "2026-03-01T11:00:00Z"}, **status})
    patch = note_of(KEY, subject, action)
    assert (patch is not None) is bool(skipped)
    if patch is None:
        return
    assert isinstance(patch.body, dict)
    annotations: dict[str, str] = patch.body["metadata"]["annotations"]
    metadata = msgspec.structs.replace(subject.metadata, annotations=annotations)
    assert skipped_steps(msgspec.structs.replace(subject, metadata=metadata)) == skipped
    again = rollout({"duration": {"rolloutStartedAt": "2026-03-01T11:30:00Z"}, **status})
    assert skipped_steps(msgspec.structs.replace(again, metadata=metadata)) == set()


@pytest.mark.parametrize("to_revision", [None, 0, 2])
def test_rollback_puts_the_template_of_the_revision_back(to_revision: int | None) -> None:
    (patch,) = steer(rollout(), Steer.ROLLBACK, NOW, replica_sets=SETS, to_revision=to_revision)
    assert (patch.target.name, patch.kind) == ("shop", "json")
    assert patch.body == ({"op": "replace", "path": "/spec/template", "value": TEMPLATE},)


@pytest.mark.parametrize(
    ("reference", "kind", "path"),
    [
        ({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "Deployment", "/spec/template"),
        ({"apiVersion": "v1", "kind": "PodTemplate", "name": "web"}, "PodTemplate", "/template"),
    ],
)
def test_rollback_changes_the_workload_that_holds_the_template(reference: Any, kind: str, path: str) -> None:
    subject = rollout(spec={"workloadRef": reference})
    (patch,) = steer(subject, Steer.ROLLBACK, NOW, replica_sets=SETS, to_revision=2)
    assert (patch.target.kind, patch.target.name) == (kind, "web")
    assert isinstance(patch.body, tuple)
    assert patch.body[0]["path"] == path


@pytest.mark.parametrize(("to_revision", "message"), [(9, "has no revision 9"), (3, "is the newest already")])
def test_rollback_to_a_revision_that_cannot_be_is_refused(to_revision: int, message: str) -> None:
    with pytest.raises(SteeringImpossible, match=message):
        steer(rollout(), Steer.ROLLBACK, NOW, replica_sets=SETS, to_revision=to_revision)


@given(
    st.sampled_from(Steer),
    st.booleans(),
    st.sampled_from([{}, PAUSED, INCONCLUSIVE]),
    st.booleans(),
    st.integers(0, 3),
    st.sampled_from(["old", "new", ""]),
)
def test_action_is_offered_exactly_when_it_writes_something(
    action: Steer, paused: bool, pauses: dict[str, Any], abort: bool, index: int, stable: str
) -> None:
    subject = rollout(
        {**pauses, "abort": abort, "currentStepIndex": index, "stableRS": stable}, {"paused": True} if paused else {}
    )
    if impossible(subject, action, [one.revision for one in SETS]):
        return
    assert steer(subject, action, NOW, replica_sets=SETS)
