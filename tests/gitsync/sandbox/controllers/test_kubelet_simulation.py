"""Pods on simulated nodes: starting, failing, ending, stopping."""

from typing import Any

import pytest

from gitsync.sandbox.controllers.container import image_id
from gitsync.sandbox.controllers.pod_status import qos_class
from tests.support.controller_rig import Rig

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", "namespace": "default"}}


def start(rig: Rig, container: dict[str, Any] | None = None, *, seconds: float = 2.0, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "c", "image": "nginx:1", **(container or {})}]
    rig.objects.create({**POD, "spec": {"containers": containers, **spec}}, manager="kubectl")
    rig.advance(seconds)
    return rig.get("Pod", "pod")


def state(rig: Rig) -> dict[str, Any]:
    container: dict[str, Any] = rig.status("Pod", "pod")["containerStatuses"][0]["state"]
    return container


def waiting_reason(rig: Rig) -> str:
    return str(state(rig).get("waiting", {}).get("reason", ""))


def sh(script: str) -> dict[str, Any]:
    return {"command": ["sh", "-c", script]}


def test_a_pod_goes_from_pending_to_ready(rig: Rig) -> None:
    pod = start(rig, seconds=0.1)
    assert pod["spec"]["nodeName"] == "node-0"
    assert pod["status"]["phase"] == "Pending"
    assert waiting_reason(rig) == "ContainerCreating"
    assert rig.condition("Pod", "pod", "PodScheduled")[0] == "True"
    rig.advance(1)
    status = rig.status("Pod", "pod")
    assert status["phase"] == "Running"
    assert {condition["type"]: condition["status"] for condition in status["conditions"]} == {
        "PodReadyToStartContainers": "True",
        "Initialized": "True",
        "Ready": "True",
        "ContainersReady": "True",
        "PodScheduled": "True",
    }
    assert status["podIP"].startswith("10.244.")
    assert status["podIPs"] == [{"ip": status["podIP"]}]
    container = status["containerStatuses"][0]
    assert (container["ready"], container["started"], container["restartCount"]) == (True, True, 0)
    assert container["imageID"].startswith("docker.io/library/nginx@sha256:")


def test_readiness_takes_its_initial_delay(rig: Rig) -> None:
    start(rig, {"readinessProbe": {"httpGet": {"port": 80}, "initialDelaySeconds": 10}}, seconds=5)
    assert rig.status("Pod", "pod")["phase"] == "Running"
    assert rig.condition("Pod", "pod", "Ready") == ("False", "ContainersNotReady")
    rig.advance(6)
    assert rig.condition("Pod", "pod", "Ready") == ("True", "")


def test_a_probe_that_fails_is_said_again_and_again(rig: Rig) -> None:
    start(rig, {"readinessProbe": {"exec": {"command": ["false"]}}}, seconds=45)
    assert rig.condition("Pod", "pod", "Ready") == ("False", "ContainersNotReady")
    counts = [event["count"] for event in rig.all("Event") if event["reason"] == "Unhealthy"]
    assert counts == [4]


@pytest.mark.parametrize("image", ["nginx:nonexistent", "error", "x/does-not-exist:1", "nginx:missing"])
def test_an_image_that_cannot_be_pulled_backs_off_and_is_named(rig: Rig, image: str) -> None:
    start(rig, {"image": image}, seconds=0.5)
    assert waiting_reason(rig) == "ErrImagePull"
    rig.advance(2)
    assert waiting_reason(rig) == "ImagePullBackOff"
    assert image in state(rig)["waiting"]["message"]
    assert rig.status("Pod", "pod")["phase"] == "Pending"
    before = rig.writes
    rig.advance(600)
    assert rig.writes - before < 20


def test_another_image_heals_a_running_pod(rig: Rig) -> None:
    start(rig, {"image": "nginx:nonexistent"}, seconds=30)
    rig.patch("Pod", "pod", containers=[{**rig.get("Pod", "pod")["spec"]["containers"][0], "image": "nginx:2"}])
    rig.advance(30)
    assert rig.condition("Pod", "pod", "Ready") == ("True", "")
    assert rig.status("Pod", "pod")["containerStatuses"][0]["image"] == "nginx:2"


@pytest.mark.parametrize("container", [{"command": ["/bad-command"]}, sh("exit 1"), sh("echo no; exit 2")])
def test_a_container_that_ends_at_once_ends_in_a_crash_loop(rig: Rig, container: dict[str, Any]) -> None:
    start(rig, container, seconds=5)
    assert waiting_reason(rig) == "CrashLoopBackOff"
    assert "back-off 10s restarting failed container=c pod=pod_default" in state(rig)["waiting"]["message"]
    restarts = rig.status("Pod", "pod")["containerStatuses"][0]["restartCount"]
    assert rig.status("Pod", "pod")["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] > 0
    assert rig.condition("Pod", "pod", "Ready") == ("False", "ContainersNotReady")
    rig.advance(12)
    assert rig.status("Pod", "pod")["containerStatuses"][0]["restartCount"] == restarts + 1
    assert "BackOff" in rig.reasons("Pod")
    before = rig.writes
    rig.advance(900)
    assert rig.writes - before < 60


ENDS = [
    ("Never", "sleep 2; exit 0", "Succeeded"),
    ("Never", "sleep 2; exit 1", "Failed"),
    ("OnFailure", "sleep 2; exit 0", "Succeeded"),
    ("OnFailure", "sleep 2; exit 1", "Running"),
    ("Always", "sleep 2; exit 0", "Running"),
    ("Never", "serve forever", "Running"),
]


@pytest.mark.parametrize(("policy", "script", "phase"), ENDS)
def test_how_a_pod_ends_follows_from_its_restart_policy(rig: Rig, policy: str, script: str, phase: str) -> None:
    start(rig, sh(script), seconds=4, restartPolicy=policy)
    assert rig.status("Pod", "pod")["phase"] == phase
    expected = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}.get(phase)
    if expected:
        assert rig.condition("Pod", "pod", "Ready") == ("False", expected)


def test_init_containers_run_before_the_others(rig: Rig) -> None:
    inits = [{"name": "first", "image": "busybox", **sh("sleep 3")}, {"name": "second", "image": "busybox"}]
    start(rig, initContainers=inits, seconds=2)
    assert waiting_reason(rig) == "PodInitializing"
    assert rig.condition("Pod", "pod", "Initialized") == ("False", "ContainersNotInitialized")
    rig.advance(3)
    assert rig.condition("Pod", "pod", "Ready") == ("True", "")
    ends = [each["state"]["terminated"]["reason"] for each in rig.status("Pod", "pod")["initContainerStatuses"]]
    assert ends == ["Completed", "Completed"]


def test_a_failing_init_container_keeps_the_pod_pending(rig: Rig) -> None:
    start(rig, initContainers=[{"name": "first", "image": "busybox", **sh("exit 1")}], seconds=60)
    assert rig.status("Pod", "pod")["phase"] == "Pending"
    assert rig.status("Pod", "pod")["initContainerStatuses"][0]["restartCount"] >= 1


def test_a_sidecar_runs_beside_the_others(rig: Rig) -> None:
    start(rig, initContainers=[{"name": "proxy", "image": "proxy", "restartPolicy": "Always"}])
    assert rig.condition("Pod", "pod", "Ready") == ("True", "")
    assert "running" in rig.status("Pod", "pod")["initContainerStatuses"][0]["state"]


def test_a_readiness_gate_opens_with_its_condition(rig: Rig) -> None:
    pod = start(rig, readinessGates=[{"conditionType": "example.com/ready"}])
    assert rig.condition("Pod", "pod", "Ready") == ("False", "ReadinessGatesNotReady")
    assert rig.condition("Pod", "pod", "ContainersReady") == ("True", "")
    conditions = [*pod["status"]["conditions"], {"type": "example.com/ready", "status": "True"}]
    rig.objects.update_status({**pod, "status": {**pod["status"], "conditions": conditions}})
    rig.advance(1)
    assert rig.condition("Pod", "pod", "Ready") == ("True", "")
    assert rig.condition("Pod", "pod", "example.com/ready")[0] == "True"


def test_a_pod_past_its_deadline_fails(rig: Rig) -> None:
    start(rig, activeDeadlineSeconds=30, restartPolicy="Never", seconds=35)
    status = rig.status("Pod", "pod")
    assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")


STOPS = [
    # preStop seconds, grace seconds, gone after
    (0, 30, 0.2),
    (5, 30, 5.1),
    (60, 10, 10.1),
    (5, 0, 0.1),
]


@pytest.mark.parametrize(("pre_stop", "grace", "gone"), STOPS)
def test_a_pod_stops_within_its_grace_period(rig: Rig, pre_stop: int, grace: int, gone: float) -> None:
    hook = {"lifecycle": {"preStop": {"exec": {"command": ["sleep", str(pre_stop)]}}}} if pre_stop else {}
    start(rig, hook, terminationGracePeriodSeconds=grace)
    rig.delete("Pod", "pod")
    if grace:
        rig.advance(gone - 0.2)
        assert "deletionTimestamp" in rig.get("Pod", "pod")["metadata"]
    rig.advance(0.3)
    assert rig.find("Pod", "pod") is None


def test_a_namesake_of_a_deleted_pod_is_a_pod_of_its_own(rig: Rig) -> None:
    first = start(rig)["metadata"]["uid"]
    rig.delete("Pod", "pod")
    rig.advance(1)
    second = start(rig)
    assert second["metadata"]["uid"] != first
    assert rig.condition("Pod", "pod", "Ready") == ("True", "")


NOWHERE = [
    ({"nodeSelector": {"disk": "none"}}, {}, "3 node(s) didn't match Pod's node affinity/selector"),
    ({}, {"resources": {"requests": {"cpu": "100"}}}, "3 Insufficient cpu"),
    ({}, {"resources": {"requests": {"memory": "1Ti"}}}, "3 Insufficient memory"),
]


@pytest.mark.parametrize(("spec", "container", "why"), NOWHERE)
def test_a_pod_that_fits_nowhere_stays_pending_and_says_why(
    rig: Rig, spec: dict[str, Any], container: dict[str, Any], why: str
) -> None:
    pod = start(rig, container, **spec)
    assert pod["status"]["phase"] == "Pending"
    assert rig.condition("Pod", "pod", "PodScheduled") == ("False", "Unschedulable")
    assert rig.reasons("Pod") == ["FailedScheduling"]
    message = next(event["message"] for event in rig.all("Event") if event["reason"] == "FailedScheduling")
    assert message.startswith(f"0/3 nodes are available: {why}.")


def test_a_waiting_pod_is_placed_when_a_node_opens(rig: Rig) -> None:
    for number in range(3):
        rig.patch("Node", f"node-{number}", unschedulable=True)
    start(rig)
    assert rig.condition("Pod", "pod", "PodScheduled") == ("False", "Unschedulable")
    rig.patch("Node", "node-1", unschedulable=False)
    rig.advance(2)
    assert rig.get("Pod", "pod")["spec"]["nodeName"] == "node-1"
    assert rig.condition("Pod", "pod", "Ready") == ("True", "")


def test_a_gated_pod_is_not_placed(rig: Rig) -> None:
    start(rig, schedulingGates=[{"name": "example.com/wait"}])
    assert rig.condition("Pod", "pod", "PodScheduled") == ("False", "SchedulingGated")


def test_nodes_are_ready_and_have_leases(rig: Rig) -> None:
    assert [node["metadata"]["name"] for node in rig.all("Node", None)] == ["node-0", "node-1", "node-2"]
    assert all(rig.condition("Node", f"node-{number}", "Ready")[0] == "True" for number in range(3))
    assert len(list(rig.objects.list("coordination.k8s.io", "Lease", "kube-node-lease"))) == 3


CLASSES = [
    ({}, "BestEffort"),
    ({"requests": {"cpu": "1"}}, "Burstable"),
    ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
    ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "Burstable"),
    ({"limits": {"cpu": "1"}}, "Burstable"),
]


@pytest.mark.parametrize(("resources", "expected"), CLASSES)
def test_quality_of_service_follows_from_the_resources(resources: dict[str, Any], expected: str) -> None:
    assert qos_class({"containers": [{"name": "c", "resources": resources}]}) == expected


IMAGES = [
    ("nginx", "docker.io/library/nginx@sha256:"),
    ("nginx:1", "docker.io/library/nginx@sha256:"),
    ("example.com:5000/team/app:1", "example.com:5000/team/app@sha256:"),
    ("example.com/app:1@sha256:abc", "example.com/app:1@sha256:abc"),
]


@pytest.mark.parametrize(("image", "beginning"), IMAGES)
def test_an_image_id_names_repository_and_digest(image: str, beginning: str) -> None:
    assert image_id(image).startswith(beginning)
