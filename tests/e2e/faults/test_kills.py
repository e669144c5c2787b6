"""The runtime is killed at each step of a sync: it is finished afterwards, nothing is lost and nothing is done twice.

Each request is met in two ways: it never reaches the cluster, or the cluster carries it out and nobody hears of it.
"""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.faults import Fault
from model.identity import ResourceKey
from model.kinds.application import FINALIZER
from tests.support.killable import Killable, running_killable
from tests.support.runtime import APPLICATION, NAMESPACE, application, phase_of, synced_and_healthy

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED = {"automated": {"prune": True, "selfHeal": True}}
# What the application NAME does in its second version, in this order.
STEPS = {
    "putting-it-on-record": ("PATCH", "/applications/NAME"),
    "beginning-the-first-hook": ("PATCH", r"/jobs/NAME-before\?"),
    "pruning": ("DELETE", "/configmaps/NAME-old"),
    "applying": ("PATCH", "/configmaps/NAME-first"),
    "applying-the-next-wave": ("PATCH", "/configmaps/NAME-second"),
    "beginning-the-last-hook": ("PATCH", "/jobs/NAME-after-"),
    "releasing-a-hook": ("PATCH", "/jobs/NAME-before$"),
    "removing-a-hook": ("DELETE", "/jobs/NAME-after-"),
}
LOST = Fault(disconnect=True, delay_seconds=0.3)
UNHEARD = Fault(answer_delay_seconds=0.3)


def config_map(name: str, wave: int = 0) -> str:
    notes = f"{{argocd.argoproj.io/sync-wave: '{wave}'}}"
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, annotations: {notes}}}\ndata: {{a: b}}\n"


def job(named: str, hook: str, policy: str = "BeforeHookCreation") -> str:
    return f"""apiVersion: batch/v1
kind: Job
metadata:
  {named}
  annotations:
    argocd.argoproj.io/hook: {hook}
    argocd.argoproj.io/hook-delete-policy: {policy}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: main, image: busybox, command: [sh, -c, "exit 0"]}}]
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Killable]:
    async with running_killable(tmp_path_factory.mktemp("kills")) as rig:
        yield rig


def met(how: Fault, step: str, name: str) -> Fault:
    method, path = STEPS[step]
    path = path.replace("NAME", name)
    return msgspec.structs.replace(how, method=method, path=path, count=1)


def finished(commit: str, body: JsonObject) -> bool:
    result = body["status"]["operationState"].get("syncResult") or {}
    return synced_and_healthy(body) and phase_of(body) == "Succeeded" and result.get("revision") == commit


async def second_version(rig: Killable, name: str) -> str:
    return await rig.apart.push(
        {
            f"{name}/old.yaml": None,
            f"{name}/before.yaml": job(f"name: {name}-before", "PreSync"),
            f"{name}/first.yaml": config_map(f"{name}-first"),
            f"{name}/second.yaml": config_map(f"{name}-second", wave=1),
            f"{name}/after.yaml": job(f"generateName: {name}-after-", "PostSync", "HookSucceeded"),
        }
    )


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", [LOST, UNHEARD], ids=["lost", "unheard"])
async def test_an_automated_sync(rig: Killable, step: str, how: Fault) -> None:
    name = f"{'lost' if how.disconnect else 'unheard'}-{list(STEPS).index(step)}"
    apart, times = rig.apart, rig.witness.times
    await apart.push({f"{name}/old.yaml": config_map(f"{name}-old")})
    await apart.create(name, syncPolicy=AUTOMATED)
    await apart.until(name, synced_and_healthy)
    if step == "putting-it-on-record":  # the next write to the application is to be that one
        await apart.until_idle()
    commit = await second_version(rig, name)
    await rig.kill_at(met(how, step, name))
    await apart.start_runtime()
    body = await apart.until(name, lambda body: finished(commit, body))
    assert [one["revision"] for one in body["status"]["history"]].count(commit) == 1
    assert times("ADDED", "Job", f"{name}-before") == 1
    assert times("ADDED", "Job", f"{name}-after-") == 1
    assert times("DELETED", "Job", f"{name}-after-") == 1
    for config in ("first", "second"):
        assert times("ADDED", "ConfigMap", f"{name}-{config}") == 1
        assert times("MODIFIED", "ConfigMap", f"{name}-{config}") == 0
    assert times("DELETED", "ConfigMap", f"{name}-old") == 1
    (before,) = await rig.objects("Job", f"{name}-before")
    assert not before["metadata"].get("finalizers")


@pytest.mark.parametrize("step", ["putting-it-on-record", "beginning-the-first-hook", "applying-the-next-wave"])
async def test_an_operation_that_somebody_asked_for(rig: Killable, step: str) -> None:
    name = f"asked-{list(STEPS).index(step)}"
    apart, times = rig.apart, rig.witness.times
    commit = await second_version(rig, name)
    killed = asyncio.create_task(rig.kill_at(met(UNHEARD, step, name)))
    body = application(apart.host.clone_url("apps"), name)
    await apart.cluster.create(body | {"operation": {"sync": {}}})
    await killed
    await apart.start_runtime()
    body = await apart.until(name, lambda body: "operation" not in body and finished(commit, body))
    assert len(body["status"]["history"]) == 1
    assert times("ADDED", "Job", f"{name}-before") == 1
    assert times("ADDED", "Job", f"{name}-after-") == 1


# What the deletion of the application NAME does, in this order.
DELETION_STEPS = {
    "beginning-the-first-hook": ("PATCH", r"/jobs/NAME-pre\?"),
    "letting-the-objects-go": ("PATCH", "/applications/NAME"),
    "deleting": ("DELETE", "/configmaps/NAME-config"),
    "beginning-the-last-hook": ("PATCH", r"/jobs/NAME-post\?"),
}


@pytest.mark.parametrize("step", DELETION_STEPS)
@pytest.mark.parametrize("how", [LOST, UNHEARD], ids=["lost", "unheard"])
async def test_a_deletion(rig: Killable, step: str, how: Fault) -> None:
    name = f"going-{'lost' if how.disconnect else 'unheard'}-{list(DELETION_STEPS).index(step)}"
    apart, times = rig.apart, rig.witness.times
    await apart.push(
        {
            f"{name}/pre.yaml": job(f"name: {name}-pre", "PreDelete", "HookSucceeded"),
            f"{name}/config.yaml": config_map(f"{name}-config"),
            f"{name}/post.yaml": job(f"name: {name}-post", "PostDelete"),
        }
    )
    body = application(apart.host.clone_url("apps"), name, syncPolicy=AUTOMATED, metadata={"finalizers": [FINALIZER]})
    await apart.cluster.create(body)
    await apart.until(name, lambda body: synced_and_healthy(body) and len(body["metadata"]["finalizers"]) == 5)
    if step == "letting-the-objects-go":  # the next write to the application is to be that one
        await apart.until_idle()
    await apart.cluster.delete(APPLICATION, NAMESPACE, name)
    method, path = DELETION_STEPS[step]
    await rig.kill_at(msgspec.structs.replace(how, method=method, path=path.replace("NAME", name), count=1))
    await apart.start_runtime()
    async with asyncio.timeout(60):
        while await apart.cluster.get(APPLICATION, NAMESPACE, name) is not None:  # noqa: ASYNC110 - asked from outside
            await asyncio.sleep(0.05)
    assert times("ADDED", "Job", f"{name}-pre") == 1
    assert times("DELETED", "ConfigMap", f"{name}-config") == 1
    assert times("ADDED", "Job", f"{name}-post") == 1


async def test_the_rescue_of_a_failed_sync(rig: Killable) -> None:
    """The hook that failed and the one that answers it run once each, and the failure stays one."""
    name = "rescued"
    apart, times = rig.apart, rig.witness.times
    failing = job(f"name: {name}-before", "PreSync").replace("exit 0", "exit 1")
    await apart.push(
        {
            f"{name}/before.yaml": failing,
            f"{name}/first.yaml": config_map(f"{name}-first"),
            f"{name}/rescue.yaml": job(f"name: {name}-rescue", "SyncFail"),
        }
    )
    killed = asyncio.create_task(
        rig.kill_at(msgspec.structs.replace(UNHEARD, method="PATCH", path=rf"/jobs/{name}-rescue\?", count=1))
    )
    await apart.create(name, syncPolicy={"automated": {}, "retry": {"limit": 0}})
    await killed
    await apart.start_runtime()
    await apart.until(name, lambda body: phase_of(body) == "Failed", seconds=30)
    assert times("ADDED", "Job", f"{name}-before") == 1
    assert times("ADDED", "Job", f"{name}-rescue") == 1
    assert not await rig.objects("ConfigMap", f"{name}-first")


async def test_a_termination_that_nobody_was_there_for(rig: Killable) -> None:
    """The hook that ran is gone afterwards, and the operation has ended."""
    name = "stopped"
    apart = rig.apart
    slow = job(f"name: {name}-before", "PreSync").replace("exit 0", "sleep 3600 && exit 0")
    await apart.push({f"{name}/before.yaml": slow, f"{name}/first.yaml": config_map(f"{name}-first")})
    await apart.create(name, syncPolicy={"automated": {}, "retry": {"limit": 0}})
    await apart.until(name, lambda body: phase_of(body) == "Running" and "waiting" in message_of(body))
    await apart.runtime.kill()
    address = ResourceKey("argoproj.io", "Application", NAMESPACE, name)
    await apart.cluster.patch(address, "v1alpha1", {"status": {"operationState": {"phase": "Terminating"}}})
    await apart.start_runtime()
    body = await apart.until(name, lambda body: phase_of(body) == "Failed")
    assert message_of(body) == "Operation terminated"
    assert not await rig.objects("Job", f"{name}-before")
    assert not await rig.objects("ConfigMap", f"{name}-first")


def message_of(body: JsonObject) -> str:
    return str(body["status"]["operationState"].get("message", ""))
