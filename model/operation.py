"""Operations on applications: their phases, outcomes and legal transitions. Spellings are Argo CD's."""

import enum

from model.errors import IllegalTransition


class Phase(enum.StrEnum):
    """Phase of an operation or of a hook."""

    RUNNING = "Running"
    TERMINATING = "Terminating"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    ERROR = "Error"

    @property
    def completed(self) -> bool:
        return self in (Phase.SUCCEEDED, Phase.FAILED, Phase.ERROR)


class ResultCode(enum.StrEnum):
    """What a sync did to one object."""

    SYNCED = "Synced"
    SYNC_FAILED = "SyncFailed"
    PRUNED = "Pruned"
    PRUNE_SKIPPED = "PruneSkipped"


class SyncPhase(enum.StrEnum):
    """When in a sync an object is applied, in the order in which they run."""

    PRE_SYNC = "PreSync"
    SYNC = "Sync"
    POST_SYNC = "PostSync"
    SYNC_FAIL = "SyncFail"


_NEXT: dict[Phase, frozenset[Phase]] = {
    Phase.RUNNING: frozenset({Phase.TERMINATING, Phase.SUCCEEDED, Phase.FAILED, Phase.ERROR}),
    Phase.TERMINATING: frozenset({Phase.FAILED, Phase.ERROR}),
}


def advance(current: Phase, target: Phase) -> Phase:
    """`target`, if an operation may go there from `current`. Raises IllegalTransition otherwise."""
    if current is target or target in _NEXT.get(current, frozenset()):
        return target
    raise IllegalTransition(f"an operation that is {current} cannot become {target}")
