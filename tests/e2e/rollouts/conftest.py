"""Rollouts on living clusters: the sandbox, and a real API server with controllers and simulated nodes."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitsync.kube.access import ClusterAccess, access_from_kubeconfig
from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from gitsync.runtime.rollouts_alone import DeliveryRuntime
from gitsync.settings import RuntimeSettings
from model.identity import GroupVersionKind, ResourceKey
from tests.support.real_apiserver import RealCluster, require_assets, running_real_cluster
from tests.support.sandbox_rig import running_world

ROLLOUT = GroupVersionKind("argoproj.io", "v1alpha1", "Rollout")
REPLICA_SET = GroupVersionKind("apps", "v1", "ReplicaSet")
SERVICE = GroupVersionKind("", "v1", "Service")
POD = GroupVersionKind("", "v1", "Pod")
EVENT = GroupVersionKind("", "v1", "Event")
NAMESPACE = GroupVersionKind("", "v1", "Namespace")
_NUMBERS = itertools.count(1)
_PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")


@dataclass(slots=True)
class Live:
    """`cluster` is the test's own connection, `namespace` its own and the controller's home."""

    namespace: str
    access: ClusterAccess
    cluster: Cluster
    folder: Path
    kubeconfig: Path

    @asynccontextmanager
    async def controller(self, **settings: Any) -> AsyncIterator[DeliveryRuntime]:
        chosen = RuntimeSettings(
            namespace=self.namespace, data_dir=self.folder, controllers=frozenset({"rollouts"}), **settings
        )
        runtime = DeliveryRuntime(chosen, self.access)
        await runtime.start()
        await self.cluster.discovery.refresh()
        try:
            yield runtime
        finally:
            await runtime.close()

    async def rollout(self, name: str) -> JsonObject:
        found = await self.cluster.get(ROLLOUT, self.namespace, name)
        assert found is not None
        return found

    async def patch(self, name: str, patch: JsonObject) -> None:
        subresource = "status" if set(patch) == {"status"} else ""
        key = ResourceKey(ROLLOUT.group, ROLLOUT.kind, self.namespace, name)
        await self.cluster.patch(key, ROLLOUT.version, patch, subresource=subresource)

    async def set_image(self, name: str, image: str) -> None:
        containers = [{"name": "web", "image": image}]
        await self.patch(name, {"spec": {"template": {"spec": {"containers": containers}}}})

    async def until(self, name: str, holds: Callable[[JsonObject], object], *, seconds: float = 60) -> JsonObject:
        """The Rollout as soon as `holds` is true of it."""
        body: JsonObject = {}
        try:
            async with asyncio.timeout(seconds):
                while True:
                    body = await self.rollout(name)
                    if holds(body):
                        return body
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"not reached; the status is {body.get('status')}") from None

    async def until_phase(self, name: str, phase: str, message: str = "") -> JsonObject:
        def reached(body: JsonObject) -> bool:
            status = body.get("status") or {}
            observed = status.get("observedGeneration") == str(body["metadata"]["generation"])
            resuming = status.get("controllerPause") and not status.get("pauseConditions")
            told = (status.get("phase"), status.get("message", "")[: len(message)]) == (phase, message)
            return bool(observed and told and not resuming)

        return await self.until(name, reached)

    async def sizes(self) -> dict[str, int]:
        """Pods asked for, by revision."""
        return {
            one["metadata"]["annotations"]["rollout.argoproj.io/revision"]: one["spec"]["replicas"]
            for one in await self.cluster.list(REPLICA_SET, namespace=self.namespace)
        }

    async def until_sizes(self, wanted: dict[str, int], *, seconds: float = 60) -> None:
        found: dict[str, int] = {}
        try:
            async with asyncio.timeout(seconds):
                while (found := await self.sizes()) != wanted:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"sizes are {found}") from None

    async def reasons(self, name: str) -> list[str]:
        events = await self.cluster.list(EVENT, namespace=self.namespace)
        mine = [one for one in events if one["involvedObject"]["name"] == name]
        return [one["reason"] for one in sorted(mine, key=lambda one: str(one["metadata"]["name"]))]

    async def until_told(self, name: str, reason: str, *, seconds: float = 60) -> None:
        """Events follow the status that they tell of."""
        try:
            async with asyncio.timeout(seconds):
                while reason not in await self.reasons(name):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"told were {await self.reasons(name)}") from None

    async def selected(self, service: str) -> str:
        body = await self.cluster.get(SERVICE, self.namespace, service)
        assert body is not None
        return str(body["spec"]["selector"].get("rollouts-pod-template-hash", ""))

    async def pods(self) -> set[str]:
        return {one["metadata"]["uid"] for one in await self.cluster.list(POD, namespace=self.namespace)}


@pytest.fixture(scope="session")
def real_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """One for all tests of a worker, since it takes seconds to start; it lives in the event loop of another thread."""
    cluster = running_real_cluster(require_assets(*_PROGRAMS), tmp_path_factory.mktemp("real"), nodes=2)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="real cluster")
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(cluster.__aenter__(), loop).result()
        asyncio.run_coroutine_threadsafe(cluster.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(params=["sandbox", "real"])
async def live(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Live]:
    async with AsyncExitStack() as stack:
        if request.param == "sandbox":
            world = await stack.enter_async_context(running_world(tmp_path / "world"))
            access, kubeconfig = world.access, world.sandbox.kubeconfig
        else:
            kubeconfig = request.getfixturevalue("real_cluster").kubeconfig
            access = access_from_kubeconfig(kubeconfig)
        cluster = await Cluster.connect(access)
        stack.push_async_callback(cluster.close)
        namespace = f"live-{next(_NUMBERS)}"
        await cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        yield Live(namespace, access, cluster, tmp_path / "runtime", kubeconfig)
        if request.param == "real":
            await _empty(cluster, namespace)


async def _empty(cluster: Cluster, namespace: str) -> None:
    """Without what controllers of other tests would take care of."""
    await cluster.delete(NAMESPACE, "", namespace)
    async with asyncio.timeout(60):
        while await cluster.list(REPLICA_SET, namespace=namespace) or await cluster.list(POD, namespace=namespace):  # noqa: ASYNC110 - a cluster of others
            await asyncio.sleep(0.1)
