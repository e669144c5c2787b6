"""Progressive syncs carried out: which Application of a set may be synced now, and the request that syncs it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from gitsync.application.record import Record
from gitsync.appset.rollout import Rollout, RolloutApplication, next_rollout, sync_request
from gitsync.generation.set_writes import SetWrites, address
from gitsync.manifest.object import JsonObject
from gitsync.reconcile.autosync import last_attempt
from model.health import Health, Sync
from model.kinds.application import OperationState
from model.operation import Phase


class SetRollout:
    """`busy`: the application is about to be compared, so that nobody knows yet how it does."""

    def __init__(
        self,
        writes: SetWrites,
        *,
        busy: Callable[[Record], bool],
        calm: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._writes = writes
        self._busy = busy
        self._calm = calm
        self._now = now

    async def advance(self, application_set: JsonObject, owned: Sequence[Record]) -> Rollout:
        """Begin the syncs whose turn it is. Raises ClusterError."""
        strategy = application_set["spec"]["strategy"]
        rollout = next_rollout(strategy, [self._situation(record) for record in owned])
        if any(map(is_unknown, owned)):
            return rollout  # an earlier step may turn out to be behind
        records = {record.name: record for record in owned}
        for name in rollout.sync:
            record = records[name]
            patch = {
                "metadata": {"resourceVersion": record.resource_version},
                "operation": sync_request(record.raw),
            }
            await self._writes.patch(address(record.raw), patch)
        return rollout

    def waits(self, owned: Sequence[Record]) -> bool:
        """Somebody is about to be compared: look again in a moment."""
        return any(self._busy(record) for record in owned)

    def _situation(self, record: Record) -> RolloutApplication:
        if is_unknown(record):
            sync, health = written_standing(record)
            labels = record.application.metadata.labels or {}
            return RolloutApplication(record.name, labels, health == Health.HEALTHY, sync == Sync.SYNCED)
        state = record.operation_state
        attempt = last_attempt(record.application, state, record.revision, record.revisions)
        at_target, stuck = _outcome(record, attempt, now=self._now(), calm=self._calm)
        requested = record.raw.get("operation") is not None and not record.operation_to_remove
        return RolloutApplication(
            name=record.name,
            labels=record.application.metadata.labels or {},
            healthy=record.health is Health.HEALTHY,
            synced=at_target,
            operating=requested or record.operating or self._busy(record) or record.sync is Sync.UNKNOWN,
            stuck=stuck,
        )


def is_unknown(record: Record) -> bool:
    """This process has not compared it yet, and nothing says that it cannot be."""
    return not record.compared and not record.comparison_failed and not record.deleting and not record.frozen


def written_standing(record: Record) -> tuple[str, str]:
    """Sync and health as the Application's status says."""
    status = record.raw.get("status") or {}
    found = [str((status.get(part) or {}).get("status") or "Unknown") for part in ("sync", "health")]
    return found[0], found[1]


def _outcome(record: Record, attempt: OperationState | None, *, now: datetime, calm: timedelta) -> tuple[bool, str]:
    """Whether the application is where it should be, and what keeps it from there.

    A sync that succeeded brought it there, even if something else has changed an object since: with self-heal that is
    synced once more, but only after a calm time, so that two who disagree do not fight without end.
    """
    if record.sync is Sync.SYNCED:
        return True, ""
    if attempt is None or attempt.phase in (Phase.RUNNING, Phase.TERMINATING):
        return False, ""
    if attempt.phase != Phase.SUCCEEDED:
        return False, f"its last sync failed: {attempt.message}"
    policy = record.application.spec.sync_policy
    heals = policy is not None and policy.automated is not None and policy.automated.self_heal
    return not (heals and attempt.finished_at is not None and now - attempt.finished_at > calm), ""
