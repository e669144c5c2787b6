"""Arithmetic of a Deployment's rollout: how many replicas each ReplicaSet gets next. Pure.

Never more than replicas + maxSurge pods in all, never fewer than replicas - maxUnavailable available ones. Old pods
that are not available go first: they serve nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import share


@dataclass(frozen=True, slots=True)
class Limits:
    """What a Deployment asks for, percentages resolved."""

    replicas: int
    max_surge: int
    max_unavailable: int

    @property
    def most(self) -> int:
        return self.replicas + self.max_surge

    @property
    def fewest_available(self) -> int:
        return self.replicas - self.max_unavailable


@dataclass(frozen=True, slots=True)
class Group:
    """One ReplicaSet: its size, how much of it serves, and the largest size of the whole when it was last sized."""

    name: str
    replicas: int
    available: int = 0
    of_most: int = 0


def limits_of(deployment: JsonObject) -> Limits:
    """maxSurge rounds up and maxUnavailable down; both 0 would block, so that one may then be unavailable."""
    spec = deployment["spec"]
    replicas = spec.get("replicas", 1)
    strategy = spec.get("strategy") or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate" or replicas == 0:
        return Limits(replicas, 0, 0)
    rolling = strategy.get("rollingUpdate") or {}
    surge = share(rolling.get("maxSurge"), replicas, default="25%", round_up=True)
    unavailable = share(rolling.get("maxUnavailable"), replicas, default="25%", round_up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Limits(replicas, surge, min(unavailable, replicas))


def new_size(limits: Limits, new: Group, old: Sequence[Group]) -> int:
    """Replicas of the new group: as many more as the surge leaves room for."""
    if new.replicas >= limits.replicas:
        return limits.replicas
    room = limits.most - new.replicas - sum(group.replicas for group in old)
    return new.replicas + max(0, min(room, limits.replicas - new.replicas))


def old_sizes(limits: Limits, new: Group, old: Sequence[Group]) -> dict[str, int]:
    """Replicas of the old groups, oldest first in `old`; only those that change."""
    total = new.replicas + sum(group.replicas for group in old)
    spare = total - limits.fewest_available - (new.replicas - new.available)
    if spare <= 0:
        return {}
    sizes = {group.name: group.replicas for group in old}
    for group in old:  # what does not serve
        gone = min(spare, group.replicas - min(group.available, group.replicas))
        sizes[group.name] -= gone
        spare -= gone
    available = new.available + sum(min(group.available, group.replicas) for group in old)
    serving_spare = available - limits.fewest_available
    for group in old:  # what does
        gone = max(0, min(serving_spare, sizes[group.name]))
        sizes[group.name] -= gone
        serving_spare -= gone
    return {group.name: sizes[group.name] for group in old if sizes[group.name] != group.replicas}


def proportional_sizes(limits: Limits, groups: Sequence[Group]) -> dict[str, int]:
    """Scaling in the middle of a rollout: every group grows or shrinks by its share, the largest takes the rest."""
    allowed = limits.most if limits.replicas else 0
    to_add = allowed - sum(group.replicas for group in groups)
    ordered = sorted(groups, key=lambda group: group.replicas, reverse=True)
    sizes, added = {}, 0
    for group in ordered:
        share_of_group = _fraction(limits, group) if group.replicas else 0
        left = to_add - added
        part = min(share_of_group, left) if to_add > 0 else max(share_of_group, left)
        sizes[group.name] = group.replicas + part
        added += part
    for group in ordered:  # the rest: all of it goes to the largest, unless that would be less than nothing
        part = max(to_add - added, -sizes[group.name])
        sizes[group.name] += part
        added += part
    return sizes


def _fraction(limits: Limits, group: Group) -> int:
    if limits.replicas == 0:
        return -group.replicas
    of_most = group.of_most or limits.most
    return int(group.replicas * limits.most / of_most + 0.5) - group.replicas
