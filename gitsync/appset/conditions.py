"""Status conditions of an ApplicationSet, as Argo CD names them."""

from datetime import datetime

from gitsync.appset.generate import Generation
from gitsync.manifest.object import JsonObject

ERROR, GENERATED, UP_TO_DATE = "ErrorOccurred", "ParametersGenerated", "ResourcesUpToDate"


def conditions(
    generation: Generation, old: list[JsonObject], *, write_error: str = "", now: datetime
) -> list[JsonObject]:
    """One of each type. A time moves only when the status does. `write_error`: why Applications were not written."""
    error = generation.errors[0] if generation.errors else None
    message = error.message if error else write_error
    reason = error.reason if error else ("UpdateApplicationError" if write_error else "ApplicationSetUpToDate")
    told = message or "All applications have been generated successfully"
    previous = {one.get("type"): one for one in old}
    return [
        _condition(ERROR, bool(message), reason, told, previous, now),
        _condition(GENERATED, error is None, reason if error else "ParametersGenerated", told, previous, now),
        _condition(UP_TO_DATE, not message, reason, told, previous, now),
    ]


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
