"""ApplicationSets on a real kube-apiserver, without and with the cluster's own garbage collection."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gitsync.kube.access import access_from_kubeconfig
from gitsync.manifest.object import JsonObject
from gitsync.sandbox.githost import GitHost
from model.identity import GroupVersionKind, ResourceKey
from tests.support.real_apiserver import require_assets, running_real_cluster
from tests.support.runtime import NAMESPACE, Rig, running_rig, synced_and_healthy

pytestmark = [pytest.mark.controlplane, pytest.mark.e2e]

APPLICATION_SET = GroupVersionKind("argoproj.io", "v1alpha1", "ApplicationSet")
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: b}\n"


@pytest.fixture(params=[False, True], ids=["bare", "collecting"])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    folder = require_assets("etcd", "kube-apiserver", *(("kube-controller-manager",) if request.param else ()))
    host = GitHost(tmp_path / "host", clock=lambda: datetime.now(UTC))
    await host.create_repository("apps", public=True)
    await host.start()
    try:
        async with (
            running_real_cluster(folder, tmp_path / "real", controllers=request.param) as real,
            running_rig(access_from_kubeconfig(real.kubeconfig), host, tmp_path / "runtime") as rig,
        ):
            yield rig
    finally:
        await host.stop()


async def until_gone(rig: Rig, name: str) -> None:
    async with asyncio.timeout(60):
        while await rig.application(name) is not None:  # noqa: ASYNC110 - another process deletes it
            await asyncio.sleep(0.1)


async def until_status(rig: Rig, name: str, count: int) -> JsonObject:
    async with asyncio.timeout(60):
        while True:
            body = await rig.cluster.get(APPLICATION_SET, NAMESPACE, name)
            status = (body or {}).get("status") or {}
            healthy = [one for one in status.get("resources") or () if one["health"]["status"] == "Healthy"]
            if len(healthy) == count:
                return dict(status)
            await asyncio.sleep(0.1)


async def test_a_set_lives_from_its_first_application_to_its_end(rig: Rig) -> None:
    await rig.push({f"sets/{name}/a.yaml": CONFIG.replace("NAME", name) for name in ("one", "two")})
    url = rig.host.clone_url("apps")
    generator = {"git": {"repoURL": url, "revision": "main", "directories": [{"path": "sets/*"}]}}
    steps = [{"matchExpressions": [{"key": "name", "operator": "In", "values": [name]}]} for name in ("one", "two")]
    template: dict[str, Any] = {
        "metadata": {
            "name": "{{.path.basename}}",
            "labels": {"name": "{{.path.basename}}"},
            "finalizers": ["resources-finalizer.argocd.argoproj.io/background"],  # a bare server knows no other way
        },
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": "{{.path.path}}", "targetRevision": "main", "helm": None},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
            "syncPolicy": {"automated": {"prune": True}},
        },
    }
    spec = {"goTemplate": True, "generators": [generator], "template": template}
    spec["strategy"] = {"type": "RollingSync", "rollingSync": {"steps": steps}}
    meta = {"name": "set", "namespace": NAMESPACE}
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": meta, "spec": spec}
    await rig.cluster.create(body)
    for name in ("one", "two"):
        await rig.until(name, synced_and_healthy)
    status = await until_status(rig, "set", 2)
    assert {one["status"] for one in status["applicationStatus"]} == {"Healthy"}
    assert {one["type"]: one["status"] for one in status["conditions"]} == {
        "ErrorOccurred": "False",
        "ParametersGenerated": "True",
        "ResourcesUpToDate": "True",
        "RolloutProgressing": "False",
    }
    writes = rig.runtime.application_sets.writes_total
    await rig.push({"sets/two/a.yaml": None, "sets/three/a.yaml": CONFIG.replace("NAME", "three")})
    await until_gone(rig, "two")
    assert await rig.get("v1", "ConfigMap", "default", "two") is None
    await rig.until("three", lambda _: True)
    key = ResourceKey("argoproj.io", "ApplicationSet", NAMESPACE, "set")
    await rig.cluster.patch(key, "v1alpha1", {"metadata": {"annotations": {"a": "b"}}})
    await until_status(rig, "set", 1)
    assert rig.runtime.application_sets.writes_total == writes + 2  # one created, one deleted, and nothing else
    await rig.cluster.delete(APPLICATION_SET, NAMESPACE, "set")
    for name in ("one", "three"):
        await until_gone(rig, name)
    assert await rig.get("v1", "ConfigMap", "default", "one") is None
