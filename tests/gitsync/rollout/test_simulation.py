"""What an update is going to do, and why one does not."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from gitsync.cli.rollout import explain as explain_command
from gitsync.cli.rollout import simulate as simulate_command
from gitsync.rollout.explain import explain
from gitsync.rollout.simulate import simulate
from gitsync.rollout.simulated import SimulatedCluster
from gitsync.rollout.values import Children, InvalidSpec
from tests.support.rollouts import cluster, rollout, set_image

STEPS = "canary: {steps: [{setWeight: 25}, {pause: {duration: 10m}}, {setWeight: 50}, {pause: {}}]}"
ROUTED = """
canary:
  canaryService: canary
  stableService: stable
  trafficRouting: {nginx: {stableIngress: web}}
  steps: [{setWeight: 20}, {pause: {duration: 60}}]
"""


def test_plain_canary_shows_pods_and_admits_that_weight_is_their_share() -> None:
    found = simulate(rollout(STEPS))
    assert [(step.name, step.canary_pods, step.stable_pods, step.weight) for step in found.steps] == [
        ("setWeight: 25", 1, 3, 25),
        ("pause: 10m", 1, 3, 25),
        ("setWeight: 50", 2, 2, 50),
        ("pause", 2, 2, 50),
        ("promoted", 4, 0, 100),
    ]
    assert not any(step.routed for step in found.steps)
    assert [step.seconds for step in found.steps] == [0, 600, 0, None, 0]
    assert found.seconds is None
    abort = found.steps[1].abort
    assert (abort.stable_weight, abort.stable_pods, abort.canary_pods, abort.settled_seconds) == (100, 4, 0, 0)


def test_routed_canary_keeps_stable_whole_and_its_own_pods_after_an_abort() -> None:
    found = simulate(rollout(ROUTED))
    first = found.steps[0]
    assert (first.canary_pods, first.stable_pods, first.weight, first.routed) == (1, 4, 20, True)
    assert first.abort.stable_weight == 100
    assert first.abort.settled_seconds == pytest.approx(30, abs=2)
    assert found.seconds == 60


def test_blue_green_shows_preview_switch_and_delay() -> None:
    found = simulate(rollout("blueGreen: {activeService: active, autoPromotionEnabled: false}"))
    assert [(step.name, step.canary_pods, step.stable_pods, step.weight) for step in found.steps] == [
        ("preview", 4, 4, 0),
        ("switched", 4, 4, 100),
        ("promoted", 4, 0, 100),
    ]


def test_simulating_an_invalid_spec_says_what_is_wrong() -> None:
    with pytest.raises(InvalidSpec, match="setWeight"):
        simulate(rollout("canary: {steps: [{setWeight: 200}]}"))


def test_simulate_command_prints_a_table_and_json(tmp_path: Path) -> None:
    file = tmp_path / "rollout.yaml"
    file.write_text(yaml.safe_dump(rollout(STEPS)))
    table = CliRunner().invoke(simulate_command, [str(file)])
    assert table.exit_code == 0, table.output
    assert "2 pause: 10m" in table.output
    assert "until people promote it" in table.output
    answer = CliRunner().invoke(simulate_command, [str(file), "-o", "json"])
    assert json.loads(answer.output)["steps"][0]["canary_pods"] == 1
    assert CliRunner().invoke(simulate_command, [str(tmp_path / "none.yaml")]).exit_code == 1


# ---- explain


def _explained(world: SimulatedCluster) -> tuple[str, str, str | None]:
    children = Children(replica_sets=tuple(world.all("ReplicaSet")), pods=tuple(world.all("Pod")))
    found = explain(world.get("Rollout", "web"), children, world.now)
    return found.phase, found.sentence, found.next_at and found.next_at.strftime("%H:%M:%S")


def _updated(strategy: str, *, available: int = 9) -> SimulatedCluster:
    world = cluster(
        rollout(strategy),
        "active",
        available=lambda rs: min(rs["spec"]["replicas"], available if "web:2" in str(rs["spec"]) else 9),
    )
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    return world


def test_pauses_tell_their_end_or_who_ends_them() -> None:
    world = _updated("canary: {steps: [{setWeight: 25}, {pause: {duration: 60}}]}")
    assert _explained(world) == (
        "Paused",
        "step 2 of 2 (pause: 60) waits until 2026-03-01T12:01:00Z",
        "12:01:00",
    )
    assert _explained(_updated(STEPS.replace("{duration: 10m}", "{}")))[1] == (
        "step 2 of 4 (pause) waits until somebody promotes it"
    )
    assert "preview" in _explained(_updated("blueGreen: {activeService: active, autoPromotionEnabled: false}"))[1]


def test_missing_pods_are_named_with_the_deadline() -> None:
    world = _updated(STEPS, available=0)
    phase, sentence, next_at = _explained(world)
    assert (phase, next_at) == ("Progressing", "12:10:00")
    assert sentence.startswith("0 of 1 pods of web-")


def test_aborts_and_bad_specs_are_told_with_what_to_do() -> None:
    world = _updated(STEPS)
    world.change("Rollout", "web", {"status": {"abort": True}})
    world.settle("web")
    assert _explained(world)[1] == (
        "it was aborted update to revision 2; the stable version serves until somebody retries or changes it back"
    )
    world.change("Rollout", "web", {"spec": {"selector": {"matchLabels": {"app": "other"}}}})
    world.settle("web")
    assert "nothing is done until it is" in _explained(world)[1]


def test_every_phase_that_is_not_healthy_has_a_sentence() -> None:
    for strategy in (STEPS, "blueGreen: {activeService: active, autoPromotionSeconds: 5}"):
        world = cluster(rollout(strategy), "active")
        world.settle("web")
        assert _explained(world) == ("Healthy", "", None)
        set_image(world, "web:2")
        for _ in range(12):
            world.pass_once("web")
            phase, sentence, _ = _explained(world)
            assert bool(sentence) is (phase != "Healthy")
            world.move_pods()


def test_explain_command_reads_what_kubectl_prints(tmp_path: Path) -> None:
    world = _updated(STEPS)
    file = tmp_path / "all.yaml"
    objects = [world.get("Rollout", "web"), *world.all("ReplicaSet")]
    file.write_text(yaml.safe_dump_all(json.loads(json.dumps(objects))))
    answer = CliRunner().invoke(explain_command, [str(file)])
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("Paused: step 2 of 4 (pause: 10m) waits until")
