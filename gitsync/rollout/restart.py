"""Restarts pods that are older than spec.restartAt: some at a time, stable ones first, respecting their budgets."""

from gitsync.manifest.object import JsonObject
from gitsync.rollout import defaults
from gitsync.rollout.pod_metadata import POD
from gitsync.rollout.replica_set import ReplicaSet, controller_uid, parse_time
from gitsync.rollout.working import Pass


def needs_restart(work: Pass) -> bool:
    asked = work.rollout.spec.restart_at
    return asked is not None and asked != work.rollout.status.restarted_at and work.now >= asked


def restart(work: Pass) -> bool:
    """True when pods were evicted, so that nothing else happens in this pass."""
    asked = work.rollout.spec.restart_at
    if asked is not None and work.now < asked:
        work.wake(asked)
    if asked is None or not needs_restart(work):
        return False
    ordered = sorted(work.all, key=lambda one: (one is not work.stable, one is not work.new, one.created, one.name))
    old: list[JsonObject] = []
    for one in ordered:
        old += [pod for pod in _pods(work, one) if _made(pod) is not None and _is_older(work, pod)]
    if not old:
        work.draft.restarted_at = asked
        return False
    most = max(1, defaults.max_unavailable(work.rollout))
    missing = sum(max(one.wanted - one.available, 0) for one in ordered)
    leaving = sum(bool(pod["metadata"].get("deletionTimestamp")) for one in ordered for pod in _pods(work, one))
    room = most - max(missing, leaving)
    # A pod that ends after its successor is up changes no count that would tell of it; a budget is asked less often.
    work.wake_after(defaults.LEAVING_SECONDS if leaving else defaults.RESTART_RETRY_SECONDS)
    evicted = [pod for pod in old if not pod["metadata"].get("deletionTimestamp")][: max(room, 0)]
    for pod in evicted:
        work.delete(POD, pod, evict=True)
    return bool(evicted)


def _pods(work: Pass, one: ReplicaSet) -> list[JsonObject]:
    return [pod for pod in work.children.pods if one.uid and controller_uid(pod) == one.uid]


def _made(pod: JsonObject) -> object:
    return parse_time(pod["metadata"].get("creationTimestamp") or "")


def _is_older(work: Pass, pod: JsonObject) -> bool:
    made, asked = parse_time(pod["metadata"].get("creationTimestamp") or ""), work.rollout.spec.restart_at
    return made is not None and asked is not None and made < asked
