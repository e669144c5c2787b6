"""The status of an ApplicationSet: conditions, its Applications, and where each stands in a progressive sync."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gitsync.appset.conditions import conditions
from gitsync.appset.generate import Generation
from gitsync.appset.rollout import Rollout
from gitsync.manifest.object import JsonObject
from model.kinds.application import GROUP, KIND, VERSION

_MOST_RESOURCES = 5000  # more would not fit into one object


@dataclass(frozen=True, slots=True)
class OwnedApplication:
    """One Application of the set as its status tells it."""

    name: str
    namespace: str
    sync: str
    health: str
    health_message: str = ""
    revision: str = ""


def application_set_status(
    old: JsonObject,
    generation: Generation,
    owned: Sequence[OwnedApplication],
    *,
    rollout: Rollout | None = None,
    write_error: str = "",
    now: datetime,
) -> JsonObject:
    """`owned` are all Applications of the set. Without a rollout nothing is said of one."""
    status: JsonObject = {
        **old,
        "conditions": conditions(
            generation, old.get("conditions") or [], write_error=write_error, rollout=rollout, now=now
        ),
        "resources": [_resource(one) for one in sorted(owned, key=lambda one: one.name)[:_MOST_RESOURCES]],
        "resourcesCount": len(owned),
        "applicationStatus": _steps(old.get("applicationStatus") or [], owned, rollout, now) if rollout else None,
    }
    return {key: value for key, value in status.items() if value is not None}


def _resource(one: OwnedApplication) -> JsonObject:
    health = {"status": one.health, **({"message": one.health_message} if one.health_message else {})}
    return {
        "group": GROUP,
        "version": VERSION,
        "kind": KIND,
        "namespace": one.namespace,
        "name": one.name,
        "status": one.sync,
        "health": health,
    }


def _steps(
    old: Sequence[JsonObject], owned: Sequence[OwnedApplication], rollout: Rollout, now: datetime
) -> list[JsonObject]:
    before = {one.get("application"): one for one in old}
    revisions = {one.name: one.revision for one in owned}
    found = []
    for one in rollout.statuses:
        entry: dict[str, Any] = {
            "application": one.name,
            "message": one.message,
            "status": str(one.phase),
            "step": str(one.step) if one.step else "-1",
            "targetRevisions": [revisions[one.name]] if revisions.get(one.name) else [],
        }
        known = before.get(one.name) or {}
        same = known.get("status") == entry["status"] and known.get("step") == entry["step"]
        moved = known.get("lastTransitionTime") if same else None
        found.append({**entry, "lastTransitionTime": moved or now.strftime("%Y-%m-%dT%H:%M:%SZ")})
    return found
