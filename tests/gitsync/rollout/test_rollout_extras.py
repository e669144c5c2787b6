"""What surrounds an update: ways back, history, marks of pods, other workloads, restarts, analysis, experiments."""

from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.hashing import template_hash
from gitsync.rollout.simulated import SimulatedCluster
from gitsync.rollout.step import step
from gitsync.rollout.template import same_template
from gitsync.rollout.values import Step
from tests.support.rollouts import cluster, phase, reasons, resume, rollout, selected, set_image, sizes, status
from tests.support.yaml_text import read_yaml

HASH = "rollouts-pod-template-hash"


def _released(world: SimulatedCluster, *images: str) -> None:
    for image in images:
        set_image(world, image)
        world.settle("web")
        for _ in range(5):
            if phase(world)[0] != "Paused":
                break
            resume(world)
            world.settle("web")


def _pods(world: SimulatedCluster) -> None:
    """A pod for every replica, as a ReplicaSet would make it."""
    for replica_set in world.all("ReplicaSet"):
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True}
        for number in range(replica_set["spec"]["replicas"]):
            name = f"{replica_set['metadata']['name']}-{number}"
            if any(pod["metadata"]["name"] == name for pod in world.all("Pod")):
                continue
            metadata = {**replica_set["spec"]["template"]["metadata"], "name": name}
            metadata["ownerReferences"] = [
                {**owner, "name": replica_set["metadata"]["name"], "uid": replica_set["metadata"]["uid"]}
            ]
            world.add({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}})


# ---- ways back


def test_return_within_the_window_skips_steps_and_pauses() -> None:
    body = rollout("canary: {steps: [{setWeight: 25}, {pause: {}}]}", rollbackWindow={"revisions": 2})
    world = cluster(body)
    world.settle("web")
    _released(world, "web:2", "web:3")
    reasons(world)
    set_image(world, "web:1")
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    assert status(world)["duration"]["completionStatus"] == "RolledBack"


def test_return_beyond_the_window_goes_through_the_steps() -> None:
    body = rollout("canary: {steps: [{setWeight: 25}, {pause: {}}]}", rollbackWindow={"revisions": 1})
    world = cluster(body)
    world.settle("web")
    _released(world, "web:2", "web:3")
    set_image(world, "web:1")
    world.settle("web")
    assert phase(world) == ("Paused", "CanaryPauseStep")


def test_a_revision_that_comes_back_remembers_what_it_was() -> None:
    world = cluster(rollout("canary: {}"))
    world.settle("web")
    _released(world, "web:2", "web:1")
    first = min(world.all("ReplicaSet"), key=lambda one: one["metadata"]["creationTimestamp"])
    annotations = first["metadata"]["annotations"]
    assert annotations["rollout.argoproj.io/revision"] == "3"
    assert annotations["rollout.argoproj.io/revision-history"] == "1"
    assert world.get("Rollout", "web")["metadata"]["annotations"]["rollout.argoproj.io/revision"] == "3"


def test_history_keeps_as_many_as_it_says() -> None:
    world = cluster(rollout("canary: {}", revisionHistoryLimit=1))
    world.settle("web")
    _released(world, "web:2", "web:3", "web:4")
    assert set(sizes(world)) == {3, 4}


# ---- the ReplicaSet


def test_replica_set_of_another_hash_is_adopted_when_its_template_means_the_same() -> None:
    world = cluster(rollout("canary: {}"))
    labels = {"app": "web", HASH: "foreign"}
    template: JsonObject = {
        "metadata": {"labels": labels, "creationTimestamp": None},
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "image": "web:1",
                    "imagePullPolicy": "IfNotPresent",
                    "resources": {},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                }
            ],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": "Always",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "terminationGracePeriodSeconds": 30,
        },
    }
    uid = world.get("Rollout", "web")["metadata"]["uid"]
    owner = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web", "uid": uid, "controller": True}
    annotations = {"rollout.argoproj.io/revision": "7", "rollout.argoproj.io/desired-replicas": "4"}
    world.add(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": "web-foreign",
                "labels": labels,
                "annotations": annotations,
                "ownerReferences": [owner],
            },
            "spec": {"replicas": 4, "selector": {"matchLabels": labels}, "template": template},
        }
    )
    world.settle("web")
    assert sizes(world) == {7: 4}
    assert status(world)["stableRS"] == "foreign"


def test_a_taken_name_makes_the_next_one() -> None:
    world = cluster(rollout("canary: {}"))
    taken = template_hash(world.get("Rollout", "web")["spec"]["template"])
    metadata = {"name": f"web-{taken}", "labels": {"app": "somebody"}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "somebody"}}, "template": {}}
    world.add({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec})
    for _ in range(12):
        world.move_pods()
        world.pass_once("web")
    assert status(world)["collisionCount"] == 1
    assert status(world)["currentPodHash"] != taken


def test_hashes_are_those_that_other_controllers_give() -> None:
    """Names of ReplicaSets that the getting-started guide of Argo Rollouts shows for its demo."""
    template: Any = read_yaml(
        """
metadata: {labels: {app: rollouts-demo}}
spec:
  containers:
  - name: rollouts-demo
    image: argoproj/rollouts-demo:blue
    ports: [{name: http, containerPort: 8080, protocol: TCP}]
    resources: {requests: {memory: 32Mi, cpu: 5m}}
"""
    )
    assert template_hash(template) == "687d76d795"
    template["spec"]["containers"][0]["image"] = "argoproj/rollouts-demo:yellow"
    assert template_hash(template) == "6cf78c66c5"


def test_templates_are_compared_by_meaning() -> None:
    written = {"spec": {"containers": [{"name": "a", "image": "x", "resources": {"limits": {"cpu": "0.5"}}}]}}
    live = {"spec": {"containers": [{"name": "a", "image": "x", "resources": {"limits": {"cpu": "500m"}}}]}}
    assert same_template(live, written)
    changed: Any = read_yaml("spec: {containers: [{name: a, image: y, resources: {limits: {cpu: 500m}}}]}")
    assert not same_template(live, changed)


def test_anti_affinity_keeps_new_pods_off_the_stable_ones_until_they_are_stable() -> None:
    strategy = "canary: {antiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {}}, steps: [{pause: {}}]}"
    world = cluster(rollout(strategy))
    world.settle("web")
    first = status(world)["stableRS"]
    set_image(world, "web:2")
    world.settle("web")
    newest = max(world.all("ReplicaSet"), key=lambda one: one["metadata"]["creationTimestamp"])
    terms = newest["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]
    rule = terms["requiredDuringSchedulingIgnoredDuringExecution"][0]
    assert rule["labelSelector"]["matchExpressions"] == [{"key": HASH, "operator": "In", "values": [first]}]
    assert rule["topologyKey"] == "kubernetes.io/hostname"


# ---- marks of pods


def test_roles_are_marked_on_living_pods_and_change_with_the_promotion() -> None:
    strategy = """
canary:
  canaryMetadata: {labels: {role: canary}, annotations: {note: new}}
  stableMetadata: {labels: {role: stable}}
  steps: [{setWeight: 50}, {pause: {}}]
"""
    world = cluster(rollout(strategy))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    _pods(world)
    roles = {pod["metadata"]["labels"]["role"] for pod in world.all("Pod")}
    assert roles == {"canary", "stable"}
    resume(world)
    world.settle("web")
    newest = max(world.all("ReplicaSet"), key=lambda one: one["metadata"]["creationTimestamp"])
    assert newest["spec"]["template"]["metadata"]["labels"]["role"] == "stable"
    assert "note" not in newest["spec"]["template"]["metadata"].get("annotations", {})
    mine = [pod for pod in world.all("Pod") if pod["metadata"]["name"].startswith(newest["metadata"]["name"])]
    assert {pod["metadata"]["labels"]["role"] for pod in mine} == {"stable"}
    assert len(world.all("ReplicaSet")) == 2, "marks are not part of the template that is compared"


# ---- restart


def test_restart_evicts_old_pods_a_few_at_a_time() -> None:
    world = cluster(rollout("canary: {maxUnavailable: 2}"))
    world.settle("web")
    _pods(world)
    world.advance(100)
    world.change("Rollout", "web", {"spec": {"restartAt": "2026-03-01T12:01:30Z"}})
    assert sum(1 for _ in world.all("Pod")) == 4
    result = world.pass_once("web")
    while not result.deletes:
        result = world.pass_once("web")
    assert len(result.deletes) == 2
    assert all(gone.evict for gone in result.deletes)
    for _ in range(3):
        world.pass_once("web")
    assert status(world)["restartedAt"] == "2026-03-01T12:01:30Z"


def test_restart_looks_again_soon_while_pods_are_leaving_and_seldom_while_a_budget_keeps_them() -> None:
    """The end of a pod whose successor is up changes no count that would tell of it."""
    world = cluster(rollout("canary: {}"))
    world.settle("web")
    _pods(world)
    world.advance(100)
    world.change("Rollout", "web", {"spec": {"restartAt": "2026-03-01T12:01:30Z"}})
    assert _look(world).requeue_seconds == 30.0
    name = world.all("Pod")[0]["metadata"]["name"]
    world.change("Pod", name, {"metadata": {"deletionTimestamp": "2026-03-01T12:01:40Z"}})
    assert _look(world).requeue_seconds == 1.0


def _look(world: SimulatedCluster) -> Step:
    """Without writing anything, as if a budget had said no."""
    return step(world.get("Rollout", "web"), world.children(), world.now, world.parts)


# ---- another workload's template


def _deployment(replicas: int) -> JsonObject:
    template = rollout("canary: {}")["spec"]["template"]
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "old"}, "spec": spec}


def _referring(scale_down: str) -> SimulatedCluster:
    body = rollout("canary: {}")
    del body["spec"]["template"], body["spec"]["selector"]
    body["spec"]["workloadRef"] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "old",
        "scaleDown": scale_down,
    }
    world = cluster(body)
    world.add(_deployment(4))
    return world


def test_workload_lends_its_template_and_is_scaled_down_when_asked() -> None:
    for scale_down, left in (("never", 4), ("onsuccess", 0), ("progressively", 0)):
        world = _referring(scale_down)
        world.settle("web")
        assert phase(world) == ("Healthy", ""), scale_down
        assert world.get("Deployment", "old")["spec"]["replicas"] == left
        assert "template" not in world.get("Rollout", "web")["spec"]
        assert status(world)["workloadObservedGeneration"].isdigit()


def test_change_of_the_workload_is_an_update() -> None:
    world = _referring("never")
    world.settle("web")
    containers = [{"name": "web", "image": "web:2"}]
    world.change("Deployment", "old", {"spec": {"template": {"spec": {"containers": containers}}}})
    world.settle("web")
    assert sizes(world) == {1: 0, 2: 4}
    assert status(world)["workloadObservedGeneration"] == "2"


def test_missing_workload_is_told() -> None:
    body = rollout("canary: {}")
    del body["spec"]["template"]
    body["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}
    world = cluster(body)
    world.settle("web")
    assert phase(world) == ("Degraded", 'InvalidSpec: The Rollout "web" is invalid: deployments.apps "none" not found')


# ---- analysis


ANALYSED = "canary: {steps: [{setWeight: 25}, {analysis: {templates: [{templateName: ok}]}}, {setWeight: 50}]}"


def _analysed(strategy: str, *services: str) -> SimulatedCluster:
    world = cluster(rollout(strategy), *services)
    world.add(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "ok"}, "spec": {}}
    )
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
    world.change("Rollout", "web", {"status": {"abort": False}})
    world.settle("web")
    assert len(world.all("AnalysisRun")) == 2, "a retry is judged anew"


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
      templates: [{name: old, specRef: stable}, {name: new, specRef: canary, replicas: 2}]
  - setWeight: 50
"""
    world = cluster(rollout(strategy))
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    experiment = world.all("Experiment")[0]
    assert experiment["metadata"]["name"] == f"web-{status(world)['currentPodHash']}-2-0"
    images = [one["template"]["spec"]["containers"][0]["image"] for one in experiment["spec"]["templates"]]
    assert images == ["web:1", "web:2"]
    assert status(world)["canary"]["currentExperiment"] == experiment["metadata"]["name"]
    world.change("Experiment", experiment["metadata"]["name"], {"status": {"phase": "Successful"}})
    world.settle("web")
    assert phase(world) == ("Healthy", "")


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
