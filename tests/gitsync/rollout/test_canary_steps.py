"""A canary through its states: steps, pauses, abort, retry, promotion, way back."""

from tests.support.rollouts import cluster, phase, reasons, resume, rollout, set_image, sizes, status

STEPS = "canary: {steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {duration: 10s}}]}"


def test_first_version_is_stable_at_once_and_needs_no_steps() -> None:
    world = cluster(rollout(STEPS))
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    assert sizes(world) == {1: 4}
    assert reasons(world) == [
        "RolloutUpdated",
        "NewReplicaSetCreated",
        "RolloutNotCompleted",
        "ScalingReplicaSet",
        "RolloutCompleted",
    ]
    assert status(world)["currentStepIndex"] == 4


def test_update_stops_at_a_pause_and_goes_on_when_somebody_resumes_it() -> None:
    world = cluster(rollout(STEPS))
    world.settle("web")
    reasons(world)
    set_image(world, "web:2")
    world.settle("web")
    assert phase(world) == ("Paused", "CanaryPauseStep")
    assert sizes(world) == {1: 3, 2: 1}
    assert reasons(world) == [
        "RolloutUpdated",
        "NewReplicaSetCreated",
        "RolloutNotCompleted",
        "ScalingReplicaSet",
        "ScalingReplicaSet",
        "RolloutStepCompleted",
        "RolloutPaused",
    ]
    resume(world)
    assert world.settle("web").requeue_seconds == 10.0
    assert sizes(world) == {1: 2, 2: 2}


def test_pause_with_a_duration_ends_by_itself() -> None:
    world = cluster(rollout(STEPS))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    resume(world)
    world.settle("web")
    world.advance(9)
    world.settle("web")
    assert phase(world)[0] == "Paused"
    world.advance(1)
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    assert sizes(world) == {1: 0, 2: 4}
    assert status(world)["stableRS"] == status(world)["currentPodHash"]


def test_abort_returns_to_stable_and_retry_begins_again() -> None:
    world = cluster(rollout(STEPS))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    world.change("Rollout", "web", {"status": {"abort": True}})
    world.settle("web")
    assert phase(world) == ("Degraded", "RolloutAborted: Rollout aborted update to revision 2")
    assert sizes(world) == {1: 4, 2: 0}
    assert status(world)["currentStepIndex"] == 0
    assert "RolloutResumed" not in reasons(world)
    world.change("Rollout", "web", {"status": {"abort": False}})
    world.settle("web")
    assert phase(world) == ("Paused", "CanaryPauseStep")
    assert "abortedAt" not in status(world)


def test_full_promotion_skips_all_steps() -> None:
    world = cluster(rollout(STEPS))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    world.change("Rollout", "web", {"status": {"promoteFull": True}})
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    assert sizes(world) == {1: 0, 2: 4}
    assert status(world)["duration"]["completionStatus"] == "FastPromoted"
    assert "promoteFull" not in status(world)


def test_going_back_to_stable_skips_the_steps() -> None:
    world = cluster(rollout(STEPS))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    reasons(world)
    set_image(world, "web:1")
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    assert sizes(world) == {3: 4, 2: 0}
    assert reasons(world)[:2] == ["RolloutUpdated", "SkipSteps"]


def test_spec_paused_stops_everything_and_goes_on_later() -> None:
    world = cluster(rollout("canary: {steps: [{setWeight: 25}]}"))
    world.settle("web")
    world.change("Rollout", "web", {"spec": {"paused": True}})
    set_image(world, "web:2")
    world.settle("web")
    assert phase(world) == ("Paused", "manually paused")
    assert sizes(world) == {1: 4, 2: 0}
    world.change("Rollout", "web", {"spec": {"paused": False}})
    world.settle("web")
    assert phase(world) == ("Healthy", "")


def test_scaling_during_a_pause_changes_sizes_only() -> None:
    world = cluster(rollout(STEPS))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    reasons(world)
    world.change("Rollout", "web", {"spec": {"replicas": 8}})
    world.settle("web")
    assert sizes(world) == {1: 6, 2: 2}
    assert phase(world) == ("Paused", "CanaryPauseStep")
    assert set(reasons(world)) == {"ScalingReplicaSet"}


def test_missing_replicas_are_written_for_autoscalers() -> None:
    body = rollout(STEPS)
    del body["spec"]["replicas"]
    world = cluster(body)
    world.settle("web")
    assert world.get("Rollout", "web")["spec"]["replicas"] == 1


def test_invalid_spec_is_shown_and_healed() -> None:
    world = cluster(rollout("canary: {steps: [{setWeight: 25}]}"))
    world.settle("web")
    steps = [{"setWeight": 101}]
    world.change("Rollout", "web", {"spec": {"strategy": {"canary": {"steps": steps}}}})
    assert world.settle("web").requeue_seconds == 20.0
    assert phase(world)[0] == "Degraded"
    assert phase(world)[1].startswith('InvalidSpec: The Rollout "web" is invalid: spec.strategy.steps[0].setWeight')
    world.change("Rollout", "web", {"spec": {"strategy": {"canary": {"steps": [{"setWeight": 50}]}}}})
    world.settle("web")
    assert phase(world) == ("Healthy", "")


def test_deadline_makes_a_stuck_update_degraded_and_aborts_it_where_asked() -> None:
    body = rollout(STEPS, progressDeadlineSeconds=60, progressDeadlineAbort=True)
    world = cluster(body, available=lambda rs: rs["spec"]["replicas"] if "web:2" not in str(rs) else 0)
    world.settle("web")
    set_image(world, "web:2")
    assert world.settle("web").requeue_seconds == 61.0
    world.advance(62)
    world.settle("web")
    assert phase(world)[0] == "Degraded"
    assert "timed out progressing" in phase(world)[1]
    assert status(world)["abort"] is True
    assert sizes(world) == {1: 4, 2: 0}


def test_changed_steps_begin_again_with_the_same_pods() -> None:
    world = cluster(rollout(STEPS))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    hash_ = status(world)["currentPodHash"]
    steps = [{"setWeight": 50}, {"pause": {}}]
    world.change("Rollout", "web", {"spec": {"strategy": {"canary": {"steps": steps}}}})
    world.settle("web")
    assert (status(world)["currentPodHash"], status(world)["currentStepIndex"]) == (hash_, 1)
    assert sizes(world) == {1: 2, 2: 2}


def test_another_version_half_way_overtakes_the_first_one() -> None:
    world = cluster(rollout(STEPS))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    set_image(world, "web:3")
    world.settle("web")
    assert phase(world) == ("Paused", "CanaryPauseStep")
    assert sizes(world) == {1: 3, 2: 0, 3: 1}


def test_zero_replicas_are_healthy_and_updates_pass_through() -> None:
    world = cluster(rollout(STEPS, replicas=0))
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    set_image(world, "web:2")
    world.settle("web")
    for _ in range(4):
        if phase(world)[0] != "Paused":
            break
        world.change("Rollout", "web", {"status": {"pauseConditions": None}})
        world.advance(11)
        world.settle("web")
    assert phase(world) == ("Healthy", "")


def test_a_rollout_made_while_paused_has_no_pods_until_it_is_resumed() -> None:
    world = cluster(rollout(STEPS, paused=True))
    world.settle("web")
    assert sizes(world) == {1: 0}
    world.change("Rollout", "web", {"spec": {"paused": False}})
    world.settle("web")
    assert sizes(world) == {1: 4}
    assert phase(world) == ("Healthy", "")


def test_what_becomes_unavailable_later_is_progressing_and_no_failure() -> None:
    up = {"count": 4}
    world = cluster(
        rollout(STEPS, progressDeadlineSeconds=60), available=lambda rs: min(rs["spec"]["replicas"], up["count"])
    )
    world.settle("web")
    up["count"] = 2
    world.settle("web")
    assert phase(world) == ("Progressing", "updated replicas are still becoming available")
    up["count"] = 4
    world.settle("web")
    assert phase(world) == ("Healthy", "")
