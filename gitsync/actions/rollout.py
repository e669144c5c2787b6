"""argoproj.io Rollout: what the buttons of its dashboard do, as patches of spec and status."""

from datetime import datetime

from gitsync.actions.parts import (
    REPLICAS,
    field,
    first_of,
    if_set,
    put,
    put_time,
    scale,
    unless_set,
)
from gitsync.actions.values import Action, ActionImpossible, Impact, Parameters, patched
from gitsync.manifest.object import JsonObject


def _promoted(body: JsonObject) -> str:
    """Stable and current pods are the same once a rollout is through."""
    current, stable = field(body, "status.currentPodHash"), field(body, "status.stableRS")
    return "it is fully promoted already" if current and current == stable else ""


def _not_paused(body: JsonObject) -> str:
    paused = field(body, "spec.paused") or field(body, "status.pauseConditions")
    return "" if paused else "it is not paused"


def _resume(body: JsonObject, _: Parameters, __: datetime) -> tuple[Impact, ...]:
    patch: JsonObject = {}
    if field(body, "status.pauseConditions") is not None:
        patch["status"] = {"pauseConditions": None}
    if field(body, "spec.paused"):
        patch["spec"] = {"paused": False}
    return patched(body, patch)


def _no_step(body: JsonObject) -> str:
    steps = field(body, "spec.strategy.canary.steps")
    if not isinstance(steps, list) or not steps:
        return "it has no canary steps"
    return _promoted(body) or ("it is past its last step" if _step(body) >= len(steps) else "")


def _step(body: JsonObject) -> int:
    index = field(body, "status.currentStepIndex")
    return index if isinstance(index, int) else 0


def _skip_step(body: JsonObject, _: Parameters, __: datetime) -> tuple[Impact, ...]:
    if reason := _no_step(body):
        raise ActionImpossible(reason)
    return patched(body, {"status": {"currentStepIndex": _step(body) + 1}})


ROLLOUT_ACTIONS: tuple[Action, ...] = (
    Action("restart", "Restart", put_time("spec.restartAt")),
    Action("pause", "Pause", put("spec.paused", True), if_set("spec.paused", "it is paused already")),
    Action("resume", "Resume", _resume, _not_paused),
    Action(
        "abort",
        "Abort",
        put("status.abort", True),
        first_of(_promoted, if_set("status.abort", "it is aborted already")),
    ),
    Action("retry", "Retry", put("status.abort", False), unless_set("status.abort", "it is not aborted")),
    Action(
        "promote-full",
        "Promote fully",
        put("status.promoteFull", True),
        first_of(_promoted, if_set("status.promoteFull", "it is being promoted already")),
    ),
    Action("skip-current-step", "Skip the current step", _skip_step, _no_step),
    Action("scale", "Scale", scale, parameters=REPLICAS),
)
