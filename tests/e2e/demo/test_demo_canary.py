"""The canary of the demo, as a newcomer finds it: waiting at a fifth of the traffic, to be promoted or aborted."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.demo import Demo, Person

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

Shown = dict[str, Any]

APPLICATION = '{runtime: "demo", namespace: "argosy", name: "recommendations"}'
ROLLOUT = '{group: "argoproj.io", version: "v1alpha1", kind: "Rollout", namespace: "shop", name: "recommendations"}'
ATTEMPTS = 5
FOLLOW = f"""subscription {{ rollout(application: {APPLICATION}, rollout: {ROLLOUT}) {{
  phase message currentStepIndex weightOfNew steps {{ title status }} revisions {{ revision role images }}
  analysisRuns {{ phase }} availableActions {{ action allowed }} }} }}"""
STEER = f"""mutation($action: RolloutAction!) {{
  outcome: rolloutAction(application: {APPLICATION}, rollout: {ROLLOUT}, action: $action) {{
    errors {{ code message }} ledgerCommit {{ sha }} }} }}"""
RELEASES = """{ gitopsReleases(
  filters: {runtime: "demo", name: "recommendations"}, pagination: {first: 5}
) { nodes { current rollouts { metadata { name } phase } } } }"""
STATE = """{ application(runtime: "demo", namespace: "argosy", name: "recommendations") { syncStatus healthStatus } }"""


async def until(person: Person, holds: Callable[[Shown], object], *, seconds: float = 90) -> Shown:
    """The Rollout as soon as `holds` is true of it. The application may not be there yet."""
    shown: Shown = {}
    try:
        async with asyncio.timeout(seconds):
            while True:
                try:
                    async for event in person.subscribe(FOLLOW):
                        if holds(shown := event["rollout"]):
                            return shown
                except AssertionError:
                    await asyncio.sleep(0.5)
    except TimeoutError:
        raise AssertionError(f"not reached; it is {shown}") from None


def waits_at(weight: float) -> Callable[[Shown], object]:
    return lambda shown: (
        (shown["phase"], shown["message"], shown["weightOfNew"])
        == (
            "Paused",
            "CanaryPauseStep",
            weight,
        )
    )


async def steer(person: Person, action: str) -> None:
    """On a busy machine the Git host may take longer than an action waits for its commit: nothing is done then."""
    for _ in range(ATTEMPTS):
        outcome = (await person.ask(STEER, action=action))["outcome"]
        if not any(error["code"] == "GIT_UNAVAILABLE" for error in outcome["errors"]):
            break
    assert outcome["errors"] == []
    assert outcome["ledgerCommit"]["sha"]


async def test_a_newcomer_promotes_the_canary(demo: Demo) -> None:
    async with demo.signed_in("dana") as dana:
        shown = await until(dana, waits_at(20))
        images = {tuple(one["role"]): one["images"][0].rpartition(":")[2] for one in shown["revisions"]}
        assert images == {("canary",): "1.5.0", ("stable",): "1.4.2"}
        allowed = {one["action"] for one in shown["availableActions"] if one["allowed"]}
        assert {"PROMOTE", "PROMOTE_FULL", "ABORT"} <= allowed

        await steer(dana, "PROMOTE")
        judged = await until(dana, waits_at(60))
        assert [one["phase"] for one in judged["analysisRuns"]] == ["Successful"]
        done = await until(dana, lambda one: one["phase"] == "Healthy" and one["weightOfNew"] == 100)
        assert {one["status"] for one in done["steps"]} == {"PASSED"}
        releases = (await dana.ask(RELEASES))["gitopsReleases"]["nodes"]
        rollouts = [{"metadata": {"name": "recommendations"}, "phase": "Healthy"}]
        assert releases == [{"current": True, "rollouts": rollouts}]


async def test_a_newcomer_aborts_the_next_one(demo: Demo, tmp_path: Path) -> None:
    async with demo.signed_in("dana") as dana:
        await until(dana, lambda one: one["phase"] == "Healthy" and one["weightOfNew"] == 100)
        folder = tmp_path / "apps"
        await asyncio.to_thread(_git, "clone", demo.clone_url("apps"), str(folder), folder=tmp_path)
        manifest = folder / "recommendations" / "rollout.yaml"
        manifest.write_text(manifest.read_text().replace("recommendations:1.5.0", "recommendations:1.6.0"))
        await asyncio.to_thread(_git, "commit", "-am", "Recommend more", folder=folder)
        await asyncio.to_thread(_git, "push", folder=folder)
        await until(dana, waits_at(20))

        await steer(dana, "ABORT")
        aborted = await until(dana, lambda one: one["phase"] == "Degraded" and one["weightOfNew"] == 0)
        assert aborted["message"].startswith("RolloutAborted")
        state = (await dana.ask(STATE))["application"]
        assert state["syncStatus"] == "SYNCED", "what the controller writes is no difference to Git"
        releases = (await dana.ask(RELEASES))["gitopsReleases"]["nodes"]
        assert [(one["current"], len(one["rollouts"])) for one in releases] == [(True, 1), (False, 0)]


def _git(*arguments: str, folder: Path) -> None:
    command = ["git", "-c", "user.name=Dana", "-c", "user.email=dana@shop.example.com", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
