"""The next thing that time alone does to a Rollout."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from gitsync.rollout.conditions import PROGRESSING, condition_of
from gitsync.rollout.defaults import pause_seconds, progress_deadline_seconds
from gitsync.rollout.pausing import BLUE_GREEN_PAUSE, CANARY_PAUSE
from gitsync.rollout.replica_set import ReplicaSet
from model.kinds.rollout import Rollout
from model.rollout_view import TransitionView


def next_transition(rollout: Rollout, sets: Sequence[ReplicaSet], now: datetime) -> TransitionView | None:
    """None: nothing happens until somebody or something acts."""
    coming = [one for one in _transitions(rollout, sets) if one.at > now]
    return min(coming, key=lambda one: one.at, default=None)


def _transitions(rollout: Rollout, sets: Sequence[ReplicaSet]) -> Iterator[TransitionView]:
    if not rollout.spec.paused:
        yield from _pauses(rollout)
        yield from _deadline(rollout)
    for one in sets:
        if one.wanted and (deadline := one.deadline) is not None:
            yield TransitionView(deadline, f"revision {one.revision} is scaled down ({one.name})")


def _pauses(rollout: Rollout) -> Iterator[TransitionView]:
    canary, blue_green = rollout.spec.strategy.canary, rollout.spec.strategy.blue_green
    index = rollout.status.current_step_index or 0
    for condition in rollout.status.pause_conditions:
        if condition.reason == CANARY_PAUSE and canary is not None and index < len(canary.steps):
            seconds = pause_seconds(canary.steps[index])
            if seconds is not None:
                end = condition.start_time + timedelta(seconds=seconds)
                yield TransitionView(end, f"the pause of step {index + 1} of {len(canary.steps)} ends")
        if condition.reason == BLUE_GREEN_PAUSE and blue_green is not None and blue_green.auto_promotion_seconds:
            end = condition.start_time + timedelta(seconds=blue_green.auto_promotion_seconds)
            yield TransitionView(end, "the new version is promoted")


def _deadline(rollout: Rollout) -> Iterator[TransitionView]:
    """Only while the update is getting somewhere: a pause stops this clock."""
    condition = condition_of(rollout.status.conditions, PROGRESSING)
    done = rollout.status.stable_rs == rollout.status.current_pod_hash
    if condition is None or condition.status != "True" or condition.last_update_time is None or done:
        return
    if rollout.status.pause_conditions or rollout.status.abort:
        return
    end = condition.last_update_time + timedelta(seconds=progress_deadline_seconds(rollout))
    aborts = "and is aborted" if rollout.spec.progress_deadline_abort else "without progress"
    yield TransitionView(end, f"the update times out {aborts}")
