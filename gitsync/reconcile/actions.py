"""Actions on live objects as pure patches: restart, scale, pause and resume, suspend and resume.

Each action looks at the live object and says if it is possible now and, if not, why; running one yields a merge patch
and never anything else. Names are those of Argo CD's built-in actions, so links and habits keep working.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gitsync.errors import Failed
from gitsync.manifest.object import JsonObject
from gitsync.reconcile.status import kubernetes_time
from model.identity import ResourceKey
from model.link import ActionInfo

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
MAX_REPLICAS = 10_000

_REPLICAS_PARAMETER: dict[str, Any] = {
    "type": "object",
    "required": ["replicas"],
    "properties": {"replicas": {"type": "integer", "minimum": 0, "maximum": MAX_REPLICAS}},
}


class ActionImpossible(Failed):
    """The action does not exist for this kind, is not possible now, or its parameters are wrong."""


@dataclass(frozen=True, slots=True)
class Action:
    """`disabled` returns the reason why it is not possible now, or ""."""

    name: str
    display_name: str
    disabled: Callable[[JsonObject], str]
    patch: Callable[[JsonObject, Mapping[str, Any], datetime], JsonObject]
    parameters: dict[str, Any] | None = None


def available(key: ResourceKey, body: JsonObject) -> tuple[ActionInfo, ...]:
    """The actions of this object's kind, with the reason where one is not possible now."""
    return tuple(
        ActionInfo(
            name=action.name,
            display_name=action.display_name,
            disabled=bool(reason := action.disabled(body)),
            reason=reason,
            parameters=action.parameters,
        )
        for action in _ACTIONS.get((key.group, key.kind), ())
    )


def has_actions(key: ResourceKey) -> bool:
    return (key.group, key.kind) in _ACTIONS


def action_patch(
    key: ResourceKey, body: JsonObject, name: str, parameters: Mapping[str, Any], *, now: datetime
) -> JsonObject:
    """The merge patch that carries the action out. Raises ActionImpossible."""
    actions = _ACTIONS.get((key.group, key.kind), ())
    for action in actions:
        if action.name == name:
            if reason := action.disabled(body):
                raise ActionImpossible(f"{name} of {key} is not possible now: {reason}")
            return action.patch(body, parameters, now)
    known = ", ".join(action.name for action in actions) or "none"
    raise ActionImpossible(f"{key} has no action {name!r}", suggestion=f"its actions: {known}")


def _always(_: JsonObject) -> str:
    return ""


def _restart(_: JsonObject, __: Mapping[str, Any], now: datetime) -> JsonObject:
    return {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: kubernetes_time(now)}}}}}


def _restart_disabled(body: JsonObject) -> str:
    return "it is paused; resume it first" if body.get("spec", {}).get("paused") else ""


def _scale(_: JsonObject, parameters: Mapping[str, Any], __: datetime) -> JsonObject:
    replicas = parameters.get("replicas")
    if isinstance(replicas, str) and replicas.isascii() and replicas.isdigit():
        replicas = int(replicas)
    if not isinstance(replicas, int) or isinstance(replicas, bool) or not 0 <= replicas <= MAX_REPLICAS:
        raise ActionImpossible(f"replicas must be a whole number from 0 to {MAX_REPLICAS}, not {replicas!r}"[:200])
    return {"spec": {"replicas": replicas}}


def _owned_disabled(body: JsonObject) -> str:
    for owner in body.get("metadata", {}).get("ownerReferences") or ():
        if owner.get("controller"):
            return f"{owner.get('kind')} {owner.get('name')} decides its number of replicas; scale that"
    return ""


def _set(field: str, value: bool) -> Callable[[JsonObject, Mapping[str, Any], datetime], JsonObject]:
    return lambda _body, _parameters, _now: {"spec": {field: value}}


def _disabled_if(field: str, value: bool, reason: str) -> Callable[[JsonObject], str]:
    return lambda body: reason if bool(body.get("spec", {}).get(field)) is value else ""


def _job_disabled(value: bool, reason: str) -> Callable[[JsonObject], str]:
    already = _disabled_if("suspend", value, reason)

    def disabled(body: JsonObject) -> str:
        for condition in body.get("status", {}).get("conditions") or ():
            if condition.get("type") in ("Complete", "Failed") and condition.get("status") == "True":
                return "the job has ended"
        return already(body)

    return disabled


_RESTART = Action("restart", "Restart", _always, _restart)
_SCALE = Action("scale", "Scale", _always, _scale, _REPLICAS_PARAMETER)

_ACTIONS: dict[tuple[str, str], tuple[Action, ...]] = {
    ("apps", "Deployment"): (
        Action("restart", "Restart", _restart_disabled, _restart),
        _SCALE,
        Action("pause", "Pause", _disabled_if("paused", True, "it is paused already"), _set("paused", True)),
        Action("resume", "Resume", _disabled_if("paused", False, "it is not paused"), _set("paused", False)),
    ),
    ("apps", "StatefulSet"): (_RESTART, _SCALE),
    ("apps", "DaemonSet"): (_RESTART,),
    ("apps", "ReplicaSet"): (Action("scale", "Scale", _owned_disabled, _scale, _REPLICAS_PARAMETER),),
    ("batch", "CronJob"): (
        Action("suspend", "Suspend", _disabled_if("suspend", True, "it is suspended already"), _set("suspend", True)),
        Action("resume", "Resume", _disabled_if("suspend", False, "it is not suspended"), _set("suspend", False)),
    ),
    ("batch", "Job"): (
        Action("suspend", "Suspend", _job_disabled(True, "it is suspended already"), _set("suspend", True)),
        Action("resume", "Resume", _job_disabled(False, "it is not suspended"), _set("suspend", False)),
    ),
}
