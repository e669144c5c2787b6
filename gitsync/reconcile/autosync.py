"""Decides if an automated application is to be synced now. Pure.

Rules, in this order, as Argo CD has them: nothing while an operation runs or the application is being deleted; only
when out of sync; differences that only pruning would remove do not count while pruning is off; a revision is tried
once, so a failed one is not tried again until Git or the spec changes; a revision that was synced and drifted is
synced again only with self-heal, after a back-off; never wipe everything out unless `allowEmpty` says so; and remove no
more at once than the deletion budget, unless somebody agreed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gitsync.application.record import Record, namespace_metadata_changed
from gitsync.reconcile import deletion_budget
from gitsync.settings import LoopSettings
from model.health import Sync
from model.identity import ResourceKey
from model.kinds.application import (
    Application,
    ApplicationCondition,
    Initiator,
    Operation,
    OperationState,
    RetryStrategy,
    SyncOperation,
    SyncOperationResource,
    sources_in_force,
)
from model.operation import Phase

_DEFAULT_RETRY = RetryStrategy(limit=5)
_BEHIND_SECONDS = 60.0  # a watch that is not back by then was not what delayed the picture


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the decision depends on.

    `revisions` has one for each source of an application with `spec.sources`, and is empty otherwise. `drifted` are the
    objects, only asked for when self-healing; `prunes` those that Git does not want any more, out of all the `objects`.
    `behind`: the cluster has not shown yet what the last sync applied, so that drift may be an old picture.
    """

    application: Application
    sync: Sync
    revision: str
    drifted: Sequence[ResourceKey]
    only_prunes_missing: bool
    would_prune_all: bool
    last: OperationState | None
    prunes: Sequence[ResourceKey] = ()
    objects: int = 0
    revisions: tuple[str, ...] = ()
    operation_pending: bool = False
    behind: bool = False


def situation_of(record: Record) -> Situation:
    """As the last comparison left it."""
    state = record.state
    return Situation(
        application=record.application,
        sync=record.sync,
        revision=record.revision,
        revisions=record.revisions,
        drifted=[one.key for one in state if one.is_out_of_sync] if state.out_of_sync else [],
        only_prunes_missing=state.only_prunes_missing,
        would_prune_all=state.would_prune_all,
        last=record.operation_state,
        prunes=[one.key for one in state if one.requires_pruning] if state.prunes else [],
        objects=len(state),
        behind=bool(record.unseen),
    )


@dataclass(frozen=True, slots=True)
class Start:
    operation: Operation
    reason: str


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Decide again after this time."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    reason: str
    condition: ApplicationCondition | None = None


def decide(situation: Situation, *, settings: LoopSettings, now: datetime) -> Start | WaitFor | Skip:
    policy = situation.application.spec.sync_policy
    automated = policy.automated if policy else None
    if automated is None or automated.enabled is False:
        return Skip("automated sync is off")
    if situation.operation_pending:
        return Skip("another operation is in progress")
    if situation.application.metadata.deletion_timestamp is not None:
        return Skip("the application is being deleted")
    if situation.sync is not Sync.OUT_OF_SYNC:
        return Skip(f"it is {situation.sync}")
    if not automated.prune and situation.only_prunes_missing:
        return Skip("only pruning would change something, and automated pruning is off")
    attempted = last_attempt(situation.application, situation.last, situation.revision, situation.revisions)
    if attempted is not None and attempted.phase != Phase.SUCCEEDED:
        return Skip("the last attempt at this revision failed", _failed_condition(situation.revision, attempted))
    if automated.prune and not automated.allow_empty and situation.would_prune_all:
        return Skip("it would remove every object", _wipe_out_condition(situation.revision))
    budget = deletion_budget.exceeded(situation.application, len(situation.prunes), situation.objects)
    if automated.prune and budget and not deletion_budget.is_approved(situation.application, situation.last):
        condition = deletion_budget.needs_approval(situation.prunes, situation.objects, budget)
        return Skip("it would remove too much at once", condition)
    if attempted is None:
        return Start(_operation(situation), f"out of sync with {situation.revision[:8]}")
    if not automated.self_heal:
        return Skip("this revision was synced already and self-heal is off")
    return _self_heal(situation, attempted, settings=settings, now=now)


def last_attempt(
    application: Application, last: OperationState | None, revision: str, revisions: tuple[str, ...] = ()
) -> OperationState | None:
    """The last operation, if it was an attempt to sync this revision of the application's present sources."""
    if last is None or last.operation.sync is None or last.sync_result is None or last.operation.sync.dry_run:
        return None
    if namespace_metadata_changed(application, last):
        return None
    result = last.sync_result
    same = result.revisions == revisions if revisions else result.revision == revision
    return last if same and sources_in_force(result.source, result.sources) == application.spec.all_sources else None


def _operation(situation: Situation) -> Operation:
    policy = situation.application.spec.sync_policy
    assert policy is not None, "decide() looked"
    assert policy.automated is not None, "decide() looked"
    return Operation(
        sync=SyncOperation(
            revision="" if situation.revisions else situation.revision,
            revisions=situation.revisions,
            prune=policy.automated.prune,
            sync_options=policy.sync_options,
        ),
        initiated_by=Initiator(automated=True),
        retry=policy.retry or _DEFAULT_RETRY,
    )


def _self_heal(
    situation: Situation, attempted: OperationState, *, settings: LoopSettings, now: datetime
) -> Start | WaitFor:
    attempts = attempted.operation.sync.self_heal_attempts_count if attempted.operation.sync else 0
    since_seconds = (now - (attempted.finished_at or now)).total_seconds()
    if situation.behind and 0 <= since_seconds < _BEHIND_SECONDS:
        return WaitFor(_BEHIND_SECONDS - since_seconds, "the cluster does not show yet what was applied")
    if since_seconds > settings.self_heal_max_seconds:
        attempts = 0
    delay_seconds = self_heal_delay_seconds(attempts, settings)
    remaining_seconds = delay_seconds - since_seconds
    clock_was_set_back = since_seconds < 0  # nobody knows how long ago it was, and nobody waits until then
    if remaining_seconds > 0 and not clock_was_set_back:
        return WaitFor(remaining_seconds, f"self-heal number {attempts + 1} waits for its back-off")
    plain = _operation(situation)
    assert plain.sync is not None, "made two lines above"
    sync = SyncOperation(
        revision=plain.sync.revision,
        revisions=plain.sync.revisions,
        prune=plain.sync.prune,
        sync_options=plain.sync.sync_options,
        resources=tuple(
            SyncOperationResource(group=key.group, kind=key.kind, namespace=key.namespace, name=key.name)
            for key in situation.drifted
        ),
        self_heal_attempts_count=attempts + 1,
    )
    healing = Operation(sync=sync, initiated_by=plain.initiated_by, retry=plain.retry)
    return Start(healing, f"self-heal of {len(situation.drifted)} drifted objects")


def self_heal_delay_seconds(attempts: int, settings: LoopSettings) -> float:
    """No wait before the first; then 2 s, 6 s, 18 s ... up to 300 s."""
    if attempts == 0:
        return 0.0
    grown = settings.self_heal_seconds * float(settings.self_heal_factor) ** min(attempts - 1, 16)
    return min(settings.self_heal_max_seconds, grown)


def _failed_condition(revision: str, attempted: OperationState) -> ApplicationCondition:
    return ApplicationCondition(
        type="SyncError",
        message=f"Failed last sync attempt to {revision}: {attempted.message.rstrip('.')}. "
        "It is not tried again until Git or the application changes; sync it by hand to try now.",
    )


def _wipe_out_condition(revision: str) -> ApplicationCondition:
    return ApplicationCondition(
        type="SyncError",
        message=f"Skipping sync attempt to {revision}: auto-sync would remove every object of the application. "
        "If that is wanted, set syncPolicy.automated.allowEmpty, or sync by hand with prune.",
    )
