"""Steps that somebody skipped here, noted on the Rollout: its status says only which step is at hand.

The note names version and attempt that it is about, so that it says nothing about a later one. Who skipped and why is
in the ledger. What `kubectl` skips is not noted.
"""

from collections.abc import Iterable

from gitsync.rollout.replica_counts import current_step
from gitsync.rollout.steering import Steer, is_paused
from gitsync.rollout.times import written_time
from gitsync.rollout.values import Patch
from gitsync.rollout.working import ROLLOUT
from model.identity import ResourceKey
from model.kinds.rollout import SKIPPED_STEPS, Rollout


def skipped_steps(rollout: Rollout) -> frozenset[int]:
    """Indices of the steps that were skipped in the update at hand."""
    attempt, _, numbers = (rollout.metadata.annotations or {}).get(SKIPPED_STEPS, "").partition(" ")
    if not attempt or attempt != _attempt(rollout):
        return frozenset()
    return frozenset(int(one) for one in numbers.split(",") if one.isascii() and one.isdigit())


def note_of(key: ResourceKey, rollout: Rollout, action: Steer) -> Patch | None:
    """What to write beside the action; None: it skips no step."""
    skipped = frozenset(_skips(rollout, action))
    if not skipped:
        return None
    numbers = ",".join(str(index) for index in sorted(skipped | skipped_steps(rollout)))
    annotations = {SKIPPED_STEPS: f"{_attempt(rollout)} {numbers}"}
    return Patch(key, ROLLOUT.version, {"metadata": {"annotations": annotations}})


def _skips(rollout: Rollout, action: Steer) -> Iterable[int]:
    """A promotion of what is paused goes on with the next step and skips nothing."""
    canary, (step, index) = rollout.spec.strategy.canary, current_step(rollout)
    if canary is None or step is None or index is None:
        return ()
    if action is Steer.PROMOTE_FULL:
        return range(index, len(canary.steps))
    skips = action is Steer.SKIP_STEP or (action is Steer.PROMOTE and not is_paused(rollout))
    return (index,) if skips else ()


def _attempt(rollout: Rollout) -> str:
    """A retry is measured anew, so the beginning of the measurement tells it from the attempt before."""
    status = rollout.status
    started = status.duration.rollout_started_at if status.duration else None
    return f"{status.current_pod_hash}@{written_time(started) if started else ''}"
