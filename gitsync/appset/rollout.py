"""Progressive syncs: which Applications may be synced now, step by step (strategy RollingSync)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gitsync.appset.selector import selects
from gitsync.manifest.object import JsonObject


class Phase(StrEnum):
    WAITING = "Waiting"
    PENDING = "Pending"
    PROGRESSING = "Progressing"
    HEALTHY = "Healthy"


@dataclass(frozen=True, slots=True)
class RolloutApplication:
    """`synced`: it is at its target revision. `operating`: a sync of it runs or is asked for, or nobody knows yet how
    it does. `stuck`: why its last sync did not bring it there; it is not tried again until something changes.
    """

    name: str
    labels: Mapping[str, str]
    healthy: bool
    synced: bool
    operating: bool = False
    stuck: str = ""


@dataclass(frozen=True, slots=True)
class RolloutStatus:
    """`step` counts from 1; 0 is in no step: such an Application is never synced by the rollout."""

    name: str
    step: int
    phase: Phase
    message: str


@dataclass(frozen=True, slots=True)
class Rollout:
    statuses: tuple[RolloutStatus, ...]
    sync: tuple[str, ...]
    complete: bool


def is_rolling(application_set: JsonObject) -> bool:
    """Whether the set says when its Applications are synced."""
    strategy = (application_set.get("spec") or {}).get("strategy") or {}
    return strategy.get("type") == "RollingSync" and bool((strategy.get("rollingSync") or {}).get("steps"))


def held(body: JsonObject) -> JsonObject:
    """The Application with its own automated sync switched off; what else it says of it is kept."""
    policy = (body.get("spec") or {}).get("syncPolicy") or {}
    if policy.get("automated") is None:
        return body
    automated = {**policy["automated"], "enabled": False}
    return {**body, "spec": {**body["spec"], "syncPolicy": {**policy, "automated": automated}}}


def sync_request(application: JsonObject) -> JsonObject:
    """The `operation` that carries out one Application's turn."""
    policy = (application.get("spec") or {}).get("syncPolicy") or {}
    sync: JsonObject = {}
    if (policy.get("automated") or {}).get("prune"):
        sync["prune"] = True
    if policy.get("syncOptions"):
        sync["syncOptions"] = policy["syncOptions"]
    return {
        "initiatedBy": {"username": "applicationset-controller", "automated": True},
        "info": [
            {"name": "Reason", "value": "ApplicationSet RollingSync triggered a sync of this Application resource"}
        ],
        "retry": policy.get("retry") or {"limit": 5},
        "sync": sync,
    }


def next_rollout(strategy: JsonObject, applications: Sequence[RolloutApplication]) -> Rollout:
    """The Applications to sync now. A step begins when all of the steps before it are synced and Healthy."""
    steps = (strategy.get("rollingSync") or {}).get("steps") or []
    members: list[list[RolloutApplication]] = [[] for _ in steps]
    statuses: list[RolloutStatus] = []
    for one in sorted(applications, key=lambda application: application.name):
        step = _step_of(one, steps)
        if step is None:
            statuses.append(RolloutStatus(one.name, 0, Phase.WAITING, "no step selects this Application"))
        else:
            members[step].append(one)
    sync: list[str] = []
    reached = True
    for position, (step_spec, group) in enumerate(zip(steps, members, strict=True)):
        chosen = _chosen(step_spec, group) if reached else []
        sync += chosen
        statuses += [_status(one, position + 1, reached=reached, chosen=one.name in chosen) for one in group]
        reached = reached and all(_is_done(one) for one in group)
    return Rollout(tuple(statuses), tuple(sync), reached)


def deletion_order(strategy: JsonObject, applications: Sequence[RolloutApplication]) -> tuple[tuple[str, ...], ...]:
    """Groups to delete one after the other: all at once, or with `Reverse` the last step first."""
    names = tuple(sorted(one.name for one in applications))
    if strategy.get("deletionOrder") != "Reverse":
        return (names,) if names else ()
    steps = (strategy.get("rollingSync") or {}).get("steps") or []
    groups: dict[int, list[str]] = {}
    for one in applications:
        step = _step_of(one, steps)
        groups.setdefault(len(steps) if step is None else step, []).append(one.name)
    return tuple(tuple(sorted(groups[step])) for step in sorted(groups, reverse=True))


def _step_of(one: RolloutApplication, steps: Sequence[JsonObject]) -> int | None:
    """The first step whose expressions the labels fit."""
    for position, step in enumerate(steps):
        if selects({"matchExpressions": step.get("matchExpressions") or []}, one.labels):
            return position
    return None


def _is_done(one: RolloutApplication) -> bool:
    return one.healthy and one.synced and not one.operating


def _chosen(step: JsonObject, group: Sequence[RolloutApplication]) -> list[str]:
    busy = sum(one.operating or bool(one.stuck) or (one.synced and not one.healthy) for one in group)
    waiting = [one.name for one in group if not one.synced and not one.operating and not one.stuck]
    return waiting[: max(allowed_at_once(step.get("maxUpdate"), len(group)) - busy, 0)]


def allowed_at_once(limit: int | str | None, count: int) -> int:
    """`maxUpdate`: a number or a percentage; 0 leaves the step to people, a percentage above 0 allows at least one."""
    if limit is None:
        return count
    if isinstance(limit, int):
        return max(limit, 0)
    digits = limit.strip().removesuffix("%")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 9:
        return 0
    percent = int(digits)
    if not limit.strip().endswith("%"):
        return percent
    return max(math.floor(count * percent / 100), 1) if percent else 0


def _status(one: RolloutApplication, step: int, *, reached: bool, chosen: bool) -> RolloutStatus:
    if _is_done(one):
        return RolloutStatus(one.name, step, Phase.HEALTHY, "synced and Healthy")
    if one.stuck:
        return RolloutStatus(one.name, step, Phase.PROGRESSING, one.stuck)
    if one.operating or (one.synced and reached):
        return RolloutStatus(one.name, step, Phase.PROGRESSING, "waiting until it is synced and Healthy")
    if chosen:
        return RolloutStatus(one.name, step, Phase.PENDING, "its sync may begin")
    why = "maxUpdate of its step lets no more begin" if reached else "the steps before it are not Healthy yet"
    return RolloutStatus(one.name, step, Phase.WAITING, why)
