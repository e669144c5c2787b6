"""The upstream's own command line on our controller: its users see and steer what they know."""

import asyncio
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind
from tests.e2e.rollouts.conftest import Live
from tests.support.rollouts import rollout

PLUGIN = shutil.which("kubectl-argo-rollouts")
RUN = GroupVersionKind("argoproj.io", "v1alpha1", "AnalysisRun")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.skipif(PLUGIN is None, reason="kubectl-argo-rollouts is not on PATH"),
]

STEPS = "canary: {steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {}}]}"
GREEN = "blueGreen: {activeService: active, previewService: preview, autoPromotionEnabled: false}"


class Plugin:
    def __init__(self, live: Live) -> None:
        self._flags = ("--kubeconfig", str(live.kubeconfig), "--namespace", live.namespace)
        self._home = live.folder

    async def __call__(self, *arguments: str, code: int = 0) -> str:
        self._home.mkdir(parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            *(str(PLUGIN), *self._flags),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "HOME": str(self._home)},
        )
        output, _ = await process.communicate()
        assert process.returncode == code, f"{' '.join(arguments)}: {output.decode()}"
        return output.decode()

    async def status(self, *, code: int = 0) -> str:
        return (await self("status", "web", "--watch=false", code=code)).splitlines()[0]

    async def header(self) -> dict[str, str]:
        """What stands above the tree; replicas among it."""
        text = await self("get", "rollout", "web", "--no-color")
        pairs = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
        return {name.strip(): value.strip() for name, _, value in pairs}

    async def tree(self) -> list[Sequence[str]]:
        """Kind, status and marks of every row, without names, times and branches."""
        text = await self("get", "rollout", "web", "--no-color")
        rows = [line for line in text.split("\n\n")[1].splitlines()[1:] if "#" not in line]
        return [re.sub(r"^.*?(ReplicaSet|Pod|Rollout)", r"\1", row).split() for row in rows]


async def _create(live: Live, body: JsonObject) -> None:
    body["metadata"]["namespace"] = live.namespace
    await live.cluster.create(body)


async def _ended(live: Live, name: str) -> JsonObject:
    async with asyncio.timeout(60):
        while True:
            body = await live.cluster.get(RUN, live.namespace, name) or {}
            status: JsonObject = body.get("status") or {}
            if status.get("phase") in ("Successful", "Failed", "Error", "Inconclusive"):
                return status
            await asyncio.sleep(0.05)


async def test_a_canary_is_seen_and_steered_with_the_upstreams_command_line(live: Live) -> None:
    plugin = Plugin(live)
    async with live.controller():
        await _create(live, rollout(STEPS))
        await live.until_phase("web", "Healthy")
        assert await plugin.status() == "Healthy"
        shown = await plugin.header()
        wanted = {"Status": "✔ Healthy", "Strategy": "Canary", "Step": "4/4", "SetWeight": "100", "ActualWeight": "100"}
        assert wanted.items() <= shown.items()
        assert [shown[name] for name in ("Desired", "Current", "Updated", "Ready", "Available")] == ["4"] * 5

        assert await plugin("set", "image", "web", "web=web:2") == 'rollout "web" image updated\n'
        await live.until_phase("web", "Paused", "CanaryPauseStep")
        assert await plugin.status() == "Paused - CanaryPauseStep"
        shown = await plugin.header()
        assert {"Step": "1/4", "SetWeight": "25", "ActualWeight": "25", "Updated": "1"}.items() <= shown.items()
        kinds = [(row[0], row[-1]) for row in await plugin.tree()]
        assert [one for one in kinds if one[0] == "ReplicaSet"] == [("ReplicaSet", "canary"), ("ReplicaSet", "stable")]
        assert kinds.count(("Pod", "ready:1/1")) == 4

        assert await plugin("promote", "web") == "rollout 'web' promoted\n"
        await live.until("web", lambda body: body["status"].get("currentStepIndex") == 3)
        await live.until_phase("web", "Paused", "CanaryPauseStep")
        assert await plugin("abort", "web") == "rollout 'web' aborted\n"
        await live.until_phase("web", "Degraded", "RolloutAborted")
        assert await plugin.status(code=1) == "Degraded"
        assert (await plugin.header())["Message"] == "RolloutAborted: Rollout aborted update to revision 2"
        assert await plugin("retry", "rollout", "web") == "rollout 'web' retried\n"
        await live.until_phase("web", "Paused", "CanaryPauseStep")
        assert await plugin("promote", "web", "--full") == "rollout 'web' fully promoted\n"
        await live.until_phase("web", "Healthy")

        assert await plugin("undo", "web") == "rollout 'web' undo\n"
        await live.until_phase("web", "Paused", "CanaryPauseStep")
        listed = (await plugin("list", "rollouts")).splitlines()
        assert listed[1].split() == ["web", "Canary", "Paused", "1/4", "25", "4/4", "4", "1", "4"]


async def test_rest_of_the_commands_do_what_their_users_expect(live: Live, tmp_path: Path) -> None:
    plugin = Plugin(live)
    async with live.controller():
        for name in ("active", "preview"):
            spec: JsonObject = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
            await _create(live, {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
        await _create(live, rollout(GREEN, replicas=2))
        await live.until_phase("web", "Healthy")
        await plugin("set", "image", "web", "web=web:2")
        await live.until_phase("web", "Paused", "BlueGreenPause")
        marks = [row[-1] for row in await plugin.tree() if row[0] == "ReplicaSet"]
        assert marks == ["preview", "stable,active"]
        await plugin("promote", "web")
        await live.until_phase("web", "Healthy")
        replica_sets = [row for row in await plugin.tree() if row[0] == "ReplicaSet"]
        assert replica_sets[0][-1] == "stable,active"
        assert re.fullmatch(r"delay:\d+s", replica_sets[1][-1])

        await plugin("pause", "web")
        await live.until_phase("web", "Paused", "manually paused")
        await plugin("promote", "web")
        await live.until_phase("web", "Healthy")
        assert "restarts in 0s" in await plugin("restart", "web")
        await live.until("web", lambda body: body["status"].get("restartedAt") == body["spec"].get("restartAt"))

        url = {"url": "http://127.0.0.1:1/", "jsonPath": "{$}"}
        metric = {"name": "m", "interval": "1h", "consecutiveErrorLimit": 9, "provider": {"web": url}}
        run = {"apiVersion": RUN.api_version, "kind": RUN.kind, "metadata": {"name": "endless"}}
        await _create(live, {**run, "spec": {"metrics": [metric]}})
        assert await plugin("terminate", "analysisrun", "endless") == "analysisRun 'endless' terminated\n"
        status = await _ended(live, "endless")
        assert (status["phase"], status["message"]) == ("Successful", "Run Terminated")

        file = tmp_path / "rollout.yaml"
        file.write_text(str({**rollout(STEPS)}).replace("'", '"'))
        await plugin("lint", "--filename", str(file))
