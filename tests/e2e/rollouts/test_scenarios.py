"""Whole updates on a real API server, one namespace each: sizes, events in order, weights, verdicts, ways back."""

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from gitsync.kube.access import access_from_kubeconfig
from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from gitsync.runtime.rollouts_alone import DeliveryRuntime
from gitsync.settings import RuntimeSettings
from model.identity import GroupVersionKind
from tests.e2e.rollouts.scenario import STABLE_INGRESS, Scenario, nginx, web_template
from tests.e2e.rollouts.test_analysis_live import metric_server
from tests.support.real_apiserver import require_assets, running_real_cluster

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.controlplane,
    pytest.mark.asyncio(loop_scope="module"),
]

_PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
_NUMBERS = itertools.count(1)
DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
VIRTUAL_SERVICE = GroupVersionKind("networking.istio.io", "v1alpha3", "VirtualService")
BEGUN = ["RolloutUpdated", "NewReplicaSetCreated", "RolloutNotCompleted"]
NOWHERE = {"spec": {"template": {"spec": {"nodeSelector": {"nowhere": "yes"}}}}}  # pods that stay Pending


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    folder = tmp_path_factory.mktemp("scenarios")
    async with running_real_cluster(require_assets(*_PROGRAMS), folder / "real", nodes=2) as real:
        access = access_from_kubeconfig(real.kubeconfig)
        settings = RuntimeSettings(
            namespace="default", data_dir=folder / "runtime", controllers=frozenset({"rollouts"})
        )
        runtime = DeliveryRuntime(settings, access)
        await runtime.start()
        connected = await Cluster.connect(access)
        try:
            yield connected
        finally:
            await connected.close()
            await runtime.close()


@pytest_asyncio.fixture(loop_scope="module")
async def scene(cluster: Cluster) -> Scenario:
    name = f"scene-{next(_NUMBERS)}"
    await cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return Scenario(cluster, name)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def metrics() -> AsyncIterator[str]:
    """Address of a provider that always says 1."""
    async with metric_server(lambda _: {"value": 1}) as address:
        yield address


async def test_an_update_that_is_overtaken_goes_at_once_and_stable_waits_for_its_delay(scene: Scenario) -> None:
    await scene.apply(STABLE_INGRESS)
    steps = "scaleDownDelaySeconds: 4, steps: [{setWeight: 25}, {pause: {}}]"
    await scene.start(nginx(steps), "canary", "stable")
    await scene.image("web:2")
    await scene.phase("Paused")
    assert (await scene.weight(), await scene.sizes()) == ("25", {1: 4, 2: 1})
    assert await scene.news("RolloutPaused") == [
        *BEGUN,
        "TrafficWeightUpdated",  # still 0, but of other pods
        "ScalingReplicaSet",
        "SwitchService",
        "PatchingCanaryIngress",
        "TrafficWeightUpdated",
        "RolloutStepCompleted",
        "RolloutPaused",
    ]
    await scene.image("web:3")
    await scene.phase("Paused")
    await scene.until(scene.sizes, {1: 4, 2: 0, 3: 1})
    await scene.patch({"status": {"promoteFull": True}})
    status = await scene.phase("Healthy")
    assert status["duration"]["completionStatus"] == "FastPromoted"
    await scene.until(lambda: scene.has_deadline(1), True)
    assert (await scene.sizes())[1] == 4
    await scene.until(scene.sizes, {1: 0, 2: 0, 3: 4})
    await scene.until(scene.weight, "0")


async def test_an_aborted_canary_with_a_router_stays_for_its_delay_and_one_without_goes(scene: Scenario) -> None:
    await scene.apply(STABLE_INGRESS)
    steps = "abortScaleDownDelaySeconds: 3, steps: [{setWeight: 50}, {pause: {}}]"
    await scene.start(nginx(steps), "canary", "stable")
    await scene.image("web:2")
    paused = await scene.phase("Paused")
    await scene.news("RolloutPaused")
    await scene.patch({"status": {"abort": True}})
    status = await scene.phase("Degraded", "RolloutAborted: Rollout aborted update to revision 2")
    assert status["duration"]["completionStatus"] == "Aborted"
    await scene.until(lambda: scene.has_deadline(2), True)
    assert (await scene.weight(), await scene.selected("canary")) == ("0", paused["stableRS"])
    await scene.until(scene.sizes, {1: 4, 2: 0})
    assert await scene.news("ScalingReplicaSet") == [
        "SwitchService",
        "PatchingCanaryIngress",
        "TrafficWeightUpdated",
        "RolloutAborted",
        "ScalingReplicaSet",
    ]
    await scene.image("web:1")
    await scene.phase("Healthy")
    assert await scene.news("SkipSteps") == ["RolloutUpdated", "SkipSteps"]


async def test_a_way_back_within_the_window_skips_steps_and_one_beyond_it_does_not(scene: Scenario) -> None:
    await scene.start("canary: {steps: [{setWeight: 50}, {pause: {}}]}", replicas=2, rollbackWindow={"revisions": 1})
    for version in (2, 3):
        await scene.image(f"web:{version}")
        await scene.phase("Paused")
        await scene.patch({"status": {"promoteFull": True}})
        await scene.phase("Healthy")
    await scene.image("web:2")
    status = await scene.phase("Healthy")
    assert status["duration"]["completionStatus"] == "RolledBack"
    assert await scene.sizes() == {1: 0, 3: 0, 4: 2}
    await scene.image("web:3")
    await scene.phase("Paused")
    await scene.patch({"status": {"promoteFull": True}})
    await scene.phase("Healthy")
    await scene.image("web:1")
    await scene.phase("Paused", "CanaryPauseStep")


async def test_a_blue_green_update_is_judged_before_and_after_the_switch(scene: Scenario, metrics: str) -> None:
    await scene.apply(web_template("ok", metrics, "result == 1"))
    await scene.apply(web_template("bad", metrics, "result == 2"))
    strategy = (
        "blueGreen: {activeService: active, previewService: preview, previewReplicaCount: 1, autoPromotionSeconds: 2, "
        "scaleDownDelaySeconds: 3, prePromotionAnalysis: {templates: [{templateName: ok}]}, "
        "postPromotionAnalysis: {templates: [{templateName: ok}]}}"
    )
    await scene.start(strategy, "active", "preview", replicas=3)
    await scene.image("web:2")
    await scene.phase("Paused", "BlueGreenPause")
    assert (await scene.sizes(), await scene.run_phases()) == ({1: 3, 2: 1}, {"pre": "Successful"})
    status = await scene.phase("Healthy")
    assert await scene.run_phases() == {"pre": "Successful", "post": "Successful"}
    assert await scene.selected("active") == status["currentPodHash"]
    await scene.until(scene.sizes, {1: 0, 2: 3})


async def test_a_failed_verdict_after_the_switch_takes_active_back(scene: Scenario, metrics: str) -> None:
    await scene.apply(web_template("bad", metrics, "result == 2"))
    strategy = (
        "blueGreen: {activeService: active, previewService: preview, abortScaleDownDelaySeconds: 2, "
        "postPromotionAnalysis: {templates: [{templateName: bad}]}}"
    )
    await scene.start(strategy, "active", "preview", replicas=2)
    await scene.image("web:2")
    verdict = 'Blue/green post-promotion analysis phase error/failed: Metric "web"'
    status = await scene.phase("Degraded", f"RolloutAborted: Rollout aborted update to revision 2: {verdict}")
    await scene.until(lambda: scene.selected("active"), status["stableRS"])
    await scene.until(scene.sizes, {1: 2, 2: 0})
    assert (await scene.news("ScalingReplicaSet"))[-4:] == [
        "AnalysisRunFailed",
        "RolloutAborted",
        "SwitchService",
        "ScalingReplicaSet",
    ]


async def test_going_back_within_the_delay_switches_at_once(scene: Scenario) -> None:
    """Both versions may be made within the same second."""
    await scene.start(
        "blueGreen: {activeService: active, previewService: preview, autoPromotionEnabled: false}",
        *("active", "preview"),
        replicas=2,
    )
    await scene.image("web:2")
    await scene.phase("Paused", "BlueGreenPause")
    await scene.resume()
    await scene.phase("Healthy")
    await scene.news()
    await scene.image("web:1")
    status = await scene.phase("Healthy")
    assert await scene.selected("active") == status["currentPodHash"]
    assert await scene.sizes() == {2: 2, 3: 2}
    assert [one for one in await scene.news() if one == "RolloutPaused"] == []


async def test_step_and_background_analyses_decide_and_name_what_failed(scene: Scenario, metrics: str) -> None:
    await scene.apply(web_template("ok", metrics, "result == 1", "count: 2\n    interval: 1s"))
    await scene.apply(web_template("bad", metrics, "result == 2"))
    await scene.start(
        "canary: {steps: [{setWeight: 25}, {analysis: {templates: [{templateName: ok}]}}, {setWeight: 50}, "
        "{analysis: {templates: [{templateName: bad}]}}]}"
    )
    await scene.image("web:2")
    prefix = "RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric"
    await scene.phase("Degraded", prefix)
    assert await scene.run_phases() == {"1": "Successful", "3": "Failed"}
    await scene.until(scene.sizes, {1: 4, 2: 0})


async def test_a_stuck_update_is_aborted_at_its_deadline(scene: Scenario) -> None:
    await scene.start("canary: {steps: [{setWeight: 25}]}", progressDeadlineSeconds=3, progressDeadlineAbort=True)
    await scene.patch(NOWHERE)
    status = await scene.phase("Degraded", "RolloutAborted")
    assert status["message"].endswith("has timed out progressing.")
    await scene.until(scene.sizes, {1: 4, 2: 0})


async def test_scaling_in_a_pause_changes_sizes_and_nothing_else(scene: Scenario) -> None:
    await scene.start("canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 25}, {pause: {}}]}")
    await scene.image("web:2")
    await scene.phase("Paused")
    await scene.news("RolloutPaused")
    await scene.patch({"spec": {"replicas": 8}})
    await scene.until(scene.sizes, {1: 6, 2: 2})
    status = await scene.phase("Paused", "CanaryPauseStep")
    assert status["currentStepIndex"] == 1
    assert set(await scene.news()) == {"ScalingReplicaSet"}


async def test_a_restart_replaces_pods_and_is_done_when_all_are_younger(scene: Scenario) -> None:
    await scene.start("canary: {}", replicas=3)
    asked = (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    await scene.patch({"spec": {"restartAt": asked}})

    async def restarted() -> str:
        status = await scene.phase("Healthy")
        return str(status.get("restartedAt", ""))

    await scene.until(restarted, asked)
    pods = await scene.cluster.list(GroupVersionKind("", "v1", "Pod"), namespace=scene.namespace)
    living = [one for one in pods if not one["metadata"].get("deletionTimestamp")]
    assert [one["metadata"]["creationTimestamp"] >= asked for one in living] == [True] * 3


async def test_a_workload_lends_its_template_and_goes_down_as_the_rollout_comes_up(scene: Scenario) -> None:
    container = {"name": "web", "image": "web:1"}
    template: JsonObject = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    await scene.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "old"}, "spec": spec})
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "old", "scaleDown": "progressively"}
    await scene.apply(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": {"name": "web"},
            "spec": {
                "replicas": 3,
                "workloadRef": reference,
                "strategy": {"canary": {"steps": [{"setWeight": 34}, {"pause": {}}]}},
            },
        }
    )
    await scene.phase("Healthy")

    async def left() -> int:
        return int((await scene.get(DEPLOYMENT, "old"))["spec"]["replicas"])

    await scene.until(left, 0)
    changed = {"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}}
    await scene.patch(changed, DEPLOYMENT, "old")
    status = await scene.phase("Paused", "CanaryPauseStep")
    generation = (await scene.get(DEPLOYMENT, "old"))["metadata"]["generation"]
    assert status["workloadObservedGeneration"] == str(generation)


async def test_a_mesh_gets_weights_and_routes_for_headers_and_mirrors(scene: Scenario) -> None:
    """The kind is followed from the first Rollout that needs it; what is there must not look as if it were missing."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha3", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "VirtualService", "plural": "virtualservices", "singular": "virtualservice"}
    definition = {"group": VIRTUAL_SERVICE.group, "scope": "Namespaced", "names": names, "versions": [version]}
    await scene.cluster.create(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"virtualservices.{VIRTUAL_SERVICE.group}"},
            "spec": definition,
        }
    )

    async def served() -> bool:
        await scene.cluster.discovery.refresh()
        return scene.cluster.discovery.resource(VIRTUAL_SERVICE) is not None

    await scene.until(served, True)
    routes = [{"destination": {"host": "stable"}, "weight": 100}, {"destination": {"host": "canary"}, "weight": 0}]
    body = {"hosts": ["web"], "http": [{"name": "primary", "route": routes}]}
    mesh = {"apiVersion": VIRTUAL_SERVICE.api_version, "kind": "VirtualService", "metadata": {"name": "mesh"}}
    await scene.apply({**mesh, "spec": body})
    await scene.start(
        "canary: {canaryService: canary, stableService: stable, trafficRouting: {managedRoutes: [{name: header}, "
        "{name: copy}], istio: {virtualService: {name: mesh, routes: [primary]}}}, steps: [{setWeight: 10}, "
        "{setHeaderRoute: {name: header, match: [{headerName: x, headerValue: {exact: y}}]}}, "
        "{setMirrorRoute: {name: copy, percentage: 30, match: [{method: {exact: GET}}]}}, {pause: {}}]}",
        *("canary", "stable"),
        replicas=1,
    )

    async def weights() -> dict[str, list[int]]:
        found = await scene.get(VIRTUAL_SERVICE, "mesh")
        return {one["name"]: [part.get("weight", 0) for part in one["route"]] for one in found["spec"]["http"]}

    assert await weights() == {"primary": [100, 0]}
    await scene.image("web:2")
    await scene.phase("Paused")
    assert await weights() == {"header": [100], "copy": [90, 10], "primary": [90, 10]}
    assert "TrafficRoutingError" not in await scene.news()
    await scene.patch({"status": {"abort": True}})
    await scene.phase("Degraded")
    await scene.until(weights, {"primary": [100, 0]})
