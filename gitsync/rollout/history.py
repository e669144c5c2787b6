"""Forgets old ReplicaSets above revisionHistoryLimit, and with them their AnalysisRuns and Experiments."""

from gitsync.rollout import defaults
from gitsync.rollout.analysis_runs import ANALYSIS_RUN
from gitsync.rollout.replica_set import EXPERIMENT_NAME, ReplicaSet
from gitsync.rollout.revision import REPLICA_SET
from gitsync.rollout.scaling import is_referenced
from gitsync.rollout.step_experiment import EXPERIMENT
from gitsync.rollout.working import Pass
from model.kinds.rollout import HASH_LABEL


def forget_old(work: Pass) -> None:
    """Only what has no pods any more; the oldest first."""
    limit = work.rollout.spec.revision_history_limit
    kept = defaults.REVISION_HISTORY if limit is None else limit
    alive = [one for one in work.others if not one.deleting and EXPERIMENT_NAME not in one.annotations]
    surplus = len(alive) - kept
    for one in sorted(alive, key=lambda old: (old.revision, old.created))[: max(surplus, 0)]:
        if _is_settled(one) and not is_referenced(work, one):
            work.delete(REPLICA_SET, one.body)
            _forget_children(work, one.hash)


def _is_settled(one: ReplicaSet) -> bool:
    observed = (one.body.get("status") or {}).get("observedGeneration") or 0
    return one.wanted == 0 and one.replicas == 0 and observed >= (one.body["metadata"].get("generation") or 0)


def _forget_children(work: Pass, hash_: str) -> None:
    for gvk, bodies in ((ANALYSIS_RUN, work.other_runs), (EXPERIMENT, work.other_experiments)):
        for body in bodies:
            metadata = body["metadata"]
            if (metadata.get("labels") or {}).get(HASH_LABEL) == hash_ and not metadata.get("deletionTimestamp"):
                work.delete(gvk, body)
