"""argoproj.io Rollout: what the buttons of its dashboard do, as patches of spec and status."""

from datetime import datetime

from gitsync.actions.parts import (
    REPLICAS,
    entries,
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


def _no_template(body: JsonObject) -> str:
    return "" if entries(body, "spec.template.spec.containers") else "its pod template is kept in another workload"


def _set_image(body: JsonObject, parameters: Parameters, _: datetime) -> tuple[Impact, ...]:
    """`images` maps names of containers to images; * stands for all of them."""
    images = parameters.get("images")
    if not isinstance(images, dict) or not images or not all(isinstance(one, str) and one for one in images.values()):
        raise ActionImpossible("images is an object of container names and images")
    changed: JsonObject = {}
    known: set[str] = set()
    for field_name in ("initContainers", "containers"):
        containers = entries(body, f"spec.template.spec.{field_name}")
        known |= {str(one.get("name")) for one in containers}
        after = [_with_image(one, images, every=field_name == "containers") for one in containers]
        if after != containers:
            changed[field_name] = after
    for name in images:
        if name != "*" and name not in known:
            raise ActionImpossible(f"there is no container {name!r}; there are {', '.join(sorted(known))}"[:300])
    return patched(body, {"spec": {"template": {"spec": changed}}} if changed else {})


def _with_image(container: JsonObject, images: JsonObject, *, every: bool) -> JsonObject:
    image = images.get(str(container.get("name"))) or (images.get("*") if every else None)
    return {**container, "image": image} if image else container


IMAGES: JsonObject = {
    "type": "object",
    "required": ["images"],
    "properties": {"images": {"type": "object", "additionalProperties": {"type": "string"}}},
}

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
    Action("set-image", "Set images", _set_image, _no_template, parameters=IMAGES),
)
