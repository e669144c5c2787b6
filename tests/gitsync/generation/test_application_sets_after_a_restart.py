"""A runtime that starts again finds ApplicationSets and their Applications as they were, and writes nothing."""

import asyncio
from pathlib import Path

import pytest

from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind
from tests.support.runtime import NAMESPACE, Rig, running_rig, synced_and_healthy
from tests.support.sandbox_rig import running_world

pytestmark = [pytest.mark.e2e]

APPLICATION_SET = GroupVersionKind("argoproj.io", "v1alpha1", "ApplicationSet")
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: b}\n"


async def set_of(rig: Rig) -> JsonObject:
    return await rig.cluster.get(APPLICATION_SET, NAMESPACE, "set") or {}


def rolled_out(body: JsonObject) -> bool:
    steps = (body.get("status") or {}).get("applicationStatus") or ()
    resources = (body.get("status") or {}).get("resources") or ()
    return len(steps) == 2 and all(one["health"]["status"] == "Healthy" for one in resources)


async def test_nothing_is_written_when_nothing_has_changed(tmp_path: Path) -> None:
    async with running_world(tmp_path) as world:
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            await rig.push({f"sets/{name}/a.yaml": CONFIG.replace("NAME", name) for name in ("one", "two")})
            await create(rig)
            for name in ("one", "two"):
                await rig.until(name, synced_and_healthy)
            async with asyncio.timeout(60):
                while not rolled_out(await set_of(rig)):  # noqa: ASYNC110 - another task does it
                    await asyncio.sleep(0.05)
            before = await versions(rig)
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            sets, records = rig.runtime.application_sets, rig.runtime.records
            async with asyncio.timeout(60):
                while not (sets.told_total and all(record.compared for record in records)):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert await versions(rig) == before
            assert sets.writes_total == 0


async def versions(rig: Rig) -> list[str]:
    bodies = [await set_of(rig), *[await rig.application(name) or {} for name in ("one", "two")]]
    return [body["metadata"]["resourceVersion"] for body in bodies]


async def create(rig: Rig) -> None:
    url = rig.host.clone_url("apps")
    steps = [{"matchExpressions": [{"key": "name", "operator": "In", "values": [name]}]} for name in ("one", "two")]
    template = {
        "metadata": {"name": "{{path.basename}}", "labels": {"name": "{{path.basename}}"}},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": "{{path}}", "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
        },
    }
    spec = {
        "generators": [{"git": {"repoURL": url, "revision": "main", "directories": [{"path": "sets/*"}]}}],
        "template": template,
        "strategy": {"type": "RollingSync", "rollingSync": {"steps": steps}},
    }
    meta = {"name": "set", "namespace": NAMESPACE}
    await rig.cluster.create(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": meta, "spec": spec}
    )
