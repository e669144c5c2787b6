"""An abort that also takes Git back, so that the next sync does not begin the same update again."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, Literal

import pytest
import pytest_asyncio

from gitsync.reconcile.rollback_hold import HOLD_ANNOTATION
from gitsync.reporting.link import Refused
from model.identity import ApplicationKey
from model.link import ObjectRef, OperationAnswer, SteerRollout
from tests.support.ledger_rig import Rigged, running_ledger_rig, until
from tests.support.runtime import NAMESPACE, synced_and_healthy

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"syncPolicy": {"automated": {"selfHeal": True}}}
MANIFEST = """apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: NAME}
spec:
  replicas: 2
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec: {containers: [{name: web, image: "web:VERSION"}]}
  strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rigged]:
    async with running_ledger_rig(tmp_path_factory.mktemp("aborts")) as rig:
        yield rig


async def push(both: Rigged, name: str, version: str) -> None:
    await both.rig.push({f"{name}/d.yaml": MANIFEST.replace("NAME", name).replace("VERSION", version)})


async def state(both: Rigged, name: str) -> str:
    """Phase and image, as `Paused web:2`."""
    body = await both.rig.get("argoproj.io/v1alpha1", "Rollout", "default", name)
    if body is None or (body.get("status") or {}).get("observedGeneration") != str(body["metadata"]["generation"]):
        return ""
    return f"{body['status']['phase']} {body['spec']['template']['spec']['containers'][0]['image']}"


def is_(text: str) -> Callable[[str], bool]:
    return lambda found: found == text


async def half_way(both: Rigged, name: str, **spec: Any) -> None:
    """Version 1 is stable, version 2 waits."""
    await push(both, name, "1")
    await both.rig.create_application(name, **spec)
    await both.rig.until(name, synced_and_healthy)
    await push(both, name, "2")
    await until(partial(state, both, name), is_("Paused web:2"))
    await both.rig.until(name, lambda body: len(body["status"]["history"]) == 2 and "operation" not in body)


async def abort(both: Rigged, name: str, revert: Literal["COMMIT", "PULL_REQUEST"]) -> OperationAnswer:
    rollout = ObjectRef("argoproj.io", "v1alpha1", "Rollout", "default", name)
    key = ApplicationKey(NAMESPACE, name)
    return await both.ask(SteerRollout(key, rollout, "ABORT", "dana", f"abort-{name}", revert=revert))


async def test_an_abort_takes_git_back_with_a_commit_of_the_person(both: Rigged) -> None:
    await half_way(both, "taken", **AUTOMATED)
    answer = await abort(both, "taken", "COMMIT")
    assert answer.message.startswith("reverted in Git by")
    assert "web:1" in await both.git("apps", "show", "main:taken/d.yaml")
    assert (await both.git("apps", "log", "-1", "--format=%an", "main")).strip() == "dana"
    await until(partial(state, both, "taken"), is_("Healthy web:1"))
    ledger = await both.git("config", "log", "--format=%B", "main", "--", "operations/demo/argosy/taken.yaml")
    assert [line.partition(": ")[2] for line in ledger.splitlines() if line.startswith("Argosy-Action")] == [
        "ROLLBACK",
        "ABORT",
    ]


async def test_automated_sync_waits_for_the_pull_request(both: Rigged) -> None:
    await half_way(both, "offered", **AUTOMATED)
    answer = await abort(both, "offered", "PULL_REQUEST")
    assert answer.operation_id == "abort-offered"
    assert "to be merged into main" in answer.message
    held = await both.rig.until("offered", lambda body: HOLD_ANNOTATION in (body["metadata"].get("annotations") or {}))
    assert held["status"]["sync"]["status"] == "Synced"
    assert await state(both, "offered") == "Degraded web:2", "aborted, and nobody begins it again"
    await push(both, "offered", "1")  # as a host merges it
    await until(partial(state, both, "offered"), is_("Healthy web:1"))


async def test_git_that_nobody_follows_is_left_alone_and_nothing_is_done(both: Rigged) -> None:
    await push(both, "manual", "1")
    await both.rig.create_application("manual")
    await both.rig.until("manual", lambda body: bool((body.get("status") or {}).get("sync")))
    with pytest.raises(Refused, match="does not sync by itself"):
        await abort(both, "manual", "COMMIT")
