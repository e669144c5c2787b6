"""Experiments from the first pod to the last."""

from typing import Any

import pytest

from gitsync.rollout.experiment.step import step
from gitsync.rollout.experiment.values import Surroundings
from gitsync.rollout.values import InvalidSpec
from tests.gitsync.rollout.experiment.world import World, template

METRICS = {"spec": {"metrics": [{"name": "m", "provider": {"web": {}}}], "args": [{"name": "hash", "value": "none"}]}}


def analysed(*analyses: dict[str, Any], **spec: Any) -> World:
    wanted = [{"templateName": "check", **one} for one in analyses]
    world = World({"templates": [template("base"), template("new")], "analyses": wanted, **spec})
    world.templates["check"] = METRICS
    return world


def test_templates_run_side_by_side_for_the_duration_and_then_go() -> None:
    world = World({"templates": [template("base", replicas=2), template("new")], "duration": "30s"})
    world.look()
    assert (world.phase, world.sizes) == ("Pending", {"exp-base": 0, "exp-new": 0})
    world.pods()
    world.settle()
    assert (world.phase, world.sizes) == ("Running", {"exp-base": 2, "exp-new": 1})
    assert world.status["availableAt"] == "2026-03-01T12:00:00Z"
    assert world.look() == 30
    world.wait(29)
    assert world.phase == "Running"
    world.wait(1)
    assert world.phase == "Successful"
    assert world.sizes == {"exp-base": 2, "exp-new": 1}
    deadlines = {body["metadata"]["annotations"]["scale-down-deadline"] for body in world.replica_sets.values()}
    assert deadlines == {"2026-03-01T12:01:00Z"}
    assert world.look() == 30
    world.wait(30)
    assert world.sizes == {"exp-base": 0, "exp-new": 0}
    assert world.status["conditions"][0]["reason"] == "ExperimentCompleted"
    assert world.events == [
        "TemplateProgressing: Template 'base' transitioned from  -> Progressing",
        "TemplateProgressing: Template 'new' transitioned from  -> Progressing",
        "ExperimentPending: Experiment transitioned from  -> Pending",
        "ScalingReplicaSet: Scaled up ReplicaSet exp-base from 0 to 2",
        "ScalingReplicaSet: Scaled up ReplicaSet exp-new from 0 to 1",
        "TemplateRunning: Template 'base' transitioned from Progressing -> Running",
        "TemplateRunning: Template 'new' transitioned from Progressing -> Running",
        "ExperimentRunning: Experiment transitioned from Pending -> Running",
        "TemplateSuccessful: Template 'base' transitioned from Running -> Successful",
        "TemplateSuccessful: Template 'new' transitioned from Running -> Successful",
        "ExperimentSuccessful: Experiment transitioned from Running -> Successful",
        "ScalingReplicaSet: Scaled down ReplicaSet exp-base from 2 to 0",
        "ScalingReplicaSet: Scaled down ReplicaSet exp-new from 1 to 0",
    ]


def test_a_replica_set_is_marked_and_selects_its_own_pods_only() -> None:
    world = World({"templates": [template("base", minReadySeconds=3)]})
    world.look()
    body = world.replica_sets["exp-base"]
    pod_hash = body["metadata"]["labels"]["rollouts-pod-template-hash"]
    assert body["metadata"]["annotations"] == {
        "experiment.argoproj.io/name": "exp",
        "experiment.argoproj.io/template-name": "base",
    }
    assert body["spec"]["selector"] == {"matchLabels": {"app": "shop", "rollouts-pod-template-hash": pod_hash}}
    assert body["spec"]["template"]["metadata"]["labels"]["rollouts-pod-template-hash"] == pod_hash
    assert body["spec"]["minReadySeconds"] == 3
    assert body["metadata"]["ownerReferences"][0]["kind"] == "Experiment"


def test_a_template_that_does_not_become_available_in_time_fails_the_experiment() -> None:
    world = World(
        {"templates": [template("base"), template("new")], "progressDeadlineSeconds": 10},
        ready=lambda name, wanted: 0 if name == "exp-new" else wanted,
    )
    world.settle()
    assert (world.phase, world.template_status("new")["status"]) == ("Pending", "Progressing")
    world.wait(10)
    assert world.phase == "Pending"
    world.wait(1)
    assert world.phase == "Failed"
    assert world.status["message"] == "Template 'new' exceeded its progressDeadlineSeconds (10)"
    assert world.template_status("base")["status"] == "Successful"
    world.wait(30)
    assert world.sizes == {"exp-base": 0, "exp-new": 0}


def test_services_live_as_long_as_their_pods() -> None:
    world = World(
        {"templates": [template("base", service={}), template("new", service={"name": "mine"})], "duration": "5s"}
    ).settle()
    labels = world.replica_sets["exp-new"]["metadata"]["labels"]
    pod_hash = labels["rollouts-pod-template-hash"]
    assert labels == world.replica_sets["exp-new"]["spec"]["template"]["metadata"]["labels"]
    assert set(world.services) == {"exp-base", "mine"}
    assert world.services["mine"]["spec"] == {
        "selector": labels,
        "ports": [{"protocol": "TCP", "port": 8080, "targetPort": 8080, "name": "http"}],
    }
    status = world.template_status("new")
    assert (status["serviceName"], status["podTemplateHash"]) == ("mine", pod_hash)
    world.wait(5)
    assert set(world.services) == {"exp-base", "mine"}
    world.wait(30)
    assert world.services == {}


def test_without_a_delay_pods_go_at_once() -> None:
    world = World({"templates": [template("base")], "duration": "5s", "scaleDownDelaySeconds": 0}).settle()
    world.wait(5)
    assert world.sizes == {"exp-base": 0}


def test_a_terminated_experiment_is_successful_and_ends_its_runs() -> None:
    world = analysed({"name": "a"}).settle()
    assert world.phase == "Running"
    world.spec = {**world.spec, "terminate": True}
    world.settle()
    assert world.runs["exp-a"]["spec"]["terminate"] is True
    world.finish("exp-a", "Successful")
    world.settle()
    world.wait(30)
    assert (world.phase, world.sizes) == ("Successful", {"exp-base": 0, "exp-new": 0})
    assert "AnalysisRunTerminating: Terminating a (exp-a)" in world.events


def test_analyses_begin_when_all_templates_are_available() -> None:
    available = False
    world = analysed({"name": "a"}, duration="10s")
    world.ready = lambda name, wanted: wanted if available else 0
    world.settle()
    assert world.runs == {}
    available = True
    world.pods()
    world.settle()
    assert set(world.runs) == {"exp-a"}
    assert list(world.status["analysisRuns"]) == [{"name": "a", "analysisRun": "exp-a", "phase": "Pending"}]


def test_arguments_of_analyses_know_the_pods_and_the_times() -> None:
    value = "{{templates.new.podTemplateHash}} {{templates.new.replicaset.name}} {{experiment.finishedAt}}"
    world = analysed({"name": "a", "args": [{"name": "hash", "value": value}]}, duration="10s").settle()
    pod_hash = world.replica_sets["exp-new"]["metadata"]["labels"]["rollouts-pod-template-hash"]
    assert world.runs["exp-a"]["spec"]["args"] == [
        {"name": "hash", "value": f"{pod_hash} exp-new 2026-03-01T12:00:10Z"}
    ]


@pytest.mark.parametrize("phase", ["Failed", "Error", "Inconclusive"])
def test_an_analysis_that_ends_badly_ends_the_experiment(phase: str) -> None:
    world = analysed({"name": "a"}, {"name": "b"}).settle()
    world.finish("exp-a", phase, "too slow")
    world.settle()
    assert (world.phase, world.status["message"]) == (phase, "too slow")
    assert world.runs["exp-b"]["spec"]["terminate"] is True
    assert f"AnalysisRun{phase}: AnalysisRun 'a' transitioned from Pending -> {phase}: too slow" in world.events


def test_the_verdict_waits_for_analyses_that_outlast_the_duration() -> None:
    world = analysed({"name": "a"}, duration="5s").settle()
    world.finish("exp-a", "Successful")
    world.settle()
    assert world.phase == "Running"
    world.wait(5)
    assert world.phase == "Successful"


def test_required_analyses_decide_when_the_experiment_is_over() -> None:
    world = analysed({"name": "a", "requiredForCompletion": True}, {"name": "b"}).settle()
    assert world.phase == "Running"
    world.finish("exp-a", "Successful")
    world.settle()
    assert (world.phase, world.status["message"]) == ("Successful", "Required AnalysisRuns completed")


def test_a_template_of_an_analysis_that_is_missing_is_told_at_once() -> None:
    world = World({"templates": [template("base")], "analyses": [{"name": "a", "templateName": "nowhere"}]}).settle()
    assert world.phase == "Error"
    assert world.status["message"] == (
        "AnalysisTemplate verification failed for analysis 'a': analysistemplates.argoproj.io \"nowhere\" not found"
    )


def test_a_run_of_somebody_else_makes_the_name_longer() -> None:
    world = analysed({"name": "a"})
    world.runs["exp-a"] = {"metadata": {"name": "exp-a"}, "spec": {}}
    world.settle()
    assert world.status["analysisRuns"][0]["analysisRun"] == "exp-a.1"


def test_the_rollout_hears_of_the_analyses_of_its_experiment() -> None:
    owner = {"kind": "Rollout", "name": "shop", "controller": True, "uid": "r"}
    world = analysed({"name": "a"})
    world.metadata = {"ownerReferences": [owner]}
    world.settle()
    world.finish("exp-a", "Failed", "bad")
    around = Surroundings(
        tuple(world.replica_sets.values()), tuple(world.services.values()), world.runs, world.templates, {}
    )
    events = step(world.body, around, world.now).events
    about = [event.about.name if event.about else "" for event in events if event.reason == "AnalysisRunFailed"]
    assert about == ["", "shop"]


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        ([{**template("a"), "selector": {}}], "This experiment is selecting all pods at index 0."),
        ([template("")], "has empty template name at index 0"),
        ([template("a"), template("a")], "has repeated template name 'a' in templates"),
        ([template("a", minReadySeconds=700)], "MinReadySeconds cannot be longer than ProgressDeadlineSeconds"),
    ],
)
def test_a_spec_that_cannot_be_run_is_a_condition(templates: list[dict[str, Any]], message: str) -> None:
    world = World({"templates": templates}).settle()
    (condition,) = world.status["conditions"]
    assert (condition["type"], condition["status"]) == ("InvalidSpec", "True")
    assert message in condition["message"]
    assert world.replica_sets == {}


def test_an_object_that_is_no_experiment_is_refused() -> None:
    with pytest.raises(InvalidSpec):
        step({"metadata": {"name": "x"}, "spec": {"templates": "none"}}, Surroundings(), World({}).now)
