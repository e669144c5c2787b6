"""Status conditions of an ApplicationSet, as Argo CD names them."""

from datetime import datetime

from gitsync.appset.generate import Generation
from gitsync.appset.rollout import Rollout
from gitsync.manifest.object import JsonObject

ERROR, GENERATED, UP_TO_DATE = "ErrorOccurred", "ParametersGenerated", "ResourcesUpToDate"
ROLLOUT = "RolloutProgressing"


def conditions(
    generation: Generation,
    old: list[JsonObject],
    *,
    write_error: str = "",
    rollout: Rollout | None = None,
    now: datetime,
) -> list[JsonObject]:
    """One of each type. A time moves only when the status does. `write_error`: why Applications were not written."""
    error = generation.errors[0] if generation.errors else None
    message, reason = write_error, "UpdateApplicationError" if write_error else "ApplicationSetUpToDate"
    if error is not None:
        message, reason = error.message, error.reason
    elif generation.rejected:
        name, why = next(iter(generation.rejected.items()))
        more = f" (and {len(generation.rejected) - 1} more)" if len(generation.rejected) > 1 else ""
        message, reason = f"{name}: {why}{more}", "ApplicationValidationError"
    told = message or "All applications have been generated successfully"
    previous = {one.get("type"): one for one in old}
    found = [
        _condition(ERROR, bool(message), reason, told, previous, now),
        _condition(GENERATED, error is None, reason if error else "ParametersGenerated", told, previous, now),
        _condition(UP_TO_DATE, not message, reason, told, previous, now),
    ]
    if rollout is not None:
        reason = "ApplicationSetRolloutComplete" if rollout.complete else "ApplicationSetModified"
        found.append(_condition(ROLLOUT, not rollout.complete, reason, _progress(rollout), previous, now))
    return found


def _progress(rollout: Rollout) -> str:
    if rollout.complete:
        return "ApplicationSet Rollout is complete"
    step = min((one.step for one in rollout.statuses if one.step and one.phase != "Healthy"), default=0)
    return f"ApplicationSet is performing rollout of step {step}"


def _condition(
    type_: str, holds: bool, reason: str, message: str, previous: dict[str | None, JsonObject], now: datetime
) -> JsonObject:
    status, before = str(holds), previous.get(type_) or {}
    same = before.get("status") == status and before.get("lastTransitionTime")
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": same or now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
