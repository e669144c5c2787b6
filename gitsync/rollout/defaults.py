"""What a Rollout means where it says nothing, and limits resolved to numbers of pods."""

import math

from gitsync.duration import parse_duration
from model.kinds.rollout import CanaryStep, IntOrPercent, Rollout, TrafficRouting

REPLICAS = 1
REVISION_HISTORY = 10
PROGRESS_DEADLINE_SECONDS = 600
SCALE_DOWN_DELAY_SECONDS = 30
ABORT_SCALE_DOWN_DELAY_SECONDS = 30
RUN_HISTORY = 5
NO_LIMIT = 2**31 - 1
VERIFY_RETRY_SECONDS = 10.0
ERROR_RETRY_SECONDS = 10.0
INVALID_SPEC_SECONDS = 20.0
RESTART_RETRY_SECONDS = 30.0
LEAVING_SECONDS = 1.0
_LIMIT = "25%"


def replicas(rollout: Rollout) -> int:
    return REPLICAS if rollout.spec.replicas is None else rollout.spec.replicas


def progress_deadline_seconds(rollout: Rollout) -> int:
    seconds = rollout.spec.progress_deadline_seconds
    return PROGRESS_DEADLINE_SECONDS if seconds is None else seconds


def traffic_routing(rollout: Rollout) -> TrafficRouting | None:
    canary = rollout.spec.strategy.canary
    return canary.traffic_routing if canary else None


def max_weight(rollout: Rollout) -> int:
    """What counts as all traffic: 100, unless a router is told to count finer."""
    routing = traffic_routing(rollout)
    if routing and routing.max_traffic_weight and (routing.nginx is not None or routing.plugins):
        return routing.max_traffic_weight
    return 100


def max_surge(rollout: Rollout) -> int:
    canary = rollout.spec.strategy.canary
    return _limits(canary.max_surge, canary.max_unavailable, replicas(rollout))[0] if canary else 0


def max_unavailable(rollout: Rollout) -> int:
    """Never more than there should be. Of a blue-green update only the restarts of pods look at it."""
    count, strategy = replicas(rollout), rollout.spec.strategy
    if strategy.canary:
        return min(_limits(strategy.canary.max_surge, strategy.canary.max_unavailable, count)[1], count)
    if strategy.blue_green and strategy.blue_green.max_unavailable is not None:
        return min(resolve(strategy.blue_green.max_unavailable, count, up=False), count)
    return 0


def _limits(surge: IntOrPercent | None, unavailable: IntOrPercent | None, count: int) -> tuple[int, int]:
    """Both zero would let nothing move, so one pod may be missing."""
    above = resolve(_LIMIT if surge is None else surge, count, up=True)
    below = resolve(_LIMIT if unavailable is None else unavailable, count, up=False)
    return above, below if above or below else 1


def resolve(limit: IntOrPercent, count: int, *, up: bool) -> int:
    """A number of pods, or a share of `count`. Raises ValueError."""
    if isinstance(limit, int):
        return limit
    text = limit.strip()
    if not text.endswith("%"):
        return int(text)
    share = int(text[:-1]) * count / 100
    return math.ceil(share) if up else math.floor(share)


def scale_down_delay_seconds(rollout: Rollout) -> int:
    """A plain canary has none: the pods of every ReplicaSet get traffic as long as they run."""
    strategy = rollout.spec.strategy
    given: int | None = None
    if strategy.blue_green:
        given = strategy.blue_green.scale_down_delay_seconds
    elif strategy.canary:
        if strategy.canary.traffic_routing is None:
            return 0
        given = strategy.canary.scale_down_delay_seconds
    return SCALE_DOWN_DELAY_SECONDS if given is None else given


def scale_down_delay_revisions(rollout: Rollout) -> int:
    strategy = rollout.spec.strategy
    limit = (
        strategy.blue_green.scale_down_delay_revision_limit
        if strategy.blue_green
        else strategy.canary.scale_down_delay_revision_limit
        if strategy.canary
        else None
    )
    return NO_LIMIT if limit is None else limit


def abort_scale_down_delay_seconds(rollout: Rollout) -> tuple[int | None, bool]:
    """Seconds, None for never; and whether the Rollout says so itself."""
    strategy = rollout.spec.strategy
    given: int | None = None
    if strategy.blue_green:
        given = strategy.blue_green.abort_scale_down_delay_seconds
    elif strategy.canary and strategy.canary.traffic_routing is not None:
        given = strategy.canary.abort_scale_down_delay_seconds
    if given is None:
        return ABORT_SCALE_DOWN_DELAY_SECONDS, False
    return (given or None), True


def pause_seconds(step: CanaryStep) -> float | None:
    """None: until somebody resumes it. A duration that cannot be read counts as none (validation refuses it)."""
    duration = step.pause.duration if step.pause else None
    if duration is None:
        return None
    if isinstance(duration, int):
        return float(duration)
    return parse_duration(duration)
