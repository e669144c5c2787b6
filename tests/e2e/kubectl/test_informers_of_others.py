"""Kubernetes' own controller manager on the sandbox: informers that nobody here wrote list, watch and write."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
import pytest_asyncio

from gitsync.kube.access import access_from_kubeconfig
from gitsync.kube.client import Cluster
from gitsync.kube.watch import Changed, ListDone, watch_kind
from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind
from tests.support.apart import Program
from tests.support.real_apiserver import require_assets
from tests.support.sandbox import running_sandbox

pytestmark = [pytest.mark.e2e]

QUOTA = GroupVersionKind("", "v1", "ResourceQuota")
CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")


@pytest_asyncio.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    """A sandbox whose only controller is one of Kubernetes."""
    program = require_assets("kube-controller-manager") / "kube-controller-manager"
    async with running_sandbox() as sandbox:
        flags = [f"--kubeconfig={sandbox.kubeconfig}", "--controllers=resourcequota-controller", "--secure-port=0"]
        manager = Program(tmp_path / "controller-manager.log", str(program), *flags)
        cluster = Cluster(access_from_kubeconfig(sandbox.kubeconfig))
        await manager.start()
        try:
            yield cluster
        finally:
            await manager.kill()
            await cluster.close()


async def counted(cluster: Cluster, count: str) -> None:
    """Returns as soon as the quota's status says that so many are used."""
    async with asyncio.timeout(120), aclosing(watch_kind(cluster, QUOTA, namespace="default")) as signals:
        async for signal in signals:
            items = (
                signal.items if isinstance(signal, ListDone) else (signal.item,) if isinstance(signal, Changed) else ()
            )
            for item in items:
                if item.body().get("status", {}).get("used") == {"count/configmaps": count}:
                    return


async def test_a_quota_is_counted_again_when_something_goes(cluster: Cluster) -> None:
    """What comes is counted by admission in an API server, so only what goes is news to the controller."""
    place: JsonObject = {"namespace": "default"}
    hard = {"hard": {"count/configmaps": "5"}}
    await cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", **place}})
    await cluster.create(
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few", **place}, "spec": hard}
    )
    await counted(cluster, "2")  # one is kube-root-ca.crt
    await cluster.delete(CONFIG_MAP, "default", "one")
    await counted(cluster, "1")
