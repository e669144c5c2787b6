"""Pauses and aborts of one pass: what is asked for while it looks around, and the status that follows in the end."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gitsync.rollout import defaults
from model.kinds.rollout import CanaryStep, PauseCondition, Rollout, RolloutStatus

CANARY_PAUSE = "CanaryPauseStep"
BLUE_GREEN_PAUSE = "BlueGreenPause"
INCONCLUSIVE_ANALYSIS = "InconclusiveAnalysisRun"
INCONCLUSIVE_EXPERIMENT = "InconclusiveExperiment"


def pause_condition(rollout: Rollout, reason: str) -> PauseCondition | None:
    return next((one for one in rollout.status.pause_conditions if one.reason == reason), None)


def needs_pause(rollout: Rollout) -> bool:
    """Whether a blue-green update stops before the switch at all."""
    strategy = rollout.spec.strategy.blue_green
    return strategy is not None and (strategy.auto_promotion_enabled is False or strategy.auto_promotion_seconds > 0)


def halted(rollout: Rollout) -> str:
    """Why nothing may be scaled or switched, or ""."""
    if rollout.spec.paused:
        return "user paused"
    return "inconclusive analysis" if pause_condition(rollout, INCONCLUSIVE_ANALYSIS) else ""


@dataclass(slots=True, eq=False)
class Pausing:
    rollout: Rollout
    added: list[str] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    cleared: bool = False
    abort_added: bool = False
    abort_removed: bool = False
    abort_message: str = ""

    @property
    def aborted(self) -> bool:
        return not self.abort_removed and (self.abort_added or self.rollout.status.abort)

    def abort(self, message: str) -> None:
        self.abort_added, self.abort_message = True, message

    def clear(self) -> None:
        self.cleared = True

    def remove_abort(self) -> None:
        self.abort_removed = True

    def add(self, reason: str) -> None:
        self.added.append(reason)

    def remove(self, reason: str) -> None:
        self.removed.add(reason)

    def apply(self, draft: RolloutStatus, now: datetime) -> None:
        """Writes pauses and abort into the status. A status without pauses was not paused by us."""
        status = self.rollout.status
        if self.abort_added or self.aborted:
            draft.abort = True
            draft.aborted_at = status.aborted_at or now
            return
        draft.abort, draft.aborted_at = False, None
        if self.cleared:
            return
        known = {one.reason for one in status.pause_conditions}
        kept = [one for one in status.pause_conditions if one.reason not in self.removed]
        fresh = [PauseCondition(reason, now) for reason in dict.fromkeys(self.added) if reason not in known]
        if kept or fresh:
            draft.controller_pause = status.controller_pause or bool(fresh)
            draft.pause_conditions = (*kept, *fresh)

    # ---- is a pause over?

    def canary_pause_end(self, step: CanaryStep) -> datetime | None:
        """When a running pause with a duration ends."""
        condition, seconds = pause_condition(self.rollout, CANARY_PAUSE), defaults.pause_seconds(step)
        return condition.start_time + timedelta(seconds=seconds) if condition and seconds is not None else None

    def completed_canary_pause(self, step: CanaryStep, now: datetime) -> bool:
        """Somebody resumed it, or its time is up."""
        if self.rollout.status.controller_pause and pause_condition(self.rollout, CANARY_PAUSE) is None:
            return True
        end = self.canary_pause_end(step)
        return end is not None and now >= end

    def blue_green_pause_end(self) -> datetime | None:
        strategy, condition = self.rollout.spec.strategy.blue_green, pause_condition(self.rollout, BLUE_GREEN_PAUSE)
        if strategy is None or condition is None or strategy.auto_promotion_seconds <= 0:
            return None
        return condition.start_time + timedelta(seconds=strategy.auto_promotion_seconds)

    def completed_blue_green_pause(self, now: datetime) -> bool:
        if self.added:
            return False
        status, strategy = self.rollout.status, self.rollout.spec.strategy.blue_green
        assert strategy is not None
        if status.blue_green.scale_up_preview_check_point or not needs_pause(self.rollout):
            return True
        paused = pause_condition(self.rollout, BLUE_GREEN_PAUSE) is not None
        if strategy.auto_promotion_enabled is False:
            return status.controller_pause and not paused
        end = self.blue_green_pause_end()
        if status.controller_pause and not paused:
            return True  # somebody resumed it before its time
        return end is not None and now >= end
