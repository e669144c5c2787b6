"""What a sync does or did, and the history of deployments."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import cast

import strawberry

from api.types.commit import Commit
from api.types.enums import SyncOperationPhase, SyncResultCode, member
from model.kinds.application import OperationState as OperationStateValue
from model.kinds.application import ResourceResult, RevisionHistory, SyncOperationResult
from model.report import ApplicationSummary, CommitInfo

OPERATION_ID_INFO = "argosy.io/operation-id"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def phase_of(text: str) -> SyncOperationPhase:
    return cast(SyncOperationPhase, member(SyncOperationPhase, text, SyncOperationPhase.Unknown))


@strawberry.type
class SyncResultResource:
    group: str
    version: str
    kind: str
    namespace: str | None
    name: str
    status: SyncResultCode
    message: str | None
    sync_phase: str | None
    hook_type: str | None
    hook_phase: SyncOperationPhase | None
    sync_wave: int | None = strawberry.field(description="Null: it is no part of the application any more.")

    @staticmethod
    def of(result: ResourceResult, wave: int | None) -> "SyncResultResource":
        return SyncResultResource(
            group=result.group,
            version=result.version,
            kind=result.kind,
            namespace=result.namespace or None,
            name=result.name,
            status=cast(SyncResultCode, member(SyncResultCode, result.status, SyncResultCode.Unknown)),
            message=result.message or None,
            sync_phase=result.sync_phase or None,
            hook_type=result.hook_type or None,
            hook_phase=phase_of(result.hook_phase) if result.hook_phase else None,
            sync_wave=wave,
        )


@strawberry.type
class SyncResult:
    revision: str
    resources: list[SyncResultResource]

    @staticmethod
    def of(result: SyncOperationResult, waves: Sequence[int | None]) -> "SyncResult":
        """`waves`: one for each resource, or fewer where they are not known."""
        pairs = zip_longest(result.resources, waves[: len(result.resources)])
        return SyncResult(
            revision=result.shown_revision,
            resources=[SyncResultResource.of(resource, wave) for resource, wave in pairs],
        )


@strawberry.type
class OperationState:
    id: strawberry.ID | None
    kind: str
    phase: SyncOperationPhase
    message: str | None
    started_at: datetime
    finished_at: datetime | None
    retry_count: int
    initiated_by: str | None
    automated: bool
    sync_result: SyncResult | None
    ledger_commit: Commit | None = strawberry.field(
        default=None, description="The ledger commit that records it; null for what the engine started by itself."
    )

    @staticmethod
    def of(
        state: OperationStateValue, ledger_commit: CommitInfo | None = None, waves: Sequence[int | None] = ()
    ) -> "OperationState":
        initiator = state.operation.initiated_by
        operation_id = next((info.value for info in state.operation.info if info.name == OPERATION_ID_INFO), None)
        return OperationState(
            id=strawberry.ID(operation_id) if operation_id else None,
            kind="Sync",
            phase=phase_of(state.phase),
            message=state.message or None,
            started_at=state.started_at or _LONG_AGO,
            finished_at=state.finished_at,
            retry_count=state.retry_count,
            initiated_by=(initiator.username or None) if initiator else None,
            automated=initiator.automated if initiator else False,
            sync_result=SyncResult.of(state.sync_result, waves) if state.sync_result else None,
            ledger_commit=Commit.of(ledger_commit) if ledger_commit else None,
        )


def last_sync(summary: ApplicationSummary) -> OperationState | None:
    """The last sync that ended: the present operation if it has, else what the history says of the one before."""
    operation = summary.operation
    if operation is not None and operation.finished_at is not None:
        return OperationState.of(operation, summary.ledger_commit, summary.operation_waves)
    if not summary.history:
        return None
    entry = max(summary.history, key=lambda deployed: deployed.id)
    return OperationState(
        id=None,
        kind="Sync",
        phase=SyncOperationPhase.Succeeded,
        message=None,
        started_at=entry.deploy_started_at or entry.deployed_at or _LONG_AGO,
        finished_at=entry.deployed_at,
        retry_count=0,
        initiated_by=(entry.initiated_by.username or None) if entry.initiated_by else None,
        automated=entry.initiated_by.automated if entry.initiated_by else False,
        sync_result=SyncResult(revision=entry.shown_revision, resources=[]),
    )


@strawberry.type(description="One deployment that Argo's history keeps.")
class HistoryEntry:
    id: int
    revision: str
    revisions: list[str] | None
    deployed_at: datetime
    deploy_started_at: datetime | None
    initiated_by: str | None
    automated: bool
    commit: Commit | None

    @staticmethod
    def of(entry: RevisionHistory, summary: ApplicationSummary) -> "HistoryEntry":
        commit = summary.history_commits.get(entry.shown_revision)
        return HistoryEntry(
            id=entry.id,
            revision=entry.shown_revision,
            revisions=list(entry.revisions) or None,
            deployed_at=entry.deployed_at or _LONG_AGO,
            deploy_started_at=entry.deploy_started_at,
            initiated_by=(entry.initiated_by.username or None) if entry.initiated_by else None,
            automated=entry.initiated_by.automated if entry.initiated_by else False,
            commit=Commit.of(commit) if commit else None,
        )
