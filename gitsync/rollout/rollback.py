"""Is this update a way back? Then it may be fast."""

from gitsync.rollout.replica_set import EXPERIMENT_NAME
from gitsync.rollout.working import Pass


def within_window(work: Pass) -> bool:
    """The new ReplicaSet is older than the stable one, and few enough lie between them."""
    window, new, stable = work.rollout.spec.rollback_window, work.new, work.stable
    if window is None or window.revisions <= 0 or new is None or stable is None or new.created >= stable.created:
        return False
    between = sum(
        new.created < one.created < stable.created for one in work.all if EXPERIMENT_NAME not in one.annotations
    )
    return between < window.revisions
