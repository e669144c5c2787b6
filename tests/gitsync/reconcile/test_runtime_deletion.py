"""Hooks around the deletion of an application: they hold it up until they have succeeded, and nothing runs twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from model.kinds.application import FINALIZER, POST_DELETE_FINALIZER, PRE_DELETE_FINALIZER
from tests.support.runtime import APPLICATION, NAMESPACE, Rig, conditions_of, running_rig, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig, running_world

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: b}\n"


def job(name: str, hook: str, *, command: str = "exit 0", policy: str = "BeforeHookCreation") -> str:
    return f"""apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
  annotations:
    argocd.argoproj.io/hook: {hook}
    argocd.argoproj.io/hook-delete-policy: {policy}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: main, image: busybox, command: [sh, -c, "{command}"]}}]
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("deletion")) as (world, rig):
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


async def deployed(rig: Rig, name: str, files: dict[str, str], *finalizers: str) -> JsonObject:
    await rig.push({f"{name}/{file}": text for file, text in files.items()})
    await rig.create_application(name, metadata={"finalizers": list(finalizers)}, syncPolicy=AUTOMATED)
    return await rig.until(name, synced_and_healthy)


async def delete(rig: Rig, name: str) -> None:
    await rig.cluster.delete(APPLICATION, NAMESPACE, name)


async def gone(rig: Rig, name: str) -> None:
    async with asyncio.timeout(60):
        while await rig.application(name) is not None:  # noqa: ASYNC110 - it goes when the cluster lets it go
            await asyncio.sleep(0.05)


async def there(rig: Rig, kind: str, name: str) -> bool:
    return await rig.get("batch/v1" if kind == "Job" else "v1", kind, "default", name) is not None


def deletion_error(body: JsonObject) -> str:
    return dict(conditions_of(body)).get("DeletionError", "")


async def test_an_application_with_hooks_of_its_deletion_carries_finalizers_for_them(rig: Rig) -> None:
    await deployed(
        rig, "guarded", {"a.yaml": job("guarded-pre", "PreDelete"), "b.yaml": job("guarded-post", "PostDelete")}
    )
    names = [PRE_DELETE_FINALIZER, POST_DELETE_FINALIZER]
    expected = sorted([*names, *(f"{name}/cleanup" for name in names)])
    await rig.until("guarded", lambda body: sorted(body["metadata"].get("finalizers") or ()) == expected)
    assert not await there(rig, "Job", "guarded-pre")
    await rig.push({"guarded/a.yaml": None, "guarded/b.yaml": CONFIG.replace("NAME", "guarded")})
    await rig.until("guarded", lambda body: not body["metadata"].get("finalizers"))


async def test_hooks_run_before_and_after_the_objects_go(rig: Rig) -> None:
    slow = job("around-pre", "PreDelete", command="sleep 20 && exit 0", policy="HookSucceeded")
    files = {"a.yaml": slow, "b.yaml": CONFIG.replace("NAME", "around"), "c.yaml": job("around-post", "PostDelete")}
    await deployed(rig, "around", files, FINALIZER)
    await rig.until("around", lambda body: PRE_DELETE_FINALIZER in body["metadata"]["finalizers"])
    await delete(rig, "around")
    async with asyncio.timeout(60):
        while not await there(rig, "Job", "around-pre"):  # noqa: ASYNC110 - the cluster is asked from outside
            await asyncio.sleep(0.02)
    assert await there(rig, "ConfigMap", "around")
    await gone(rig, "around")
    assert not await there(rig, "ConfigMap", "around")
    assert not await there(rig, "Job", "around-pre")
    post = await rig.get("batch/v1", "Job", "default", "around-post")
    assert post is not None
    assert not post["metadata"].get("finalizers")


async def test_a_failed_hook_is_in_the_way_until_git_has_a_better_one(rig: Rig) -> None:
    files = {"a.yaml": job("blocked-pre", "PreDelete", command="exit 1"), "b.yaml": CONFIG.replace("NAME", "blocked")}
    await deployed(rig, "blocked", files, FINALIZER)
    await rig.until("blocked", lambda body: PRE_DELETE_FINALIZER in body["metadata"]["finalizers"])
    await delete(rig, "blocked")
    body = await rig.until("blocked", lambda body: bool(deletion_error(body)))
    assert "PreDelete hook failed: Job default/blocked-pre" in deletion_error(body)
    assert await there(rig, "ConfigMap", "blocked")
    await rig.push({"blocked/a.yaml": job("blocked-pre", "PreDelete")})
    await gone(rig, "blocked")
    assert not await there(rig, "ConfigMap", "blocked")


async def test_hooks_run_without_the_finalizer_of_the_objects_too(rig: Rig) -> None:
    files = {"a.yaml": job("alone-post", "PostDelete"), "b.yaml": CONFIG.replace("NAME", "alone")}
    await deployed(rig, "alone", files)
    await rig.until("alone", lambda body: POST_DELETE_FINALIZER in (body["metadata"].get("finalizers") or ()))
    await delete(rig, "alone")
    await gone(rig, "alone")
    assert await there(rig, "ConfigMap", "alone")
    assert await there(rig, "Job", "alone-post")


async def test_an_application_of_a_cluster_that_nobody_knows_goes_without_hooks(rig: Rig) -> None:
    names = [FINALIZER, PRE_DELETE_FINALIZER, f"{POST_DELETE_FINALIZER}/cleanup"]
    await rig.push({"astray/a.yaml": CONFIG.replace("NAME", "astray")})
    destination = {"server": "https://nowhere.example.com", "namespace": "default"}
    await rig.create_application("astray", metadata={"finalizers": names}, destination=destination)
    await rig.until("astray", lambda body: bool(conditions_of(body)))
    await delete(rig, "astray")
    await gone(rig, "astray")


@pytest.mark.asyncio(loop_scope="function")
async def test_a_hook_that_ran_when_the_process_died_is_not_run_again(tmp_path: Path) -> None:
    async with running_world(tmp_path) as world:
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            slow = job("once", "PreDelete", command="sleep 60 && exit 0")
            await deployed(rig, "once", {"a.yaml": slow, "b.yaml": CONFIG.replace("NAME", "kept")}, FINALIZER)
            await rig.until("once", lambda body: PRE_DELETE_FINALIZER in body["metadata"]["finalizers"])
            await delete(rig, "once")
            async with asyncio.timeout(60):
                while (first := await rig.get("batch/v1", "Job", "default", "once")) is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        watched: list[str] = []
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            async with asyncio.timeout(60):
                while await rig.application("once") is not None:
                    now = await rig.get("batch/v1", "Job", "default", "once")
                    watched += [now["metadata"]["uid"]] if now else []
                    await asyncio.sleep(0.02)
            assert set(watched) == {first["metadata"]["uid"]}
            assert not await there(rig, "ConfigMap", "kept")
