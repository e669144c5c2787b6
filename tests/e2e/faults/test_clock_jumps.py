"""The clock of the machine is set back or forward: nothing waits for the difference, and nothing happens twice."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitsync.manifest.object import JsonObject
from model.identity import ResourceKey
from tests.support.killable import Witness
from tests.support.runtime import Rig, phase_of, running_rig, synced_and_healthy
from tests.support.sandbox_rig import running_world

pytestmark = [pytest.mark.e2e]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
HOOK = """
apiVersion: batch/v1
kind: Job
metadata: {generateName: migrate-, annotations: {argocd.argoproj.io/hook: PreSync}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: busybox, command: [sh, -c, "sleep 20 && exit 0"]}]
"""


@dataclass
class Clock:
    """The machine's, wrong by as much as a test says."""

    wrong_by: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.wrong_by


def config_map(value: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app}}\ndata: {{value: '{value}'}}\n"


@pytest.mark.parametrize("jump", [timedelta(days=-2), timedelta(days=2)], ids=["back", "forward"])
async def test_self_heal_and_retries_go_on(tmp_path: Path, jump: timedelta) -> None:
    clock = Clock()
    async with (
        running_world(tmp_path) as world,
        running_rig(world.access, world.host, tmp_path / "runtime", now=clock.now) as rig,
    ):
        await rig.push({"app/a.yaml": config_map("1")})
        await rig.create_application("app", syncPolicy=AUTOMATED)
        await rig.until("app", synced_and_healthy)
        await drift_and_heal(rig)
        clock.wrong_by = jump
        await drift_and_heal(rig)
        commit = await rig.push({"app/a.yaml": config_map("2")})
        await rig.until("app", lambda body: body["status"]["sync"]["revision"] == commit and synced_and_healthy(body))


async def drift_and_heal(rig: Rig) -> None:
    before = await rig.application("app")
    assert before is not None
    await rig.cluster.patch(ResourceKey("", "ConfigMap", "default", "app"), "v1", {"data": {"value": "drifted"}})

    def settled(body: JsonObject) -> bool:
        state, old = body["status"]["operationState"], before["status"]["operationState"]
        return state != old and phase_of(body) == "Succeeded" and synced_and_healthy(body)

    await rig.until("app", settled)
    made = await rig.get("v1", "ConfigMap", "default", "app")
    assert made is not None
    assert made["data"] == {"value": "1"}


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1)], ids=["back", "forward"])
async def test_a_restart_on_a_machine_with_another_clock_runs_no_hook_again(tmp_path: Path, jump: timedelta) -> None:
    async with running_world(tmp_path) as world:
        witness = Witness()
        world.sandbox.store.listen(witness.hear)
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            await rig.push({"app/a.yaml": config_map("1"), "app/hook.yaml": HOOK})
            await rig.create_application("app", syncPolicy=AUTOMATED)
            await rig.until("app", lambda body: "waiting for completion" in message_of(body))
        clock = Clock(jump)
        async with running_rig(world.access, world.host, tmp_path / "runtime", now=clock.now) as rig:
            await rig.until("app", lambda body: phase_of(body) == "Succeeded" and synced_and_healthy(body))
        assert witness.times("ADDED", "Job", "migrate-") == 1


def message_of(body: JsonObject) -> str:
    return str((body.get("status") or {}).get("operationState", {}).get("message", ""))
