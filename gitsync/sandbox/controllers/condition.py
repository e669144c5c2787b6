"""Conditions in a status: found, set, dropped. A condition's transition time moves only with its status."""

from collections.abc import Sequence
from datetime import datetime

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import timestamp

Conditions = Sequence[JsonObject]


def find(conditions: Conditions, type_: str) -> JsonObject | None:
    for condition in conditions:
        if condition["type"] == type_:
            return condition
    return None


def is_true(conditions: Conditions, type_: str) -> bool:
    condition = find(conditions, type_)
    return condition is not None and condition["status"] == "True"


def without(conditions: Conditions, type_: str) -> list[JsonObject]:
    return [condition for condition in conditions if condition["type"] != type_]


def with_condition(
    conditions: Conditions,
    type_: str,
    status: str,
    *,
    now: datetime,
    reason: str = "",
    message: str = "",
    **times: str,
) -> list[JsonObject]:
    """Sets one condition in its place, or as the last. One that says the same already stays, times included."""
    old = find(conditions, type_)
    new: JsonObject = {"type": type_, "status": status, "lastTransitionTime": timestamp(now), **times}
    if reason:
        new["reason"] = reason
    if message:
        new["message"] = message
    if old is None:
        return [*conditions, new]
    if (old["status"], old.get("reason", ""), old.get("message", "")) == (status, reason, message):
        return list(conditions)
    if old["status"] == status:
        new["lastTransitionTime"] = old.get("lastTransitionTime", new["lastTransitionTime"])
    return [new if condition["type"] == type_ else condition for condition in conditions]
