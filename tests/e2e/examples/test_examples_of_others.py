"""Manifests that nobody here wrote, on the sandbox and on a real control plane: Synced, Healthy, and then quiet."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind
from tests.support.apart import Apart, ensure_namespace, running_apart
from tests.support.examples import files_below, require_examples
from tests.support.real_apiserver import require_assets, running_real_cluster
from tests.support.runtime import NAMESPACE, address, phase_of, synced_and_healthy

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

QUIET_SECONDS = 3.0  # several looks at the Git host, and more than the longest pause before a status is written
EVERYTHING = {"recurse": True, "exclude": "{kustomization.yaml,*/kustomization.yaml}"}
EXAMPLES: dict[str, JsonObject] = {
    "boutique": {"path": "online-boutique/kubernetes-manifests"},
    "boutique-base": {"path": "online-boutique/kustomize/base", "directory": EVERYTHING},
    "podinfo": {"path": "podinfo/kustomize"},
    "podinfo-frontend": {"path": "podinfo/deploy/bases/frontend", "directory": EVERYTHING},
    "podinfo-backend": {"path": "podinfo/deploy/bases/backend"},
    "podinfo-cache": {"path": "podinfo/deploy/bases/cache", "directory": EVERYTHING},
    "podinfo-database": {"path": "podinfo/deploy/bases/database", "directory": EVERYTHING},
    "webapp": {"path": "podinfo/deploy/webapp", "directory": EVERYTHING},
}
OF_KUSTOMIZE: dict[str, JsonObject] = {
    "boutique-kustomize": {"path": "online-boutique/kustomize"},
    "boutique-options": {
        "path": "online-boutique/kustomize",
        "kustomize": {
            "namePrefix": "shop-",
            "images": ["redis=redis:7"],
            "replicas": [{"name": "frontend", "count": 2}],
            "components": [f"components/{name}" for name in ("network-policies", "single-shared-session")],
        },
    },
    "boutique-memorystore": {"path": "online-boutique/kustomize/tests/memorystore-with-all-components"},
    "boutique-spanner": {"path": "online-boutique/kustomize/tests/spanner-with-all-components"},
    "boutique-mesh": {"path": "online-boutique/kustomize/tests/service-mesh-istio-with-all-components"},
    "podinfo-dev": {"path": "podinfo/deploy/overlays/dev"},
    "podinfo-staging": {"path": "podinfo/deploy/overlays/staging"},
    "podinfo-production": {"path": "podinfo/deploy/overlays/production"},
}
OF_HELM: dict[str, JsonObject] = {
    "created": {"path": "charts/created"},
    "created-more": {
        "path": "charts/created",
        "helm": {
            "releaseName": "more",
            "valuesObject": {"replicaCount": 2, "ingress": {"enabled": True}, "autoscaling": {"enabled": True}},
        },
    },
}
IN_NEED_OF_CONTROLLERS = {"secure": {"path": "podinfo/deploy/secure", "directory": EVERYTHING}}
if shutil.which("kustomize"):
    EXAMPLES |= OF_KUSTOMIZE
if shutil.which("helm"):
    EXAMPLES |= OF_HELM
EXAMPLES |= IN_NEED_OF_CONTROLLERS
NOT_SIMULATED = {"secure", "boutique-mesh", "created-more"}
# Named by kustomizations of the examples, but left out of their copy.
LEFT_OUT = (
    "cache/redis.conf",
    "database/scripts/rollup.sh",
    "database/scripts/backup.sh",
    "frontend/scripts/warm-cache.sh",
    "frontend/scripts/warm-cache-init.sh",
)
FOREIGN = {
    "gateway.networking.k8s.io/v1beta1": ("Gateway", "HTTPRoute"),
    "networking.istio.io/v1alpha3": ("ServiceEntry", "VirtualService"),
    "cert-manager.io/v1": ("Certificate", "ClusterIssuer"),
}
LACKING = {
    "Service": "load balancer",
    "HorizontalPodAutoscaler": "metrics",  # Degraded, as Argo CD has it
    "PersistentVolumeClaim": "volume",
    "StatefulSet": "pods to be ready",  # its pod waits for the volume
    "Ingress": "ingress controller",
    "Gateway": "controller to accept",
    "HTTPRoute": "gateway to accept",
    "Certificate": "certificate to be issued",
    "ClusterIssuer": "waiting",
}


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["sandbox", "real"])
async def apart(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Apart]:
    examples, folder = require_examples(), tmp_path_factory.mktemp(request.param)
    if request.param == "sandbox":
        async with running_apart(folder) as apart:
            await fill(apart, examples)
            yield apart
        return
    assets = require_assets("etcd", "kube-controller-manager", "kube-scheduler", "kwok")
    async with (
        running_real_cluster(assets, folder / "real", nodes=3) as real,
        running_apart(folder, kubeconfig=real.kubeconfig) as apart,
    ):
        await fill(apart, examples)
        yield apart


async def fill(apart: Apart, examples: Path) -> None:
    for api_version, kinds in FOREIGN.items():
        for kind in kinds:
            await apart.cluster.create(definition(api_version, kind))
    left_out = {f"podinfo/deploy/bases/{name}": "# left out\n" for name in LEFT_OUT}
    await apart.push({**files_below(examples), **left_out, **await created_chart(apart.folder)})
    for name, source in EXAMPLES.items():
        await ensure_namespace(apart.cluster, f"of-{name}")
        await apart.create(
            name,
            source={"repoURL": apart.host.clone_url("apps"), "targetRevision": "main", **source},
            destination={"server": "https://kubernetes.default.svc", "namespace": f"of-{name}"},
            syncPolicy={"automated": {"prune": True, "selfHeal": True}},
        )


async def created_chart(folder: Path) -> dict[str, str | None]:
    """What `helm create` makes."""
    if shutil.which("helm") is None:
        return {}
    (folder / "charts").mkdir()
    process = await asyncio.create_subprocess_exec(
        "helm", "create", "created", cwd=folder / "charts", stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
    return {f"charts/{path}": text for path, text in files_below(folder / "charts").items()}


def definition(api_version: str, kind: str) -> JsonObject:
    """A kind of others, of which nothing is known but its name."""
    group, _, version = api_version.partition("/")
    plural = kind.lower() + ("es" if kind.endswith("y") else "s")
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, a test"},
        },
        "spec": {
            "group": group,
            "scope": "Cluster" if kind.startswith("Cluster") else "Namespaced",
            "names": {"kind": kind, "plural": plural},
            "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


@pytest.mark.parametrize("name", EXAMPLES)
async def test_it_becomes_synced_and_healthy(apart: Apart, name: str) -> None:
    body = await apart.until(name, synced_and_healthy if apart.sandbox and name not in NOT_SIMULATED else settled)
    assert phase_of(body) == "Succeeded"
    assert {one["status"] for one in body["status"]["resources"]} == {"Synced"}
    assert not body["status"].get("conditions")


def settled(body: JsonObject) -> bool:
    """Synced, and Healthy but for what a bare control plane has not got; each object that lacks something says what."""
    status = body.get("status", {})
    if status.get("sync", {}).get("status") != "Synced" or phase_of(body) != "Succeeded":
        return False
    healths = ((one["kind"], one.get("health", {})) for one in status["resources"])
    unhealthy = [(kind, health) for kind, health in healths if health.get("status", "Healthy") != "Healthy"]
    return all(LACKING.get(kind, "-") in health.get("message", "").lower() for kind, health in unhealthy)


async def test_afterwards_nothing_is_written_nor_rendered(apart: Apart) -> None:
    for name in EXAMPLES:
        await apart.until(name, settled)
    for _ in range(10):
        await apart.until_idle()
        before, statuses = await apart.metrics(), await all_statuses(apart)
        await asyncio.sleep(QUIET_SECONDS)  # the absence of work has no event
        after, later = await apart.metrics(), await all_statuses(apart)
        if healths(later) == healths(statuses):  # else the cluster's own controllers were at work, not we
            break
    assert later == statuses
    for counted in ("renders_total", "operations_total", "status_writes_total", "dry_runs_total"):
        assert after[counted] == before[counted], counted
    assert writes(after) == writes(before)


@pytest.mark.parametrize("kind", ["normal", "hard"])
async def test_a_refresh_finds_no_difference(apart: Apart, kind: str) -> None:
    before = await apart.metrics()
    key = "argocd.argoproj.io/refresh"
    for name in EXAMPLES:
        await apart.cluster.patch(address(name), "v1alpha1", {"metadata": {"annotations": {key: kind}}})
    for name in EXAMPLES:
        async for body in apart.follow(name, seconds=60):
            assert body["status"]["sync"]["status"] == "Synced", body["status"]
            if key not in body["metadata"].get("annotations", {}):
                break
    after = await apart.metrics()
    assert after["operations_total"] == before["operations_total"]
    if kind == "normal":
        assert after["renders_total"] == before["renders_total"]


async def all_statuses(apart: Apart) -> dict[str, JsonObject]:
    gvk = GroupVersionKind("argoproj.io", "v1alpha1", "Application")
    bodies = [await apart.cluster.get(gvk, NAMESPACE, name) for name in EXAMPLES]
    return {body["metadata"]["name"]: body["status"] for body in bodies if body is not None}


def healths(statuses: dict[str, JsonObject]) -> list[object]:
    return [[status["health"], [one.get("health") for one in status["resources"]]] for status in statuses.values()]


def writes(metrics: dict[str, float]) -> dict[str, float]:
    """Requests to the cluster by verb, without those that only read."""
    reading = {"requests_get_total"}
    return {name: value for name, value in metrics.items() if name.startswith("requests_") and name not in reading}
