"""Badges, images and node of the tree."""

from typing import Any

import pytest

from gitsync.health.facts import facts_of
from gitsync.manifest.object import Traffic


def pod(status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    containers = {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:2"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": {**containers, **spec}, "status": status}


def container(name: str, **state: Any) -> dict[str, Any]:
    ready = "running" in state
    return {"name": name, "ready": ready, "restartCount": 0, "state": state}


@pytest.mark.parametrize(
    ("status", "ready", "reason"),
    [
        (
            {"phase": "Running", "containerStatuses": [container("a", running={}), container("b", running={})]},
            2,
            "Running",
        ),
        ({"phase": "Pending"}, 0, "Pending"),
        (
            {"phase": "Pending", "containerStatuses": [container("a", waiting={"reason": "ImagePullBackOff"})]},
            0,
            "ImagePullBackOff",
        ),
        ({"phase": "Failed", "reason": "Evicted"}, 0, "Evicted"),
        (
            {"phase": "Succeeded", "containerStatuses": [container("a", terminated={"reason": "Completed"})]},
            0,
            "Completed",
        ),
        ({"phase": "Failed", "containerStatuses": [container("a", terminated={"exitCode": 3})]}, 0, "ExitCode:3"),
        ({"phase": "Failed", "containerStatuses": [container("a", terminated={"signal": 9})]}, 0, "Signal:9"),
        (
            {
                "phase": "Running",
                "containerStatuses": [container("a", terminated={"reason": "Completed"}), container("b", running={})],
            },
            1,
            "NotReady",
        ),
    ],
)
def test_a_pod_shows_what_kubectl_shows(status: dict[str, Any], ready: int, reason: str) -> None:
    assert facts_of(pod(status)).info == (("Ready", f"{ready}/2"), ("Status", reason))


def test_a_pod_that_initialises_shows_how_far() -> None:
    inits = [container("i", terminated={"exitCode": 0}), container("j", running={})]
    body = pod({"phase": "Pending", "initContainerStatuses": inits}, initContainers=[{"name": "i"}, {"name": "j"}])
    assert dict(facts_of(body).info)["Status"] == "Init:1/2"


def test_a_failing_init_container_shows_its_reason() -> None:
    inits = [container("i", waiting={"reason": "CrashLoopBackOff"})]
    body = pod({"phase": "Pending", "initContainerStatuses": inits}, initContainers=[{"name": "i"}])
    assert dict(facts_of(body).info)["Status"] == "Init:CrashLoopBackOff"


def test_a_sidecar_that_started_does_not_hold_up_the_pod() -> None:
    inits = [{**container("proxy", running={}), "started": True}]
    body = pod(
        {"phase": "Running", "initContainerStatuses": inits, "containerStatuses": [container("a", running={})]},
        initContainers=[{"name": "proxy", "restartPolicy": "Always"}],
    )
    assert dict(facts_of(body).info)["Status"] == "Running"


def test_restarts_images_and_node_of_a_pod() -> None:
    status = {"phase": "Running", "containerStatuses": [{**container("a", running={}), "restartCount": 4}]}
    facts = facts_of(pod(status, nodeName="node-1"))
    assert dict(facts.info)["Restarts"] == "4"
    assert facts.images == ("a:1", "b:2")
    assert facts.node == "node-1"


def test_a_pod_being_deleted_is_terminating() -> None:
    body = pod({"phase": "Running"})
    body["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert dict(facts_of(body).info)["Status"] == "Terminating"


@pytest.mark.parametrize(
    ("body", "badges"),
    [
        (
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {"annotations": {"deployment.kubernetes.io/revision": "7"}},
                "spec": {"replicas": 3},
                "status": {"readyReplicas": 2},
            },
            (("Rev", "7"), ("Ready", "2/3")),
        ),
        (
            {
                "apiVersion": "apps/v1",
                "kind": "DaemonSet",
                "metadata": {},
                "status": {"numberReady": 1, "desiredNumberScheduled": 2},
            },
            (("Ready", "1/2"),),
        ),
        (
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {},
                "spec": {"completions": 2},
                "status": {"succeeded": 1},
            },
            (("Completions", "1/2"),),
        ),
        (
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "metadata": {},
                "spec": {"schedule": "@daily", "suspend": True},
            },
            (("Schedule", "@daily"), ("Status", "Suspended")),
        ),
        (
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {},
                "spec": {"type": "LoadBalancer"},
                "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.1"}]}},
            },
            (("Type", "LoadBalancer"), ("Address", "203.0.113.1")),
        ),
        (
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {},
                "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}},
            },
            (("Status", "Bound"), ("Capacity", "1Gi")),
        ),
        (
            {
                "apiVersion": "autoscaling/v2",
                "kind": "HorizontalPodAutoscaler",
                "metadata": {},
                "spec": {"maxReplicas": 5},
                "status": {"currentReplicas": 2},
            },
            (("Replicas", "2 (1-5)"),),
        ),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}, ()),
    ],
)
def test_badges_of_other_kinds(body: dict[str, Any], badges: tuple[tuple[str, str], ...]) -> None:
    assert facts_of(body).info == badges


SERVICE = {"apiVersion": "v1", "kind": "Service", "spec": {"selector": {"app": "shop", "tier": "web"}}}
INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "spec": {
        "defaultBackend": {"service": {"name": "fallback"}},
        "rules": [
            {"http": {"paths": [{"backend": {"service": {"name": "shop"}}}, {"backend": {"resource": {"kind": "X"}}}]}},
            {"host": "b.example", "http": {"paths": [{"backend": {"service": {"name": "shop"}}}]}},
        ],
    },
}
ROUTE = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "spec": {"rules": [{"backendRefs": [{"name": "shop"}, {"name": "other", "kind": "Bucket"}]}]},
}
VIRTUAL_SERVICE = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "VirtualService",
    "spec": {"http": [{"route": [{"destination": {"host": "shop.web.svc.cluster.local"}}]}]},
}


@pytest.mark.parametrize(
    ("body", "traffic"),
    [
        (SERVICE, Traffic(selector=(("app", "shop"), ("tier", "web")))),
        ({**SERVICE, "spec": {}}, None),
        (INGRESS, Traffic(services=("fallback", "shop"))),
        (ROUTE, Traffic(services=("shop",))),
        (VIRTUAL_SERVICE, Traffic(services=("shop",))),
        ({**INGRESS, "spec": {"rules": "no list"}}, None),
        (pod({"phase": "Running"}), None),
    ],
)
def test_traffic_is_led_by_labels_or_to_services_by_name(body: dict[str, Any], traffic: Traffic | None) -> None:
    assert facts_of(body).traffic == traffic
