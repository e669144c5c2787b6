"""Hooks as users of Argo CD know them, run by the runtime against the sandbox."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from tests.support.runtime import Rig, phase_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
NO_RETRY: dict[str, Any] = {**AUTOMATED, "retry": {"limit": 0}}
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: b}\n"


def job(name: str, hook: str, *, exit_code: int = 0, generated: bool = False) -> str:
    return f"""apiVersion: batch/v1
kind: Job
metadata:
  {"generateName" if generated else "name"}: {name}
  annotations:
    argocd.argoproj.io/hook: {hook}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: main, image: busybox, command: [sh, -c, "exit {exit_code}"]}}]
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("hooks")) as (world, rig):
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


def hooks_of(body: JsonObject) -> list[tuple[str, str, str]]:
    results = body["status"]["operationState"]["syncResult"]["resources"]
    return [(one["name"], one["hookType"], one["hookPhase"]) for one in results if one.get("hookType")]


async def test_hooks_run_around_the_objects_and_leave_the_application_synced(rig: Rig) -> None:
    files = {
        "around/before.yaml": job("before", "PreSync"),
        "around/settings.yaml": CONFIG,
        "around/after.yaml": job("after-", "PostSync", generated=True),
    }
    commit = await rig.push(files)
    await rig.create_application("around", syncPolicy=AUTOMATED)
    body = await rig.until("around", lambda body: synced_and_healthy(body) and phase_of(body) == "Succeeded")
    first, second = hooks_of(body)
    assert first == ("before", "PreSync", "Succeeded")
    assert second[0].startswith(f"after-{commit[:7]}-postsync-")
    assert second[1:] == ("PostSync", "Succeeded")
    made = await rig.get("batch/v1", "Job", "default", second[0])
    assert made is not None
    assert not made["metadata"].get("finalizers")


async def test_a_failed_hook_fails_the_sync_before_any_object_is_applied(rig: Rig) -> None:
    files = {
        "broken/before.yaml": job("broken-before", "PreSync", exit_code=1),
        "broken/settings.yaml": CONFIG.replace("settings", "broken-settings"),
        "broken/rescue.yaml": job("broken-rescue", "SyncFail"),
    }
    await rig.push(files)
    await rig.create_application("broken", syncPolicy=NO_RETRY)
    body = await rig.until("broken", lambda body: phase_of(body) == "Failed")
    assert hooks_of(body) == [("broken-before", "PreSync", "Failed"), ("broken-rescue", "SyncFail", "Succeeded")]
    assert await rig.get("v1", "ConfigMap", "default", "broken-settings") is None
