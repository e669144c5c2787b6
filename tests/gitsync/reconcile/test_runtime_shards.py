"""Several processes divide the clusters of one runtime: each is looked after by one of them, whoever comes or goes."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gitsync.fleet.shards import Division
from gitsync.kube.client import Cluster
from gitsync.runtime.shard_lease import LEASE, ShardLease, ShardLost
from gitsync.sandbox.faults import Fault
from gitsync.sandbox.sandbox import Sandbox, SandboxSettings
from gitsync.settings import RuntimeSettings, ShardSettings
from gitsync.supervisor import Heart
from tests.support.runtime import NAMESPACE, Rig, running_rig, synced_and_healthy
from tests.support.sandbox_rig import World, running_world

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
QUICK = {"renew_seconds": 0.05, "settle_seconds": 0.2, "give_up_seconds": 30.0, "lease_seconds": 30.0}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with running_world(tmp_path_factory.mktemp("shards")) as world:
        cluster = await Cluster.connect(world.access)
        for name in (NAMESPACE, "leases"):
            await cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        await cluster.close()
        yield world


class Process:
    """One that wants a number, with a clock that the test moves."""

    def __init__(self, cluster: Cluster, identity: str, number: int | None = None) -> None:
        self.seconds, self.heard = 0.0, list[Division]()
        shards = ShardSettings(2, number, identity, **{**QUICK, "settle_seconds": 0.0, "give_up_seconds": 10.0})
        settings = RuntimeSettings(namespace="leases", data_dir=Path("unused"), shards=shards)
        self.lease = ShardLease(
            cluster, settings, lambda: self.seconds, lambda: datetime.now(UTC), changed=self.heard.append
        )
        self._heart = Heart("shard", lambda: 0.0, 60.0, 0.0)

    async def keeps(self, heard: int) -> None:
        """Until it has told of so many changes."""
        keeping = asyncio.create_task(self.lease.keep(self._heart))
        async with asyncio.timeout(60):
            while len(self.heard) < heard:  # noqa: ASYNC110 - changes come by a plain callback
                await asyncio.sleep(0.01)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_numbers_are_taken_released_and_lost(world: World) -> None:
    cluster = await Cluster.connect(world.access)
    one, two = Process(cluster, "one"), Process(cluster, "two")
    assert await one.lease.take() == Division(0, frozenset({0}))
    assert await two.lease.take() == Division(1, frozenset({0, 1}))
    await one.keeps(1)
    assert one.heard == [Division(0, frozenset({0, 1}))]
    again = Process(cluster, "two")  # came again under its name before its Lease ran out
    assert await again.lease.take() == Division(1, frozenset({0, 1}))
    await again.lease.release()
    await one.keeps(2)
    assert one.heard[-1] == Division(0, frozenset({0}))
    lease = await cluster.get(LEASE, "leases", "argosy-shard-0")
    assert lease is not None
    await cluster.replace({**lease, "spec": {**lease["spec"], "holderIdentity": "thief"}})
    await one.keeps(3)
    assert one.heard[-1] == Division(0, frozenset())
    with pytest.raises(ShardLost):
        one.lease.require()
    await cluster.close()


async def test_a_number_whose_holder_fell_silent_is_free_after_its_time(world: World) -> None:
    cluster = await Cluster.connect(world.access)
    await Process(cluster, "silent", 1).lease.take()
    late = Process(cluster, "gone", 1)
    requests = cluster.requests["list"]
    taking = asyncio.create_task(late.lease.take())
    async with asyncio.timeout(60):
        while cluster.requests["list"] < requests + 3:  # noqa: ASYNC110 - it has looked, and looked again
            await asyncio.sleep(0.01)
    assert not taking.done()
    late.seconds = 31.0
    assert (await taking).number == 1
    await cluster.close()


async def test_who_cannot_renew_leaves_its_clusters_alone_in_time(world: World) -> None:
    cluster = await Cluster.connect(world.access)
    deaf = Process(cluster, "gone", 1)
    await deaf.lease.take()
    world.sandbox.faults.add(Fault(path="leases", status=500))
    deaf.seconds = 11.0
    await deaf.keeps(1)
    assert deaf.heard == [Division(1, frozenset())]
    world.sandbox.faults.clear()
    await deaf.keeps(2)
    assert deaf.heard[-1].number in deaf.heard[-1].live
    await deaf.lease.release()
    await cluster.close()


def config_map(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n"


async def test_each_cluster_is_looked_after_by_one_process_and_moves_when_that_goes(
    world: World, tmp_path: Path
) -> None:
    far = Sandbox(SandboxSettings(tmp_path / "far", "far-token"), wall=lambda: datetime.now(UTC))
    await far.start()
    async with AsyncExitStack() as first, AsyncExitStack() as second:
        rigs = [
            await stack.enter_async_context(
                running_rig(
                    world.access,
                    world.host,
                    tmp_path / f"shard-{number}",
                    shards=ShardSettings(2, number, f"shard-{number}", **QUICK),
                )
            )
            for number, stack in enumerate((first, second))
        ]
        await _join(rigs[0], far, shard="1")
        await rigs[0].push({"away/a.yaml": config_map("away"), "here/a.yaml": config_map("here")})
        await rigs[0].create_application(
            "away", destination={"name": "far", "namespace": "default"}, syncPolicy=AUTOMATED
        )
        await rigs[0].until("away", synced_and_healthy)
        assert [rig.runtime.syncs.started > 0 for rig in rigs] == [False, True]
        assert [rig.runtime.fleet.get(far.url) is not None for rig in rigs] == [False, True]
        assert [rig.runtime.runs("applicationsets") for rig in rigs] == [True, False]
        await rigs[0].create_application("lost", destination={"name": "nobody", "namespace": "default"})
        await rigs[0].until("lost", lambda body: bool((body.get("status") or {}).get("conditions")))
        assert [rig.runtime.statuses.writes > 0 for rig in rigs] == [True, True]
        await second.aclose()
        commit = await rigs[0].push({"away/a.yaml": config_map("away", "2")})
        body = await rigs[0].until(
            "away", lambda body: synced_and_healthy(body) and body["status"]["sync"]["revision"] == commit
        )
        assert len(body["status"]["history"]) == 2
        assert rigs[0].runtime.syncs.started > 0
    await far.stop()


async def _join(rig: Rig, far: Sandbox, shard: str) -> None:
    authority = base64.b64encode(far.certificates.authority.read_bytes()).decode()
    config = f'{{"bearerToken": "far-token", "tlsClientConfig": {{"caData": "{authority}"}}}}'
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    metadata = {"name": "far", "namespace": NAMESPACE, "labels": labels}
    values = {"name": "far", "server": far.url, "config": config, "shard": shard}
    await rig.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": values})
