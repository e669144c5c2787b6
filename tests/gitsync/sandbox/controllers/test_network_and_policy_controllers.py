"""Services, addresses, autoscalers, budgets, events, and a restart."""

import pytest

from gitsync.sandbox.controllers import start_controllers
from gitsync.sandbox.controllers.event import KEEP
from gitsync.sandbox.controllers.label_index import LabelIndex
from model.identity import ResourceKey
from tests.support.controller_rig import Rig

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec: {containers: [{name: c, image: "nginx:1", ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
"""
SCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 3
  maxReplicas: 5
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 90}}}]
"""


def test_a_service_finds_its_ready_pods(rig: Rig) -> None:
    rig.apply(WEB)
    rig.advance(3)
    addresses = sorted(pod["status"]["podIP"] for pod in rig.pods())
    (subset,) = rig.get("Endpoints", "web")["subsets"]
    assert sorted(address["ip"] for address in subset["addresses"]) == addresses
    assert subset["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    (piece,) = rig.all("EndpointSlice")
    assert sorted(endpoint["addresses"][0] for endpoint in piece["endpoints"]) == addresses
    assert all(endpoint["conditions"]["ready"] for endpoint in piece["endpoints"])
    assert piece["metadata"]["labels"]["kubernetes.io/service-name"] == "web"


def test_a_service_loses_pods_that_end(rig: Rig) -> None:
    rig.apply(WEB)
    rig.advance(3)
    rig.patch("Deployment", "web", replicas=0)
    rig.advance(3)
    assert "subsets" not in rig.get("Endpoints", "web")
    assert not rig.all("EndpointSlice")[0].get("endpoints")


def test_a_deleted_service_leaves_nothing_behind(rig: Rig) -> None:
    rig.apply(WEB)
    rig.advance(3)
    rig.delete("Service", "web")
    rig.advance(1)
    assert rig.find("Endpoints", "web") is None
    assert rig.all("EndpointSlice") == []


def test_a_load_balancer_gets_its_address_a_moment_later_and_loses_it_with_its_type(rig: Rig) -> None:
    rig.apply(WEB)
    rig.patch("Service", "web", type="LoadBalancer")
    rig.advance(0.5)
    assert not rig.status("Service", "web").get("loadBalancer")
    rig.advance(1)
    (entry,) = rig.status("Service", "web")["loadBalancer"]["ingress"]
    assert entry["ip"].startswith("203.0.113.")
    rig.patch("Service", "web", type="ClusterIP")
    rig.advance(1)
    assert not rig.status("Service", "web")["loadBalancer"]


def test_an_ingress_gets_an_address(rig: Rig) -> None:
    rig.apply(
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}, "
        "spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}}"
    )
    rig.advance(2)
    assert len(rig.status("Ingress", "web")["loadBalancer"]["ingress"]) == 1


def test_an_autoscaler_keeps_its_target_within_bounds(rig: Rig) -> None:
    rig.apply(WEB)
    rig.apply(SCALER)
    rig.advance(3)
    assert rig.get("Deployment", "web")["spec"]["replicas"] == 3
    assert rig.condition("HorizontalPodAutoscaler", "web", "AbleToScale") == ("True", "ReadyForNewScale")
    assert rig.condition("HorizontalPodAutoscaler", "web", "ScalingActive") == ("True", "ValidMetricFound")
    assert rig.status("HorizontalPodAutoscaler", "web")["currentReplicas"] == 3
    rig.patch("Deployment", "web", replicas=9)
    rig.advance(3)
    assert rig.get("Deployment", "web")["spec"]["replicas"] == 5
    assert rig.reasons("HorizontalPodAutoscaler") == ["SuccessfulRescale", "SuccessfulRescale"]


def test_an_autoscaler_without_a_target_says_so_until_there_is_one(rig: Rig) -> None:
    rig.apply(SCALER)
    rig.advance(3)
    assert rig.condition("HorizontalPodAutoscaler", "web", "AbleToScale") == ("False", "FailedGetScale")
    rig.apply(WEB)
    rig.advance(1)
    assert rig.condition("HorizontalPodAutoscaler", "web", "AbleToScale")[0] == "True"


BUDGETS = [
    ("minAvailable: 1", 1, 1),
    ("minAvailable: 50%", 1, 1),
    ("maxUnavailable: 0", 2, 0),
    ("minAvailable: 5", 5, 0),
]


@pytest.mark.parametrize(("rule", "wanted", "allowed"), BUDGETS)
def test_a_budget_counts_what_may_go(rig: Rig, rule: str, wanted: int, allowed: int) -> None:
    rig.apply(WEB)
    rig.apply(
        "{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: web}}, "
        "spec: {{{rule}, selector: {{matchLabels: {{app: web}}}}}}}}",
        rule=rule,
    )
    rig.advance(3)
    status = rig.status("PodDisruptionBudget", "web")
    assert (status["expectedPods"], status["currentHealthy"], status["desiredHealthy"]) == (2, 2, wanted)
    assert status["disruptionsAllowed"] == allowed


def test_old_events_are_dropped(rig: Rig) -> None:
    rig.apply(WEB)
    rig.advance(3)
    assert rig.all("Event")
    rig.clock.advance(KEEP.total_seconds() + 120)
    assert rig.all("Event") == []


def test_after_a_restart_everything_goes_on_where_it_was(rig: Rig) -> None:
    rig.apply(WEB)
    rig.advance(3)
    rig.controllers.stop()
    rig.patch("Deployment", "web", replicas=3)
    before = {pod["metadata"]["name"]: pod for pod in rig.pods()}
    rig.controllers = start_controllers(rig.objects, rig.clock)
    rig.advance(5)
    assert rig.status("Deployment", "web")["availableReplicas"] == 3
    after = {pod["metadata"]["name"]: pod for pod in rig.pods()}
    assert before == {name: pod for name, pod in after.items() if name in before}


def test_a_restart_of_a_settled_cluster_writes_nothing_but_leases(rig: Rig) -> None:
    rig.apply(WEB)
    rig.advance(3)
    rig.controllers.stop()
    before = rig.writes
    rig.controllers = start_controllers(rig.objects, rig.clock)
    rig.advance(5)
    assert rig.writes - before <= 3


def test_stopped_controllers_do_nothing_more(rig: Rig) -> None:
    rig.apply(WEB)
    rig.controllers.stop()
    before = rig.writes
    rig.advance(60)
    assert rig.writes == before


def test_an_orphan_that_matches_is_adopted(rig: Rig) -> None:
    rig.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: lone, labels: {app: web}}, "
        "spec: {containers: [{name: c, image: nginx}]}}"
    )
    rig.advance(1)
    replica_set = WEB.split("---")[0].replace("kind: Deployment", "kind: ReplicaSet")
    rig.apply(replica_set)
    rig.advance(3)
    assert len(rig.pods()) == 2
    assert rig.get("Pod", "lone")["metadata"]["ownerReferences"][0]["name"] == "web"


def test_the_label_index_finds_both_ways() -> None:
    index = LabelIndex()
    service, pod = ResourceKey("", "Service", "a", "web"), ResourceKey("", "Pod", "a", "web-1")
    index.put_selector(service, {"app": "web", "tier": "front"})
    index.put(pod, {"app": "web", "tier": "front", "x": "y"})
    assert index.selected_by(service) == [pod]
    assert list(index.selecting("a", {"app": "web", "tier": "front"})) == [service]
    assert list(index.selecting("b", {"app": "web", "tier": "front"})) == []
    index.put(pod, {"app": "web"})
    assert index.selected_by(service) == []
    index.put_selector(service, None)
    assert list(index.selecting("a", {"app": "web", "tier": "front"})) == []
