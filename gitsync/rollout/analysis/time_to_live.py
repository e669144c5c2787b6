"""Finished runs that are to go after a while."""

from datetime import datetime, timedelta

from gitsync.manifest.object import JsonObject
from gitsync.rollout.analysis.results import phase_of
from gitsync.rollout.analysis.values import Phase
from gitsync.rollout.times import read_time
from gitsync.rollout.values import Delete, Step
from model.identity import ResourceKey
from model.kinds.rollout import GROUP, VERSION


def time_to_live(run: JsonObject, now: datetime) -> Step:
    """Deletes the run when its time is over, or comes back then. A run that keeps no time stays."""
    metadata, status = run["metadata"], run.get("status") or {}
    seconds = _seconds((run.get("spec") or {}).get("ttlStrategy") or {}, phase_of(status))
    completed_at = read_time(status.get("completedAt"))
    if seconds is None or completed_at is None or metadata.get("deletionTimestamp"):
        return Step()
    wait = (completed_at + timedelta(seconds=seconds) - now).total_seconds()
    if wait > 0:
        return Step(requeue_seconds=wait)
    target = ResourceKey(GROUP, "AnalysisRun", metadata.get("namespace", ""), metadata["name"])
    return Step(deletes=(Delete(target, VERSION, str(metadata.get("uid", ""))),))


def _seconds(strategy: JsonObject, phase: Phase | None) -> int | None:
    specific = strategy.get("secondsAfterSuccess" if phase is Phase.SUCCESSFUL else "secondsAfterFailure")
    chosen = specific if specific is not None else strategy.get("secondsAfterCompletion")
    return None if chosen is None else int(chosen)
