"""Rollouts on living clusters: the sandbox, and a real API server with controllers and simulated nodes."""

import asyncio
from collections.abc import AsyncIterator, Callable
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
from tests.support.real_apiserver import require_assets, running_real_cluster
from tests.support.sandbox_rig import running_world

ROLLOUT = GroupVersionKind("argoproj.io", "v1alpha1", "Rollout")
REPLICA_SET = GroupVersionKind("apps", "v1", "ReplicaSet")
SERVICE = GroupVersionKind("", "v1", "Service")
POD = GroupVersionKind("", "v1", "Pod")
EVENT = GroupVersionKind("", "v1", "Event")
_PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")


@dataclass(slots=True)
class Live:
    """`cluster` is the test's own connection."""

    access: ClusterAccess
    cluster: Cluster
    folder: Path
    kubeconfig: Path

    @asynccontextmanager
    async def controller(self, **settings: Any) -> AsyncIterator[DeliveryRuntime]:
        chosen = RuntimeSettings(
            namespace="default", data_dir=self.folder, controllers=frozenset({"rollouts"}), **settings
        )
        runtime = DeliveryRuntime(chosen, self.access)
        await runtime.start()
        await self.cluster.discovery.refresh()
        try:
            yield runtime
        finally:
            await runtime.close()

    async def rollout(self, name: str) -> JsonObject:
        found = await self.cluster.get(ROLLOUT, "default", name)
        assert found is not None
        return found

    async def patch(self, name: str, patch: JsonObject) -> None:
        subresource = "status" if set(patch) == {"status"} else ""
        key = ResourceKey(ROLLOUT.group, ROLLOUT.kind, "default", name)
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
            for one in await self.cluster.list(REPLICA_SET, namespace="default")
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
        events = await self.cluster.list(EVENT, namespace="default")
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
        body = await self.cluster.get(SERVICE, "default", service)
        assert body is not None
        return str(body["spec"]["selector"].get("rollouts-pod-template-hash", ""))

    async def pods(self) -> set[str]:
        return {one["metadata"]["uid"] for one in await self.cluster.list(POD, namespace="default")}


@pytest.fixture(params=["sandbox", "real"])
async def live(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Live]:
    async with AsyncExitStack() as stack:
        if request.param == "sandbox":
            world = await stack.enter_async_context(running_world(tmp_path / "world"))
            access, kubeconfig = world.access, world.sandbox.kubeconfig
        else:
            folder = require_assets(*_PROGRAMS)
            real = await stack.enter_async_context(running_real_cluster(folder, tmp_path / "real", nodes=2))
            access, kubeconfig = access_from_kubeconfig(real.kubeconfig), real.kubeconfig
        cluster = await Cluster.connect(access)
        stack.push_async_callback(cluster.close)
        yield Live(access, cluster, tmp_path / "runtime", kubeconfig)
