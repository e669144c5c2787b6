"""Restarts, outages and other controllers: nothing is lost, nothing is touched without need, and it is said."""

import asyncio
import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gitsync.sandbox.faults import Fault
from gitsync.sandbox.sandbox import Sandbox, SandboxSettings
from gitsync.settings import LoopSettings
from model.identity import ResourceKey
from tests.support.runtime import (
    AUTHOR,
    NAMESPACE,
    QUICK,
    Rig,
    application,
    conditions_of,
    phase_of,
    running_rig,
    synced_and_healthy,
)
from tests.support.sandbox_rig import World, running_world

pytestmark = [pytest.mark.e2e]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}


def config_map(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  value: '{value}'\n"


async def deploy(rig: Rig, *names: str) -> None:
    await rig.push({f"{name}/a.yaml": config_map(name) for name in names})
    for name in names:
        await rig.create_application(name, syncPolicy=AUTOMATED)
    for name in names:
        await rig.until(name, synced_and_healthy)


async def all_compared(rig: Rig, count: int) -> None:
    async with asyncio.timeout(60):
        while len(rig.runtime.records) < count or not all(record.compared for record in rig.runtime.records):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_restart_with_nothing_changed_renders_and_writes_nothing(tmp_path: Path) -> None:
    async with running_world(tmp_path) as world:
        names = [f"app-{number}" for number in range(8)]
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            await deploy(rig, *names)
            await rig.at_rest()
        versions = await resource_versions(world)
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            await all_compared(rig, len(names))
            await asyncio.sleep(1)
            assert rig.runtime.cache.counter.renders_total == 0
            assert rig.runtime.statuses.writes == 0
            assert rig.runtime.syncs.started == 0
        assert await resource_versions(world) == versions


async def test_lost_caches_cost_renders_and_no_write(tmp_path: Path) -> None:
    async with running_world(tmp_path) as world:
        async with running_rig(world.access, world.host, tmp_path / "one") as rig:
            await deploy(rig, "app")
            await rig.at_rest()
        async with running_rig(world.access, world.host, tmp_path / "two") as rig:
            await all_compared(rig, 1)
            await asyncio.sleep(0.5)
            assert rig.runtime.cache.counter.renders_total == 1
            assert rig.runtime.statuses.writes == 0


async def test_a_push_while_nobody_was_there_is_found_at_the_start(tmp_path: Path) -> None:
    async with running_world(tmp_path) as world:
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            await deploy(rig, "app")
        commit = await world.host.commit_files(
            "apps", "main", {"app/a.yaml": config_map("app", "2").encode()}, message="Away", author=AUTHOR
        )
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            await rig.until(
                "app", lambda body: body["status"]["sync"]["revision"] == commit and synced_and_healthy(body)
            )


async def test_an_operation_cut_off_by_a_crash_is_carried_on(tmp_path: Path) -> None:
    async with running_world(tmp_path) as world:
        world.sandbox.faults.add(Fault(method="PATCH", path="configmaps/app", status=403))
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            await rig.push({"app/a.yaml": config_map("app")})
            await rig.create_application("app")
            retry = {"limit": 5, "backoff": {"duration": "1h", "maxDuration": "1h"}}
            await rig.patch("app", {"operation": {"sync": {}, "retry": retry}})
            await rig.until("app", lambda body: phase_of(body) == "Running" and message_of(body).startswith("one or"))
        world.sandbox.faults.clear()
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            await rig.until("app", lambda body: synced_and_healthy(body) and "operation" not in body)


async def test_a_git_host_that_is_away_changes_no_status_and_is_reported(tmp_path: Path) -> None:
    async with (
        running_world(tmp_path) as world,
        running_rig(world.access, world.host, tmp_path / "runtime", loop=LoopSettings()) as rig,
    ):
        await deploy(rig, "app")
        await rig.at_rest()
        versions = await resource_versions(world)
        await world.host.stop()
        rig.runtime.repositories.hint()
        async with asyncio.timeout(60):
            while not rig.runtime.repositories.states()[0].error:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        assert await resource_versions(world) == versions


async def test_a_second_cluster_through_its_secret_and_its_loss(tmp_path: Path) -> None:
    far = Sandbox(SandboxSettings(tmp_path / "far", "far-token"), wall=lambda: datetime.now(UTC))
    await far.start()
    async with (
        running_world(tmp_path) as world,
        running_rig(world.access, world.host, tmp_path / "runtime", loop=QUICK) as rig,
    ):
        authority = base64.b64encode(far.certificates.authority.read_bytes()).decode()
        config = f'{{"bearerToken": "far-token", "tlsClientConfig": {{"caData": "{authority}"}}}}'
        await rig.cluster.create(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": "far",
                    "namespace": NAMESPACE,
                    "labels": {"argocd.argoproj.io/secret-type": "cluster"},
                },
                "stringData": {"name": "far", "server": far.url, "config": config},
            }
        )
        await rig.push({"away/a.yaml": config_map("away"), "here/a.yaml": config_map("here")})
        await rig.create_application("away", destination={"name": "far", "namespace": "default"}, syncPolicy=AUTOMATED)
        await rig.until("away", synced_and_healthy)
        assert far.objects.list("", "ConfigMap", "default")
        await far.stop()
        body = await rig.until("away", lambda body: bool(conditions_of(body)))
        assert body["status"]["sync"]["status"] == "Unknown"
        assert "far" in conditions_of(body)[0][1]
        await rig.create_application("here", syncPolicy=AUTOMATED)
        await rig.until("here", synced_and_healthy)


async def test_applications_of_a_frozen_cluster_are_left_alone_until_it_is_thawed(tmp_path: Path) -> None:
    far = Sandbox(SandboxSettings(tmp_path / "far", "far-token"), wall=lambda: datetime.now(UTC))
    await far.start()
    async with running_world(tmp_path) as world, running_rig(world.access, world.host, tmp_path / "runtime") as rig:
        authority = base64.b64encode(far.certificates.authority.read_bytes()).decode()
        config = f'{{"bearerToken": "far-token", "tlsClientConfig": {{"caData": "{authority}"}}}}'
        labels = {"argocd.argoproj.io/secret-type": "cluster"}
        notes = {"argocd.argoproj.io/skip-reconcile": "true"}
        metadata = {"name": "far", "namespace": NAMESPACE, "labels": labels, "annotations": notes}
        values = {"name": "far", "server": far.url, "config": config}
        await rig.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": values})
        await rig.push({"away/a.yaml": config_map("away"), "here/a.yaml": config_map("here")})
        async with asyncio.timeout(60):
            while (member := rig.runtime.fleet.get(far.url)) is None or not member.ready:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await rig.create_application("away", destination={"name": "far", "namespace": "default"}, syncPolicy=AUTOMATED)
        await rig.create_application("here", syncPolicy=AUTOMATED)
        await rig.until("here", synced_and_healthy)
        body = await rig.application("away")
        assert body is not None
        assert "status" not in body
        key = ResourceKey("", "Secret", NAMESPACE, "far")
        await rig.cluster.patch(key, "v1", {"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": None}}})
        await rig.until("away", synced_and_healthy)
    await far.stop()


@pytest.mark.parametrize("replicas", [0, 1])
async def test_beside_an_upstream_controller_it_only_watches(tmp_path: Path, replicas: int) -> None:
    async with running_world(tmp_path) as world:
        world.sandbox.objects.create(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, manager="test"
        )
        world.sandbox.objects.create(upstream_controller(replicas), manager="test")
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            await rig.push({"app/a.yaml": config_map("app")})
            if replicas:
                await rig.cluster.create(crd_free_application(rig))
                await all_compared(rig, 1)
                await asyncio.sleep(0.5)
                body = await rig.application("app")
                assert body is not None
                assert "status" not in body
                assert await rig.get("v1", "ConfigMap", "default", "app") is None
                assert "argocd-application-controller" in rig.runtime.reporter.runtime().errors[0]
            else:
                await rig.create_application("app", syncPolicy=AUTOMATED)
                await rig.until("app", synced_and_healthy)


def upstream_controller(replicas: int) -> dict[str, Any]:
    labels = {"app": "controller"}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "argocd-application-controller", "namespace": NAMESPACE},
        "spec": {
            "replicas": replicas,
            "serviceName": "controller",
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "c:1"}]}},
        },
    }


def crd_free_application(rig: Rig) -> dict[str, Any]:
    return application(rig.host.clone_url("apps"), "app", syncPolicy=AUTOMATED)


async def resource_versions(world: World) -> dict[str, str]:
    """Of everything that the runtime could have touched."""
    found = [*world.sandbox.objects.list("argoproj.io", "Application"), *world.sandbox.objects.list("", "ConfigMap")]
    return {f"{one['kind']} {one['metadata']['name']}": one["metadata"]["resourceVersion"] for one in found}


def message_of(body: dict[str, Any]) -> str:
    return str(body["status"]["operationState"].get("message", ""))
