"""How long an update takes, waiting for people counted apart."""

from datetime import datetime
from typing import TypeGuard

import msgspec

from gitsync.rollout import pausing
from gitsync.rollout.defaults import pause_seconds
from gitsync.rollout.replica_counts import current_step
from model.kinds.rollout import Rollout, RolloutDuration, RolloutStatus


def advanced(rollout: Rollout, draft: RolloutStatus, now: datetime, *, rolled_back: bool) -> RolloutDuration | None:
    """The record after this pass: begun with a new version, ended with its promotion, abort or successor.

    A first version updates nothing, so nothing is measured. `rolled_back`: a way back that skips the steps.
    """
    record = rollout.status.duration
    changed = draft.current_pod_hash != rollout.status.current_pod_hash
    if changed and not rollout.status.stable_rs:
        return None
    if changed and _is_overtaken(record, draft):
        return _ended(record, now, "Superseded")
    if changed:
        record = RolloutDuration(rollout_started_at=now)
    elif record is None:
        return None
    if record.completion_status == "Superseded":
        record = RolloutDuration(rollout_started_at=record.finished_at)
    retried = record.completion_status == "Aborted" and not draft.abort
    if retried:
        record = RolloutDuration(rollout_started_at=now)
    if record.finished_at is not None:
        return record
    record = _paused(record, now, waits=_waits_for_people(rollout, draft))
    ending = _ending(rollout, draft, rolled_back)
    if not ending:
        return record
    return _ended(record, now, ending)


def _is_overtaken(record: RolloutDuration | None, draft: RolloutStatus) -> TypeGuard[RolloutDuration]:
    """Another version came before this one was through. It is told in the pass that turns to that version, whose own
    record begins with the next one. On the way back to stable there is no other version.
    """
    return record is not None and record.finished_at is None and draft.current_pod_hash != draft.stable_rs


def _ended(record: RolloutDuration, now: datetime, ending: str) -> RolloutDuration:
    record = _paused(record, now, waits=False)
    return msgspec.structs.replace(record, finished_at=now, completion_status=ending)


def _paused(record: RolloutDuration, now: datetime, *, waits: bool) -> RolloutDuration:
    since = record.manual_pause_started_at
    if waits:
        return record if since else msgspec.structs.replace(record, manual_pause_started_at=now)
    if since is None:
        return record
    total = record.total_manual_pause_duration_seconds + int((now - since).total_seconds())
    return msgspec.structs.replace(record, manual_pause_started_at=None, total_manual_pause_duration_seconds=total)


def _waits_for_people(rollout: Rollout, draft: RolloutStatus) -> bool:
    """A pause that no clock ends."""
    if draft.abort:
        return False
    if rollout.spec.paused:
        return True
    blue_green = rollout.spec.strategy.blue_green
    for condition in draft.pause_conditions:
        if condition.reason == pausing.CANARY_PAUSE:
            step, _ = current_step(rollout)
            if step is None or pause_seconds(step) is None:
                return True
        elif condition.reason == pausing.BLUE_GREEN_PAUSE:
            if blue_green is None or blue_green.auto_promotion_enabled is False:
                return True
        else:
            return True
    return False


def _ending(rollout: Rollout, draft: RolloutStatus, rolled_back: bool) -> str:
    if draft.abort:
        return "Aborted"
    if not draft.stable_rs or draft.stable_rs != draft.current_pod_hash:
        return ""
    if draft.current_pod_hash == rollout.status.stable_rs:
        return "FastRolledBack"
    if rollout.status.promote_full:
        return "FastPromoted"
    return "RolledBack" if rolled_back else "Promoted"
