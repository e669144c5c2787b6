"""A canary and a blue-green update through their states on living clusters, steered as `kubectl argo rollouts` does."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gitsync.delivery.targets import BINDING, TargetQuestions
from gitsync.manifest.object import JsonObject
from gitsync.rollout.values import Children, TargetRegistration
from tests.e2e.rollouts.conftest import POD, ROLLOUT, Live
from tests.support.rollouts import rollout

pytestmark = [pytest.mark.e2e]

CANARY = "canary: {steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {duration: 2s}}]}"
BLUE_GREEN = """
blueGreen:
  activeService: active
  previewService: preview
  autoPromotionEnabled: false
  scaleDownDelaySeconds: 3
  abortScaleDownDelaySeconds: 2
"""
FIRST = [
    "RolloutAddedToInformer",
    "RolloutUpdated",
    "NewReplicaSetCreated",
    "RolloutNotCompleted",
    "ScalingReplicaSet",
    "RolloutCompleted",
]


async def _create(live: Live, strategy: str) -> None:
    body = rollout(strategy)
    body["metadata"]["namespace"] = live.namespace
    await live.cluster.create(body)


async def _service(live: Live, name: str) -> None:
    spec: JsonObject = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    metadata = {"name": name, "namespace": live.namespace}
    await live.cluster.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})


async def test_canary_goes_through_all_of_its_states(live: Live) -> None:
    async with live.controller():
        await _create(live, CANARY)
        first = await live.until_phase("web", "Healthy")
        assert first["status"]["stableRS"] == first["status"]["currentPodHash"]
        await live.until_told("web", "RolloutCompleted")
        assert await live.reasons("web") == FIRST

        await live.set_image("web", "web:2")
        await live.until_phase("web", "Paused", "CanaryPauseStep")
        assert await live.sizes() == {"1": 3, "2": 1}
        await live.until_told("web", "RolloutPaused")
        assert (await live.reasons("web"))[len(FIRST) :] == [
            "RolloutUpdated",
            "NewReplicaSetCreated",
            "RolloutNotCompleted",
            "ScalingReplicaSet",
            "ScalingReplicaSet",
            "RolloutStepCompleted",
            "RolloutPaused",
        ]

        await live.patch("web", {"status": {"abort": True}})
        await live.until_phase("web", "Degraded", "RolloutAborted")
        await live.until_sizes({"1": 4, "2": 0})

        await live.patch("web", {"status": {"abort": False}})
        await live.until_phase("web", "Paused", "CanaryPauseStep")
        await live.patch("web", {"status": {"pauseConditions": None, "currentStepIndex": 2}})
        await live.until_phase("web", "Healthy")
        await live.until_sizes({"1": 0, "2": 4})

        await live.set_image("web", "web:3")
        await live.until_phase("web", "Paused", "CanaryPauseStep")
        await live.patch("web", {"status": {"promoteFull": True}})
        done = await live.until_phase("web", "Healthy")
        assert done["status"]["duration"]["completionStatus"] == "FastPromoted"
        await live.until_sizes({"1": 0, "2": 0, "3": 4})

        before = await live.pods()
        await live.set_image("web", "web:1")
        await live.until_phase("web", "Paused", "CanaryPauseStep")
        await live.set_image("web", "web:3")
        await live.until_phase("web", "Healthy")
        assert len(before & await live.pods()) >= 3, "going back to stable keeps its pods"


async def test_blue_green_goes_through_all_of_its_states(live: Live) -> None:
    async with live.controller():
        await _service(live, "active")
        await _service(live, "preview")
        await _create(live, BLUE_GREEN)
        first = await live.until_phase("web", "Healthy")
        stable = first["status"]["stableRS"]
        assert await live.selected("active") == await live.selected("preview") == stable

        await live.set_image("web", "web:2")
        paused = await live.until_phase("web", "Paused", "BlueGreenPause")
        current = paused["status"]["currentPodHash"]
        assert (await live.selected("active"), await live.selected("preview")) == (stable, current)
        assert await live.sizes() == {"1": 4, "2": 4}

        await live.patch("web", {"status": {"abort": True}})
        await live.until_phase("web", "Degraded", "RolloutAborted")
        await live.until_sizes({"1": 4, "2": 0})

        await live.patch("web", {"status": {"abort": False}})
        await live.until_phase("web", "Paused", "BlueGreenPause")
        await live.patch("web", {"status": {"pauseConditions": None}})
        await live.until_phase("web", "Healthy")
        assert await live.selected("active") == current
        await live.until_sizes({"1": 0, "2": 4})


async def test_restart_replaces_every_pod_and_keeps_the_revision(live: Live) -> None:
    async with live.controller():
        await _create(live, "canary: {}")
        body = await live.until_phase("web", "Healthy")
        before = await live.pods()
        await asyncio.sleep(1.1)
        made = [one["metadata"]["creationTimestamp"] for one in await live.cluster.list(POD, namespace=live.namespace)]
        await live.patch("web", {"spec": {"restartAt": _second_after(max(made))}})
        await live.until("web", lambda one: one["status"].get("restartedAt"))
        after = await live.until_phase("web", "Healthy")
        assert not before & await live.pods()
        assert after["status"]["stableRS"] == body["status"]["stableRS"]


def _second_after(moment: str) -> str:
    later = datetime.fromisoformat(moment) + timedelta(seconds=1)
    return later.strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_template_that_the_cluster_refuses_is_told_and_healed(live: Live) -> None:
    async with live.controller():
        body = rollout("canary: {}")
        body["metadata"]["namespace"] = live.namespace
        body["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": 99_999}]
        await live.cluster.create(body)

        def refused(found: JsonObject) -> bool:
            told = (found.get("status") or {}).get("conditions") or ()
            return any(one["reason"] == "ReplicaSetCreateError" for one in told)

        await live.until("web", refused)
        await live.until_told("web", "ReplicaSetCreateError")
        await live.set_image("web", "web:2")
        await live.until_phase("web", "Healthy")


async def test_services_of_a_rollout_that_is_gone_select_by_their_own_labels_again(live: Live) -> None:
    """Else what comes after it, a Deployment for instance, would never get their traffic."""
    async with live.controller():
        for name in ("active", "preview"):
            await _service(live, name)
        await _create(live, BLUE_GREEN)
        await live.until_phase("web", "Healthy")
        assert await live.selected("active")
        await live.cluster.delete(ROLLOUT, live.namespace, "web")
        await _until_released(live)


async def test_services_of_a_rollout_that_went_while_nobody_looked_are_released_at_the_next_start(live: Live) -> None:
    async with live.controller():
        for name in ("active", "preview"):
            await _service(live, name)
        await _create(live, BLUE_GREEN)
        await live.until_phase("web", "Healthy")
    await live.cluster.delete(ROLLOUT, live.namespace, "web")
    assert await live.selected("active")
    async with live.controller():
        await _until_released(live)


class _Registered:
    """What AWS would say."""

    def __init__(self, *targets: str) -> None:
        self.targets = frozenset(targets)

    async def registered(self, target_group: str) -> frozenset[str]:
        return self.targets if target_group == "arn:web" else frozenset()


async def test_addresses_behind_a_service_are_compared_with_those_of_its_target_group(live: Live) -> None:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1beta1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "TargetGroupBinding", "plural": "targetgroupbindings", "singular": "targetgroupbinding"}
    await live.cluster.create(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "targetgroupbindings.elbv2.k8s.aws"},
            "spec": {"group": "elbv2.k8s.aws", "names": names, "scope": "Namespaced", "versions": [version]},
        }
    )
    async with asyncio.timeout(60):
        while live.cluster.discovery.resource(BINDING) is None:
            await live.cluster.discovery.refresh()
    spec = {"serviceRef": {"name": "active", "port": 80}, "targetType": "ip", "targetGroupARN": "arn:web"}
    for name, more in (("web", {}), ("nodes", {"targetType": "instance"}), ("other", {"serviceRef": {"name": "x"}})):
        await live.cluster.create(
            {
                "apiVersion": "elbv2.k8s.aws/v1beta1",
                "kind": "TargetGroupBinding",
                "metadata": {"name": name, "namespace": live.namespace},
                "spec": {**spec, **more},
            }
        )
    endpoints = [{"addresses": ["10.0.0.1"]}, {"addresses": ["10.0.0.2"], "conditions": {"ready": True}}]
    leaving = {"addresses": ["10.0.0.3"], "conditions": {"ready": False}}
    await live.cluster.create(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": "active-x",
                "namespace": live.namespace,
                "labels": {"kubernetes.io/service-name": "active"},
            },
            "addressType": "IPv4",
            "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
            "endpoints": [*endpoints, leaving],
        }
    )
    rolled: JsonObject = {
        "metadata": {"name": "web", "uid": "u"},
        "spec": {"strategy": {"blueGreen": {"activeService": "active"}}},
        "status": {"stableRS": "old", "currentPodHash": "new"},
    }
    service = {
        "metadata": {"name": "active", "namespace": live.namespace},
        "spec": {"selector": {"rollouts-pod-template-hash": "new"}, "ports": [{"port": 80}]},
    }
    reader = _Registered("10.0.0.1:8080", "10.0.0.9:8080")
    questions = TargetQuestions(reader, live.cluster, now=lambda: datetime.now(UTC))
    found = await questions.about(rolled, Children(services={"active": service}))
    assert found == (TargetRegistration("arn:web", expected=2, registered=1),)


async def _until_released(live: Live) -> None:
    async with asyncio.timeout(60):
        while await live.selected("active") or await live.selected("preview"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
