"""Sync windows hold syncs back, say why and until when, and let them go when they open."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from model.identity import ApplicationKey, ResourceKey
from model.link import GetSyncWindows, SyncWindowsAnswer
from tests.support.runtime import NAMESPACE, Rig, conditions_of, phase_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
ALWAYS = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: b}\n"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("windows")) as (world, rig):
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


async def project(rig: Rig, name: str, *windows: JsonObject) -> ResourceKey:
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}], "syncWindows": list(windows)}
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }
    await rig.cluster.create(body)
    return ResourceKey("argoproj.io", "AppProject", NAMESPACE, name)


async def open_up(rig: Rig, key: ResourceKey) -> None:
    await rig.cluster.patch(key, "v1alpha1", {"spec": {"syncWindows": None}})


async def test_an_automated_sync_waits_and_says_so(rig: Rig) -> None:
    key = await project(rig, "closed", ALWAYS)
    await rig.push({"closed/a.yaml": CONFIG.replace("NAME", "closed")})
    await rig.create_application("closed", project="closed", syncPolicy=AUTOMATED)
    body = await rig.until("closed", lambda body: bool(conditions_of(body)))
    ((type_, message),) = conditions_of(body)
    assert type_ == "SyncWindowWarning"
    assert 'inside deny window "* * * * *" for 1h (UTC)' in message
    assert await rig.get("v1", "ConfigMap", "default", "closed") is None
    await open_up(rig, key)
    body = await rig.until("closed", synced_and_healthy)
    assert not conditions_of(body)


async def test_a_requested_sync_keeps_running_until_it_may_begin_and_can_be_terminated(rig: Rig) -> None:
    await project(rig, "shut", ALWAYS)
    await rig.push({"shut/a.yaml": CONFIG.replace("NAME", "shut")})
    await rig.create_application("shut", project="shut")
    await rig.until("shut", lambda body: bool(body.get("status")))
    await rig.patch("shut", {"operation": {"sync": {}}})
    blocked = await rig.until("shut", lambda body: "blocked by sync window" in message_of(body))
    assert phase_of(blocked) == "Running"
    await rig.patch("shut", {"status": {"operationState": {"phase": "Terminating"}}})
    body = await rig.until("shut", lambda body: phase_of(body) == "Failed")
    assert message_of(body) == "Operation terminated"
    assert await rig.get("v1", "ConfigMap", "default", "shut") is None


async def test_people_may_sync_where_the_window_lets_them(rig: Rig) -> None:
    await project(rig, "ajar", {**ALWAYS, "manualSync": True})
    await rig.push({"ajar/a.yaml": CONFIG.replace("NAME", "ajar")})
    await rig.create_application("ajar", project="ajar")
    await rig.until("ajar", lambda body: bool(body.get("status")))
    await rig.patch("ajar", {"operation": {"sync": {}}})
    await rig.until("ajar", lambda body: phase_of(body) == "Succeeded")


def message_of(body: JsonObject) -> str:
    return str((body.get("status") or {}).get("operationState", {}).get("message", ""))


async def test_windows_that_concern_an_application_are_told(rig: Rig) -> None:
    other = ALWAYS | {"applications": ["another"]}
    never = {
        "kind": "allow",
        "schedule": "0 3 30 2 *",
        "duration": "30m",
        "namespaces": ["default"],
        "manualSync": True,
    }
    await project(rig, "shown", ALWAYS, other, never)
    await rig.create_application("shown", project="shown")
    await rig.until("shown", lambda body: bool(body.get("status")))
    answer = await rig.runtime.requests.answer(GetSyncWindows(ApplicationKey(NAMESPACE, "shown")))
    assert isinstance(answer, SyncWindowsAnswer)
    denying, allowing = answer.windows
    assert (denying.kind, denying.schedule, denying.duration, denying.active) == ("deny", "* * * * *", "1h", True)
    assert denying.next_start is not None
    assert (allowing.kind, allowing.active, allowing.manual_sync, allowing.next_start) == ("allow", False, True, None)
