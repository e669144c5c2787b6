"""A scripted API server, a live cache of it, and a way to run plans against both."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from gitsync.execute.apply_plan import Execution, Outcome
from gitsync.kube.backoff import Pace
from gitsync.kube.cache import LiveCache
from gitsync.kube.client import Cluster
from gitsync.kube.transport import TimeLimits
from gitsync.kube.watch import WatchPaces
from gitsync.manifest.object import Facts, JsonObject, LiveObject
from gitsync.plan.values import Plan
from model.health import Health, HealthReport
from model.identity import ResourceKey
from tests.support.kube_api import Body, KubeApi, serving
from tests.support.plans import APPLICATION

PACES = WatchPaces(failed=Pace(0.005, 0.02), refused=Pace(0.01, 0.02))


def facts_of(body: JsonObject) -> Facts:
    """Health is what the object's own status says; without a status there is none."""
    said = body.get("status", {}).get("health")
    return Facts(health=HealthReport(Health(said), body["status"].get("message", ""))) if said else Facts()


@dataclass
class Rig:
    api: KubeApi
    cluster: Cluster
    cache: LiveCache
    executions: list[Execution] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _spoken: asyncio.Event = field(default_factory=asyncio.Event)

    async def put(self, body: Body) -> LiveObject:
        """An object that somebody else makes, as the cache then shows it."""
        made = self.api.put(body)
        group = made["apiVersion"].rpartition("/")[0]
        key = ResourceKey(group, made["kind"], made["metadata"].get("namespace", ""), made["metadata"]["name"])
        return await self.seen(key, made["metadata"]["resourceVersion"])

    async def seen(self, key: ResourceKey, version: str) -> LiveObject:
        arrived = asyncio.Event()
        unsubscribe = self.cache.listen(lambda _: arrived.set())
        while (live := self.cache.get(key)) is None or live.resource_version != version:
            arrived.clear()
            await arrived.wait()
        unsubscribe()
        return live

    def execution(self, plan: Plan, **settings: Any) -> Execution:
        def heard(execution: Execution) -> None:
            self.said.append(execution.message)
            self._spoken.set()

        return Execution(
            plan, cluster=self.cluster, live=self.cache, application=APPLICATION, on_progress=heard, **settings
        )

    async def run(self, plan: Plan, **settings: Any) -> Outcome:
        return await self.execution(plan, **settings).run()

    async def hears(self, part: str) -> None:
        """Waits until the execution says something."""
        while not any(part in message for message in self.said):
            self._spoken.clear()
            await self._spoken.wait()

    def writes(self) -> list[tuple[str, str]]:
        """Method and path of every request that may change something, without the query."""
        return [(method, path.partition("?")[0]) for method, path in self.api.requests if method != "GET"]


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with serving(KubeApi()) as api:
        api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        cluster = Cluster(api.access, times=TimeLimits(first_byte_seconds=1.0), jitter=random.Random(1))
        cache = LiveCache(cluster, facts_of=facts_of, paces=PACES)
        await cache.start()
        await cache.synced.wait()
        yield Rig(api, cluster, cache)
        await cache.stop()
        await cluster.close()
