"""What people do to a Rollout, as the patches that every controller of Rollouts understands.

Pure: which of the nine actions are possible now, and why the others are not; and the writes of each.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum

from gitsync.errors import Failed
from gitsync.manifest.object import JsonObject
from gitsync.rollout.pausing import INCONCLUSIVE_ANALYSIS, INCONCLUSIVE_EXPERIMENT
from gitsync.rollout.replica_set import ReplicaSet
from gitsync.rollout.roll_back import template_patch
from gitsync.rollout.times import written_time
from gitsync.rollout.values import Patch
from model.identity import ResourceKey
from model.kinds.rollout import GROUP, VERSION, WORKLOAD_GENERATION, CanaryStep, Rollout

PROMOTED = "it is fully promoted already"
ABORTED = "it is aborted; retry it first"


class Steer(StrEnum):
    """As the API names them."""

    PAUSE = "PAUSE"
    RESUME = "RESUME"
    PROMOTE = "PROMOTE"
    PROMOTE_FULL = "PROMOTE_FULL"
    SKIP_STEP = "SKIP_STEP"
    ABORT = "ABORT"
    RETRY = "RETRY"
    RESTART = "RESTART"
    ROLLBACK = "ROLLBACK"


class SteeringImpossible(Failed):
    """The action makes no sense now, or names a revision that does not exist."""


# What acts on the update that is under way must not act on the one before it: see `is_observed`.
_ABOUT_THE_UPDATE = frozenset({Steer.PROMOTE, Steer.PROMOTE_FULL, Steer.SKIP_STEP, Steer.ABORT, Steer.RETRY})


def must_wait(rollout: Rollout, action: Steer) -> bool:
    """The status still tells of an older spec: a promotion right after a rollback would be about the wrong pods."""
    return action in _ABOUT_THE_UPDATE and not is_observed(rollout)


def is_observed(rollout: Rollout) -> bool:
    """The controller has seen the newest spec, and the newest template of a workload that it refers to."""
    status = rollout.status
    if status.observed_generation != str(rollout.metadata.generation):
        return False
    workload = (rollout.metadata.annotations or {}).get(WORKLOAD_GENERATION, "")
    return not (rollout.spec.workload_ref and workload and workload != status.workload_observed_generation)


def impossible(rollout: Rollout, action: Steer, revisions: Sequence[int] = ()) -> str:
    """Why the action makes no sense now; "" when it does. `revisions` are those that there are ReplicaSets of."""
    return _REASONS[action](rollout, revisions)


def _is_promoted(rollout: Rollout) -> bool:
    status = rollout.status
    return bool(status.stable_rs) and status.stable_rs == status.current_pod_hash


def _steps(rollout: Rollout) -> tuple[CanaryStep, ...]:
    canary = rollout.spec.strategy.canary
    return canary.steps if canary else ()


def _index(rollout: Rollout) -> int:
    return rollout.status.current_step_index or 0


def is_paused(rollout: Rollout) -> bool:
    return rollout.spec.paused or bool(rollout.status.pause_conditions)


def _is_inconclusive(rollout: Rollout) -> bool:
    reasons = {one.reason for one in rollout.status.pause_conditions}
    return bool(reasons & {INCONCLUSIVE_ANALYSIS, INCONCLUSIVE_EXPERIMENT})


def _pause(rollout: Rollout, _: Sequence[int]) -> str:
    return "it is paused already" if rollout.spec.paused else ""


def _resume(rollout: Rollout, _: Sequence[int]) -> str:
    return "" if is_paused(rollout) else "it is not paused"


def _promote(rollout: Rollout, _: Sequence[int]) -> str:
    if rollout.spec.paused:
        return ""
    if _is_promoted(rollout):
        return PROMOTED
    if rollout.status.abort:
        return ABORTED
    if rollout.status.pause_conditions:
        return ""
    steps = _steps(rollout)
    return "" if _index(rollout) < len(steps) else "nothing waits for a promotion"


def _promote_full(rollout: Rollout, _: Sequence[int]) -> str:
    if _is_promoted(rollout):
        return PROMOTED
    return "it is being promoted already" if rollout.status.promote_full else ""


def _skip_step(rollout: Rollout, _: Sequence[int]) -> str:
    steps = _steps(rollout)
    if not steps:
        return "it has no canary steps"
    if _is_promoted(rollout):
        return PROMOTED
    if rollout.status.abort:
        return ABORTED
    return "" if _index(rollout) < len(steps) else "it is past its last step"


def _abort(rollout: Rollout, _: Sequence[int]) -> str:
    if rollout.status.abort:
        return "it is aborted already"
    return PROMOTED if _is_promoted(rollout) else ""


def _retry(rollout: Rollout, _: Sequence[int]) -> str:
    return "" if rollout.status.abort else "it is not aborted"


def _restart(rollout: Rollout, _: Sequence[int]) -> str:
    under_way = rollout.spec.restart_at is not None and rollout.spec.restart_at != rollout.status.restarted_at
    return "a restart is under way" if under_way else ""


def _roll_back(rollout: Rollout, revisions: Sequence[int]) -> str:
    return "" if len(set(revisions)) > 1 else "there is no other revision"


_REASONS: dict[Steer, Callable[[Rollout, Sequence[int]], str]] = {
    Steer.PAUSE: _pause,
    Steer.RESUME: _resume,
    Steer.PROMOTE: _promote,
    Steer.PROMOTE_FULL: _promote_full,
    Steer.SKIP_STEP: _skip_step,
    Steer.ABORT: _abort,
    Steer.RETRY: _retry,
    Steer.RESTART: _restart,
    Steer.ROLLBACK: _roll_back,
}


def steer(
    rollout: Rollout,
    action: Steer,
    now: datetime,
    *,
    replica_sets: Sequence[ReplicaSet] = (),
    to_revision: int | None = None,
) -> tuple[Patch, ...]:
    """What to write. Raises SteeringImpossible, with the reason."""
    if reason := impossible(rollout, action, [one.revision for one in replica_sets]):
        name = action.value.lower().replace("_", " ")
        raise SteeringImpossible(f"{name} of Rollout {_named(rollout)} is not possible now: {reason}")
    if action is Steer.ROLLBACK:
        return (template_patch(rollout, _revision(rollout, replica_sets, to_revision)),)
    spec, status = _changes(rollout, action, now)
    key = ResourceKey(GROUP, "Rollout", rollout.metadata.namespace, rollout.metadata.name)
    patches = [Patch(key, VERSION, {"spec": spec})] if spec else []
    if status:
        patches.append(Patch(key, VERSION, {"status": status}, subresource="status"))
    return tuple(patches)


def _named(rollout: Rollout) -> str:
    return f"{rollout.metadata.namespace}/{rollout.metadata.name}"


def _changes(rollout: Rollout, action: Steer, now: datetime) -> tuple[JsonObject, JsonObject]:
    """Changes of spec and of status, each of them {} when there is none."""
    unpaused: JsonObject = {"paused": False} if rollout.spec.paused else {}
    match action:
        case Steer.PAUSE:
            return {"paused": True}, {}
        case Steer.RESUME:
            return unpaused, {"pauseConditions": None} if rollout.status.pause_conditions else {}
        case Steer.PROMOTE:
            return unpaused, _promotion(rollout)
        case Steer.PROMOTE_FULL:
            return unpaused, {"promoteFull": True}
        case Steer.SKIP_STEP:
            return {}, {"currentStepIndex": _index(rollout) + 1, "pauseConditions": None}
        case Steer.ABORT:
            return {}, {"abort": True}
        case Steer.RETRY:
            return {}, {"abort": False}
    return {"restartAt": written_time(now)}, {}


def _promotion(rollout: Rollout) -> JsonObject:
    """Ends a pause, or else the step that is under way; never both."""
    steps, index = _steps(rollout), _index(rollout)
    following = {"currentStepIndex": index + 1} if index < len(steps) else {}
    if _is_inconclusive(rollout):
        return {"pauseConditions": None, "controllerPause": False, **following}
    if rollout.status.pause_conditions:
        return {"pauseConditions": None}
    return {"pauseConditions": None, **following} if following and not rollout.spec.paused else {}


def _revision(rollout: Rollout, replica_sets: Sequence[ReplicaSet], to_revision: int | None) -> ReplicaSet:
    """The one asked for; without a number, the one before the newest."""
    ordered = sorted((one for one in replica_sets if one.revision), key=lambda one: one.revision, reverse=True)
    if to_revision:
        found = next((one for one in ordered if one.revision == to_revision), None)
        if found is None:
            known = ", ".join(str(one.revision) for one in ordered)
            raise SteeringImpossible(
                f"Rollout {_named(rollout)} has no revision {to_revision}", suggestion=f"there are {known}"
            )
        if found is ordered[0]:
            raise SteeringImpossible(
                f"revision {to_revision} of Rollout {_named(rollout)} is the newest already",
                suggestion="choose an older one",
            )
        return found
    return ordered[1]
