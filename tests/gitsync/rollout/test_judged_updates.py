"""Updates that are judged on their way: by analyses of a step or beside the steps, around a switch, by experiments."""

import pytest

from gitsync.rollout.simulated import SimulatedCluster
from tests.support.rollouts import cluster, phase, reasons, resume, rollout, selected, set_image, sizes, status

HASH = "rollouts-pod-template-hash"
TEMPLATE = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "ok"}, "spec": {}}
ANALYSED = "canary: {steps: [{setWeight: 25}, {analysis: {templates: [{templateName: ok}]}}, {setWeight: 50}]}"


def _analysed(strategy: str, *services: str) -> SimulatedCluster:
    world = cluster(rollout(strategy), *services)
    world.add(TEMPLATE)
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    return world


def _verdict(world: SimulatedCluster, phase_: str, message: str = "") -> None:
    for run in world.all("AnalysisRun"):
        if not run.get("status"):
            world.change("AnalysisRun", run["metadata"]["name"], {"status": {"phase": phase_, "message": message}})
    world.settle("web")


def test_successful_analysis_moves_the_step_on() -> None:
    world = _analysed(ANALYSED)
    run = world.all("AnalysisRun")[0]
    hash_ = status(world)["currentPodHash"]
    assert run["metadata"]["name"] == f"web-{hash_}-2-1"
    labels = run["metadata"]["labels"]
    assert (labels["rollout-type"], labels["step-index"], labels[HASH], labels["app"]) == ("Step", "1", hash_, "web")
    assert phase(world)[0] == "Progressing"
    _verdict(world, "Successful")
    assert phase(world) == ("Healthy", "")


def test_failed_analysis_aborts_with_its_reason() -> None:
    world = _analysed(ANALYSED)
    _verdict(world, "Failed", "too many errors")
    assert status(world)["abort"] is True
    assert sizes(world) == {1: 4, 2: 0}
    assert "Step-based analysis phase error/failed: too many errors" in phase(world)[1]
    assert "AnalysisRunFailed" in reasons(world)
    assert "currentStepAnalysisRunStatus" not in status(world).get("canary", {}), "its runs end with the update"
    world.change("Rollout", "web", {"status": {"abort": False}})
    world.settle("web")
    assert len(world.all("AnalysisRun")) == 2, "a retry is judged anew"


@pytest.mark.parametrize(("message", "told"), [("too slow", ": too slow"), ("", "")])
@pytest.mark.parametrize(
    ("strategy", "opening"),
    [
        (
            "canary: {analysis: {templates: [{templateName: ok}]}, steps: [{setWeight: 25}, {pause: {}}]}",
            "Background analysis phase error/failed",
        ),
        (
            "blueGreen: {activeService: active, prePromotionAnalysis: {templates: [{templateName: ok}]}}",
            "Blue/green pre-promotion analysis phase error/failed",
        ),
        (
            "blueGreen: {activeService: active, postPromotionAnalysis: {templates: [{templateName: ok}]}}",
            "Blue/green post-promotion analysis phase error/failed",
        ),
    ],
)
def test_an_abort_says_which_analysis_it_was(strategy: str, opening: str, message: str, told: str) -> None:
    world = _analysed(strategy, "active")
    _verdict(world, "Failed", message)
    assert phase(world) == ("Degraded", f"RolloutAborted: Rollout aborted update to revision 2: {opening}{told}")


def test_analysis_before_the_switch_goes_on_while_a_pod_is_replaced() -> None:
    strategy = "blueGreen: {activeService: active, prePromotionAnalysis: {templates: [{templateName: ok}]}}"
    ready = {"web:2": 4}
    body = rollout(strategy)
    world = cluster(body, "active", available=lambda one: ready["web:2"] if "web:2" in str(one["spec"]) else 4)
    world.add(TEMPLATE)
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    ready["web:2"] = 3
    world.settle("web")
    (run,) = world.all("AnalysisRun")
    assert "terminate" not in run["spec"]


def test_an_analysis_without_templates_is_none() -> None:
    world = _analysed("blueGreen: {activeService: active, postPromotionAnalysis: {templates: []}}", "active")
    assert world.all("AnalysisRun") == []


def test_inconclusive_analysis_pauses_until_somebody_decides() -> None:
    world = _analysed(ANALYSED)
    _verdict(world, "Inconclusive")
    assert phase(world) == ("Paused", "InconclusiveAnalysisRun")
    patch = {"status": {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 2}}
    world.change("Rollout", "web", patch)
    world.settle("web")
    assert phase(world) == ("Healthy", "")


def test_background_analysis_ends_with_the_update() -> None:
    strategy = """
canary:
  analysis: {templates: [{templateName: ok}], startingStep: 1}
  steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}]
"""
    world = _analysed(strategy)
    run = world.all("AnalysisRun")[0]
    assert run["metadata"]["labels"]["rollout-type"] == "Background"
    resume(world)
    world.settle("web")
    assert world.all("AnalysisRun")[0]["spec"]["terminate"] is True
    assert phase(world) == ("Healthy", "")


def test_blue_green_is_judged_before_and_after_the_switch() -> None:
    strategy = """
blueGreen:
  activeService: active
  prePromotionAnalysis: {templates: [{templateName: ok}]}
  postPromotionAnalysis: {templates: [{templateName: ok}]}
"""
    world = _analysed(strategy, "active")
    stable = status(world)["stableRS"]
    assert selected(world, "active") == stable
    _verdict(world, "Successful")
    current = status(world)["currentPodHash"]
    assert selected(world, "active") == current != status(world)["stableRS"]
    assert phase(world) == ("Progressing", "waiting for analysis to complete")
    _verdict(world, "Failed", "bad")
    assert selected(world, "active") == stable
    assert phase(world)[0] == "Degraded"


def test_experiment_is_made_from_both_versions_and_its_success_moves_on() -> None:
    strategy = """
canary:
  steps:
  - experiment:
      duration: 10s
      scaleDownDelaySeconds: 3
      templates: [{name: old, specRef: stable}, {name: new, specRef: canary, replicas: 2}]
  - setWeight: 50
"""
    world = cluster(rollout(strategy))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    experiment = world.all("Experiment")[0]
    assert experiment["metadata"]["name"] == f"web-{status(world)['currentPodHash']}-2-0"
    assert (experiment["spec"]["duration"], experiment["spec"]["scaleDownDelaySeconds"]) == ("10s", 3)
    images = [one["template"]["spec"]["containers"][0]["image"] for one in experiment["spec"]["templates"]]
    assert images == ["web:1", "web:2"]
    assert status(world)["canary"]["currentExperiment"] == experiment["metadata"]["name"]
    world.change("Experiment", experiment["metadata"]["name"], {"status": {"phase": "Successful"}})
    world.settle("web")
    assert phase(world) == ("Healthy", "")


def test_old_runs_go_above_the_limits_of_good_and_bad_ones() -> None:
    body = rollout(ANALYSED, analysis={"successfulRunHistoryLimit": 1, "unsuccessfulRunHistoryLimit": 2})
    world = cluster(body)
    world.add(TEMPLATE)
    world.settle("web")
    for number in range(4):
        set_image(world, f"web:{number + 2}")
        world.settle("web")
        _verdict(world, "Successful" if number % 2 else "Failed", "bad")
    for number in range(3):
        set_image(world, f"web:{number + 20}")
        world.settle("web")
        _verdict(world, "Failed", "bad")
    phases = sorted(run["status"]["phase"] for run in world.all("AnalysisRun"))
    assert phases.count("Successful") == 1
    assert phases.count("Failed") <= 3, "two old ones and that of the update at hand"


def test_an_experiment_that_fails_aborts_and_says_so() -> None:
    world = cluster(rollout("canary: {steps: [{experiment: {templates: [{name: new, specRef: canary}]}}]}"))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    name = world.all("Experiment")[0]["metadata"]["name"]
    world.change("Experiment", name, {"status": {"phase": "Failed", "message": "no pods"}})
    world.settle("web")
    assert phase(world)[1].endswith("revision 2: Experiment analysis phase is error/failed: no pods")


def test_abort_after_the_switch_waits_until_the_stable_pods_are_back() -> None:
    strategy = """
blueGreen:
  activeService: active
  scaleDownDelaySeconds: 1
  postPromotionAnalysis: {templates: [{templateName: ok}]}
"""
    world = _analysed(strategy, "active")
    stable, current = status(world)["stableRS"], status(world)["currentPodHash"]
    assert selected(world, "active") == current
    world.advance(60)
    world.settle("web")
    assert sizes(world) == {1: 4, 2: 4}, "what is stable is not taken away"
    _verdict(world, "Failed", "bad")
    assert selected(world, "active") == stable
    world.advance(60)
    world.settle("web")
    assert sizes(world) == {1: 4, 2: 0}
