"""Is this update a way back? Then it may be fast."""

from gitsync.rollout.replica_set import EXPERIMENT_NAME
from gitsync.rollout.working import Pass


def within_window(work: Pass) -> bool:
    """The new ReplicaSet is older than the stable one, and few enough lie between them."""
    window, new, stable = work.rollout.spec.rollback_window, work.new, work.stable
    if window is None or window.revisions <= 0 or new is None or stable is None or new.born >= stable.born:
        return False
    between = sum(new.born < one.born < stable.born for one in work.all if EXPERIMENT_NAME not in one.annotations)
    return between < window.revisions


def within_delay(work: Pass) -> bool:
    """The new ReplicaSet ran before the stable one and its pods still wait for their end: they can take over at once.

    A version that was aborted and is tried again waits for its end, too, but never was what people trusted.
    """
    new, stable = work.new, work.stable
    if new is None or stable is None or new.wanted == 0 or new.born >= stable.born:
        return False
    return new.deadline is not None and new.deadline > work.now


def is_fast_rollback(work: Pass) -> bool:
    """Back to what is stable, or to what people trusted a moment ago: no pauses and no analysis on the way. Also true
    of an update that is through.
    """
    new, status = work.new, work.rollout.status
    to_stable = new is not None and new.hash == status.stable_rs
    delayed = work.rollout.spec.strategy.blue_green is not None and within_delay(work)
    return to_stable or delayed or within_window(work)
