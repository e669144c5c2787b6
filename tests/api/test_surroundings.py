"""What surrounds an application: sync windows, waves of its last operation, the Git host, where its runtime is."""

from datetime import UTC, datetime

import msgspec

from model.kinds.application import OperationState, ResourceResult, SyncOperationResult
from model.link import ApplicationChanged, RuntimeChanged
from model.report import RuntimeSummary
from tests.support.control_plane import Running
from tests.support.fake_fleet import summary
from tests.support.fake_runtime import FakeRuntime

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WINDOWS = """{ application(runtime: "demo", name: "cart") {
  syncWindows { kind schedule duration active manualSync nextStart }
} }"""
WAVES = """{ application(runtime: "demo", name: "cart") {
  operationState { syncResult { resources { name syncWave } } }
} }"""
ACCOUNT = '{ me { activeAccount { gitProvider } } runtime(name: "demo") { ingressHost } }'


async def test_sync_windows_are_asked_of_the_runtime(running: Running, runtime: FakeRuntime) -> None:
    (window,) = (await running.query("reader", WINDOWS))["application"]["syncWindows"]
    assert window == {
        "kind": "deny",
        "schedule": "0 22 * * *",
        "duration": "2h",
        "active": True,
        "manualSync": False,
        "nextStart": "2026-01-02T03:04:05Z",
    }


async def test_objects_of_an_operation_have_the_wave_that_git_gives_them(
    running: Running, runtime: FakeRuntime
) -> None:
    resources = tuple(ResourceResult(kind="ConfigMap", name=name, status="Synced") for name in ("a", "b", "gone"))
    state = OperationState(phase="Succeeded", started_at=NOW, sync_result=SyncOperationResult(resources, "1" * 40))
    await runtime.report(
        ApplicationChanged(msgspec.structs.replace(summary(1), operation=state, operation_waves=(0, -5, None)))
    )
    found = (await running.query("reader", WAVES))["application"]["operationState"]["syncResult"]["resources"]
    assert [(one["name"], one["syncWave"]) for one in found] == [("a", 0), ("b", -5), ("gone", None)]


async def test_the_git_host_and_the_ingress_are_what_the_runtime_says(running: Running, runtime: FakeRuntime) -> None:
    found = await running.query("admin", ACCOUNT)
    assert found == {"me": {"activeAccount": {"gitProvider": None}}, "runtime": {"ingressHost": None}}
    told = RuntimeSummary(
        "0.1.0", "argosy", "ARGOSY", "HELM", NOW, git_provider="GITEA", ingress_host="https://apps.example.test"
    )
    await runtime.report(RuntimeChanged(told))
    found = await running.query("admin", ACCOUNT)
    assert found["me"]["activeAccount"]["gitProvider"] == "GITEA"
    assert found["runtime"]["ingressHost"] == "https://apps.example.test"
    await runtime.report(RuntimeChanged(msgspec.structs.replace(told, git_provider="SOURCEHUT")))
    assert (await running.query("admin", ACCOUNT))["me"]["activeAccount"]["gitProvider"] is None
