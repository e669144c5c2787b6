"""What surrounds an update: ways back, history, marks of pods, other workloads, restarts, analysis, experiments."""

from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.hashing import steps_hash, template_hash
from gitsync.rollout.simulated import SimulatedCluster
from gitsync.rollout.step import step
from gitsync.rollout.template import same_template
from gitsync.rollout.values import Step
from tests.support.rollouts import cluster, phase, reasons, resume, rollout, set_image, sizes, status
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


def test_steps_that_an_older_controller_has_hashed_are_no_other_steps() -> None:
    analysed = [{"analysis": {"templates": [{"templateName": "ok"}]}}]
    with_empty = [{"analysis": {"templates": [{"templateName": "ok"}], "analysisRunMetadata": {}}}]
    older = steps_hash(with_empty)
    assert steps_hash(analysed) != older
    assert steps_hash(analysed, recorded=older) == older
    assert steps_hash(analysed, recorded="other") == steps_hash(analysed)


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


def test_what_an_autoscaler_brings_back_of_the_deployment_goes_again_once_the_rollout_is_healthy() -> None:
    for scale_down in ("onsuccess", "progressively"):
        world = _referring(scale_down)
        world.settle("web")
        world.change("Deployment", "old", {"spec": {"replicas": 2}})
        world.settle("web")
        assert world.get("Deployment", "old")["spec"]["replicas"] == 0, scale_down


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
