"""Deployments in the sandbox: rollouts, failures, pauses, scaling."""

import pytest

from tests.support.controller_rig import Rig

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: server, image: "{image}"}}]}}
"""
SETTLED = {"Available": ("True", "MinimumReplicasAvailable"), "Progressing": ("True", "NewReplicaSetAvailable")}


def deploy(rig: Rig, *, image: str = "nginx:1", replicas: int = 3, seconds: float = 5.0) -> None:
    rig.apply(DEPLOYMENT, image=image, replicas=replicas)
    rig.advance(seconds)


def change_image(rig: Rig, image: str, *, seconds: float) -> None:
    template = rig.get("Deployment", "web")["spec"]["template"]
    container = {**template["spec"]["containers"][0], "image": image}
    rig.patch("Deployment", "web", template={**template, "spec": {**template["spec"], "containers": [container]}})
    rig.advance(seconds)


def counters(rig: Rig) -> tuple[int, ...]:
    """replicas, updated, ready, available, unavailable"""
    status = rig.status("Deployment", "web")
    names = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")
    return tuple(status.get(name, 0) for name in names)


def sizes(rig: Rig) -> dict[str, int]:
    """Image to the size of its ReplicaSet."""
    return {
        body["spec"]["template"]["spec"]["containers"][0]["image"]: body["spec"]["replicas"]
        for body in rig.all("ReplicaSet")
    }


def test_a_deployment_becomes_available(rig: Rig) -> None:
    deploy(rig)
    assert counters(rig) == (3, 3, 3, 3, 0)
    assert {type_: rig.condition("Deployment", "web", type_) for type_ in SETTLED} == SETTLED
    assert rig.status("Deployment", "web")["observedGeneration"] == 1
    assert rig.get("Deployment", "web")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"


def test_before_its_pods_are_ready_it_is_progressing_and_not_available(rig: Rig) -> None:
    deploy(rig, seconds=0.0)
    assert counters(rig) == (3, 3, 0, 0, 3)
    assert rig.condition("Deployment", "web", "Available") == ("False", "MinimumReplicasUnavailable")
    assert rig.condition("Deployment", "web", "Progressing") == ("True", "ReplicaSetUpdated")


def test_a_change_of_the_template_rolls_over_to_a_new_replica_set(rig: Rig) -> None:
    deploy(rig)
    change_image(rig, "nginx:2", seconds=10)
    assert sizes(rig) == {"nginx:1": 0, "nginx:2": 3}
    assert counters(rig) == (3, 3, 3, 3, 0)
    assert {pod["spec"]["containers"][0]["image"] for pod in rig.pods()} == {"nginx:2"}
    assert rig.get("Deployment", "web")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"


def test_the_bounds_of_a_rolling_update_hold_at_every_moment(rig: Rig) -> None:
    deploy(rig, replicas=4)
    change_image(rig, "nginx:2", seconds=0.0)
    for _ in range(60):
        rig.advance(0.1)
        active = [pod for pod in rig.pods() if "deletionTimestamp" not in pod["metadata"]]
        assert len(active) <= 5
        assert rig.status("Deployment", "web").get("availableReplicas", 0) >= 3
    assert sizes(rig) == {"nginx:1": 0, "nginx:2": 4}


def test_an_image_that_cannot_be_pulled_stalls_the_rollout_until_the_deadline(rig: Rig) -> None:
    deploy(rig)
    rig.patch("Deployment", "web", progressDeadlineSeconds=30)
    change_image(rig, "nginx:nonexistent", seconds=5)
    assert counters(rig) == (4, 1, 3, 3, 1)
    assert rig.condition("Deployment", "web", "Progressing") == ("True", "ReplicaSetUpdated")
    rig.advance(40)
    assert rig.condition("Deployment", "web", "Progressing") == ("False", "ProgressDeadlineExceeded")
    assert rig.condition("Deployment", "web", "Available") == ("True", "MinimumReplicasAvailable")


def test_going_back_uses_the_old_replica_set_again(rig: Rig) -> None:
    deploy(rig)
    first = rig.all("ReplicaSet")[0]["metadata"]["name"]
    change_image(rig, "nginx:nonexistent", seconds=5)
    change_image(rig, "nginx:1", seconds=5)
    assert sizes(rig) == {"nginx:1": 3, "nginx:nonexistent": 0}
    annotations = rig.get("ReplicaSet", first)["metadata"]["annotations"]
    assert annotations["deployment.kubernetes.io/revision"] == "3"
    assert annotations["deployment.kubernetes.io/revision-history"] == "1"
    assert {type_: rig.condition("Deployment", "web", type_) for type_ in SETTLED} == SETTLED


@pytest.mark.parametrize(("before", "after"), [(3, 5), (3, 1), (3, 0), (0, 2)])
def test_scaling_keeps_the_replica_set(rig: Rig, before: int, after: int) -> None:
    deploy(rig, replicas=before)
    rig.patch("Deployment", "web", replicas=after)
    rig.advance(5)
    assert sizes(rig) == {"nginx:1": after}
    assert len(rig.pods()) == after
    assert counters(rig) == (after, after, after, after, 0)
    assert rig.condition("Deployment", "web", "Available")[0] == "True"


def test_scaling_amid_a_stuck_rollout_is_shared_by_both_replica_sets(rig: Rig) -> None:
    deploy(rig, replicas=10)
    change_image(rig, "nginx:nonexistent", seconds=5)
    assert sizes(rig) == {"nginx:1": 8, "nginx:nonexistent": 5}
    rig.patch("Deployment", "web", replicas=15)
    rig.advance(0.0)
    assert sum(sizes(rig).values()) == 19
    assert sizes(rig)["nginx:1"] > 8


def test_a_paused_deployment_rolls_nothing_out_but_still_scales(rig: Rig) -> None:
    deploy(rig)
    rig.patch("Deployment", "web", paused=True)
    change_image(rig, "nginx:2", seconds=5)
    assert sizes(rig) == {"nginx:1": 3}
    assert rig.condition("Deployment", "web", "Progressing") == ("Unknown", "DeploymentPaused")
    rig.patch("Deployment", "web", replicas=4)
    rig.advance(5)
    assert sizes(rig) == {"nginx:1": 4}
    rig.patch("Deployment", "web", paused=False)
    rig.advance(10)
    assert sizes(rig) == {"nginx:1": 0, "nginx:2": 4}


def test_recreate_starts_no_new_pod_while_an_old_one_lives(rig: Rig) -> None:
    deploy(rig)
    rig.patch("Deployment", "web", strategy={"type": "Recreate"})
    change_image(rig, "nginx:2", seconds=0.0)
    for _ in range(40):
        assert len({pod["spec"]["containers"][0]["image"] for pod in rig.pods()}) <= 1
        rig.advance(0.05)
    assert sizes(rig) == {"nginx:1": 0, "nginx:2": 3}
    assert counters(rig) == (3, 3, 3, 3, 0)


def test_revisions_beyond_the_limit_are_dropped(rig: Rig) -> None:
    deploy(rig, replicas=1)
    rig.patch("Deployment", "web", revisionHistoryLimit=2)
    for number in range(2, 7):
        change_image(rig, f"nginx:{number}", seconds=3)
    assert sizes(rig) == {"nginx:4": 0, "nginx:5": 0, "nginx:6": 1}


def test_a_missing_service_account_is_said_and_healed(rig: Rig) -> None:
    deploy(rig, replicas=1)
    template = rig.get("Deployment", "web")["spec"]["template"]
    rig.patch("Deployment", "web", template={**template, "spec": {**template["spec"], "serviceAccountName": "later"}})
    rig.advance(2)
    assert rig.condition("Deployment", "web", "ReplicaFailure") == ("True", "FailedCreate")
    assert "FailedCreate" in rig.reasons("ReplicaSet")
    rig.apply("{apiVersion: v1, kind: ServiceAccount, metadata: {name: later}}")
    rig.advance(30)
    assert rig.condition("Deployment", "web", "ReplicaFailure") == ("", "")
    assert {type_: rig.condition("Deployment", "web", type_) for type_ in SETTLED} == SETTLED


def test_min_ready_seconds_delay_availability(rig: Rig) -> None:
    rig.apply(DEPLOYMENT, image="nginx:1", replicas=1)
    rig.patch("Deployment", "web", minReadySeconds=20)
    rig.advance(10)
    assert counters(rig) == (1, 1, 1, 0, 1)
    rig.advance(15)
    assert counters(rig) == (1, 1, 1, 1, 0)


def test_a_deleted_deployment_takes_everything_along(rig: Rig) -> None:
    deploy(rig)
    rig.delete("Deployment", "web")
    rig.advance(5)
    assert rig.all("ReplicaSet") == []
    assert rig.pods() == []


def test_a_deleted_pod_is_replaced(rig: Rig) -> None:
    deploy(rig)
    gone = rig.pods()[0]["metadata"]["name"]
    rig.delete("Pod", gone)
    rig.advance(5)
    assert len(rig.pods()) == 3
    assert gone not in {pod["metadata"]["name"] for pod in rig.pods()}


def test_a_name_that_is_taken_counts_as_a_collision(rig: Rig) -> None:
    deploy(rig, replicas=1)
    name = rig.all("ReplicaSet")[0]["metadata"]["name"]
    other = rig.get("ReplicaSet", name)
    rig.delete("Deployment", "web")
    rig.advance(5)
    foreign = {"matchLabels": {"app": "other"}}
    template = {"metadata": {"labels": {"app": "other"}}, "spec": other["spec"]["template"]["spec"]}
    spec = {"replicas": 0, "selector": foreign, "template": template}
    rig.objects.create(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {"name": name, "namespace": "default"},
            "spec": spec,
        }
    )
    deploy(rig, replicas=1)
    assert rig.status("Deployment", "web")["collisionCount"] == 1
    assert counters(rig) == (1, 1, 1, 1, 0)


def test_a_settled_deployment_is_left_alone(rig: Rig) -> None:
    deploy(rig)
    before = rig.writes
    rig.advance(500)
    assert rig.writes == before


def test_events_tell_the_story(rig: Rig) -> None:
    deploy(rig, replicas=1)
    assert rig.reasons("Deployment") == ["ScalingReplicaSet"]
    assert rig.reasons("ReplicaSet") == ["SuccessfulCreate"]
    assert rig.reasons("Pod") == ["Scheduled", "Pulling", "Pulled", "Created", "Started"]
