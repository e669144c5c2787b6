"""Taking in reports: what they change and how far they went, in one transaction.

A report is taken in once: `seq` must be the next one of the session. One that was seen already changes nothing; one
that begins a snapshot may start a session or jump ahead, since it replaces everything. What a finished snapshot did
not mention is gone; executions are history and stay. All of this is in the database: a kill at any moment leaves either
all of a report or none of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from model.errors import Conflict
from model.identity import ApplicationId
from model.link import (
    ApplicationChanged,
    ApplicationRemoved,
    ClusterChanged,
    ClusterRemoved,
    ExecutionFinished,
    Report,
    ReportItem,
    RepositoryChanged,
    RuntimeChanged,
    SnapshotBegin,
    SnapshotEnd,
)
from model.listing import ListedApplication, Membership
from model.store import execution as execution_store
from model.store.application import decode, row_of
from model.store.statement import ROWS_PER_STATEMENT, upsert
from model.tables import (
    ApplicationLabelRow,
    ApplicationMembershipRow,
    ApplicationRow,
    ClusterRow,
    ReportPositionRow,
    RepositoryRow,
    RuntimeRow,
)
from model.workflow import WorkflowExecution

_encoder = msgspec.msgpack.Encoder()
_PAYLOADS = select(col(ApplicationRow.runtime), col(ApplicationRow.payload)).where(
    col(ApplicationRow.id).in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True, slots=True)
class ApplicationChange:
    """One application before and after; None where it does not exist."""

    id: ApplicationId
    before: ListedApplication | None
    after: ListedApplication | None


@dataclass(frozen=True, slots=True)
class Position:
    session: str
    seq: int


@dataclass(frozen=True, slots=True)
class Applied:
    """`seq` is how far the session is committed once the transaction ends. `runtime_changed`: its own row did."""

    seq: int
    changes: tuple[ApplicationChange, ...] = ()
    runtime_changed: bool = False
    snapshot_finished: bool = False


@dataclass(slots=True)
class _Batch:
    """The newest word on everything that a run of items names: each is written once."""

    applications: dict[ApplicationId, ListedApplication | None] = field(default_factory=dict)
    clusters: dict[str, ClusterChanged | None] = field(default_factory=dict)
    repositories: dict[str, RepositoryChanged] = field(default_factory=dict)
    executions: dict[str, WorkflowExecution] = field(default_factory=dict)
    runtime: RuntimeChanged | None = None


async def position(session: AsyncSession, runtime: str) -> Position | None:
    row = await session.get(ReportPositionRow, runtime)
    return Position(row.session, row.seq) if row else None


async def apply(session: AsyncSession, runtime: str, link_session: str, report: Report, *, hold: int = 0) -> Applied:
    """`hold` is the number of the link that it came by (`model.store.replica`).

    Raises Conflict if reports before this one are missing, or a newer link took over: the runtime must connect anew and
    resume.
    """
    row = await session.get(ReportPositionRow, runtime, with_for_update=True)
    if row is not None and row.hold != hold:
        raise Conflict(f"runtime {runtime!r} is linked elsewhere by now")
    known = row is not None and row.session == link_session
    if known and row is not None and report.seq <= row.seq:
        return Applied(row.seq)
    if not (known and row is not None and report.seq == row.seq + 1) and not _begins_snapshot(report):
        raise Conflict(f"report {report.seq} of runtime {runtime!r} came before the reports that precede it")
    if row is None:
        row = ReportPositionRow(runtime=runtime, session=link_session, seq=0, generation=0, in_snapshot=False)
        session.add(row)
    row.session, row.seq = link_session, report.seq
    changes: dict[ApplicationId, ApplicationChange] = {}
    runtime_changed = snapshot_finished = False
    for boundary, batch in _batches(runtime, report.items):
        for change in await _write(session, runtime, batch, row.generation):
            _merge(changes, change)
        runtime_changed = runtime_changed or batch.runtime is not None
        if isinstance(boundary, SnapshotBegin):
            row.generation, row.in_snapshot = row.generation + 1, True
        elif isinstance(boundary, SnapshotEnd) and row.in_snapshot:
            row.in_snapshot, snapshot_finished = False, True
            for change in await _drop_unmentioned(session, runtime, row.generation):
                _merge(changes, change)
    return Applied(
        report.seq, tuple(c for c in changes.values() if c.before != c.after), runtime_changed, snapshot_finished
    )


def _begins_snapshot(report: Report) -> bool:
    return bool(report.items) and isinstance(report.items[0], SnapshotBegin)


def _merge(changes: dict[ApplicationId, ApplicationChange], change: ApplicationChange) -> None:
    first = changes.get(change.id)
    changes[change.id] = ApplicationChange(change.id, first.before if first else change.before, change.after)


def _batches(runtime: str, items: Sequence[ReportItem]) -> Iterable[tuple[SnapshotBegin | SnapshotEnd | None, _Batch]]:
    """Items up to each snapshot boundary, and the boundary that follows them."""
    batch = _Batch()
    for item in items:
        match item:
            case SnapshotBegin() | SnapshotEnd():
                yield item, batch
                batch = _Batch()
            case ApplicationChanged(summary=summary):
                application = ListedApplication(runtime, summary)
                batch.applications[application.id] = application
            case ApplicationRemoved(key=key):
                batch.applications[ApplicationId.of(runtime, key)] = None
            case ClusterChanged(summary=cluster):
                batch.clusters[cluster.server] = item
            case ClusterRemoved(server=server):
                batch.clusters[server] = None
            case RepositoryChanged(summary=repository):
                batch.repositories[repository.url] = item
            case ExecutionFinished(execution=execution):
                batch.executions[execution.uid] = execution
            case RuntimeChanged():
                batch.runtime = item
    yield None, batch


async def _write(session: AsyncSession, runtime: str, batch: _Batch, generation: int) -> list[ApplicationChange]:
    changes: list[ApplicationChange] = []
    ids = list(batch.applications)
    for start in range(0, len(ids), ROWS_PER_STATEMENT):
        chunk = ids[start : start + ROWS_PER_STATEMENT]
        changes += await _write_applications(session, {key: batch.applications[key] for key in chunk}, generation)
    await _write_clusters(session, runtime, batch, generation)
    repositories = [
        {"runtime": runtime, "url": url, "generation": generation, "payload": _encoder.encode(item.summary)}
        for url, item in batch.repositories.items()
    ]
    await upsert(session, RepositoryRow, repositories)
    await execution_store.put(session, runtime, list(batch.executions.values()))
    if batch.runtime is not None:
        payload = _encoder.encode(batch.runtime.summary)
        await session.execute(update(RuntimeRow).where(col(RuntimeRow.name) == runtime).values(payload=payload))
    return changes


async def _write_applications(
    session: AsyncSession, wanted: dict[ApplicationId, ListedApplication | None], generation: int
) -> list[ApplicationChange]:
    before = await _stored(session, wanted)
    present = [application for application in wanted.values() if application is not None]
    await upsert(session, ApplicationRow, [row_of(application, generation) for application in present])
    await _write_labels(session, present, before)
    await _write_memberships(session, present, before)
    gone = [str(key) for key, application in wanted.items() if application is None and key in before]
    await _delete_applications(session, gone)
    return [ApplicationChange(key, before.get(key), application) for key, application in wanted.items()]


async def _stored(session: AsyncSession, ids: Iterable[ApplicationId]) -> dict[ApplicationId, ListedApplication]:
    rows = (await session.execute(_PAYLOADS, {"ids": [str(key) for key in ids]})).all()
    found = [decode(runtime, payload) for runtime, payload in rows]
    return {application.id: application for application in found}


async def _write_labels(
    session: AsyncSession, present: list[ListedApplication], before: dict[ApplicationId, ListedApplication]
) -> None:
    relabelled = [
        application
        for application in present
        if (before[application.id].summary.labels if application.id in before else {}) != application.summary.labels
    ]
    stale = [str(application.id) for application in relabelled if application.id in before]
    if stale:
        await session.execute(delete(ApplicationLabelRow).where(col(ApplicationLabelRow.application_id).in_(stale)))
    rows = [
        {"application_id": str(application.id), "key": key, "value": value}
        for application in relabelled
        for key, value in application.summary.labels.items()
    ]
    await upsert(session, ApplicationLabelRow, rows)


async def _write_memberships(
    session: AsyncSession, present: list[ListedApplication], before: dict[ApplicationId, ListedApplication]
) -> None:
    def known(application: ListedApplication) -> frozenset[tuple[Membership, str]]:
        return before[application.id].memberships if application.id in before else frozenset()

    moved = [application for application in present if known(application) != application.memberships]
    stale = [str(application.id) for application in moved if known(application)]
    if stale:
        holder = col(ApplicationMembershipRow.application_id)
        await session.execute(delete(ApplicationMembershipRow).where(holder.in_(stale)))
    rows = [
        {"application_id": str(application.id), "kind": kind.value, "name": name}
        for application in moved
        for kind, name in sorted(application.memberships)
    ]
    await upsert(session, ApplicationMembershipRow, rows)


async def _write_clusters(session: AsyncSession, runtime: str, batch: _Batch, generation: int) -> None:
    rows = [
        {
            "runtime": runtime,
            "server": server,
            "name": item.summary.name,
            "generation": generation,
            "payload": _encoder.encode(item.summary),
        }
        for server, item in batch.clusters.items()
        if item is not None
    ]
    await upsert(session, ClusterRow, rows)
    gone = [server for server, item in batch.clusters.items() if item is None]
    if gone:
        where = (col(ClusterRow.runtime) == runtime, col(ClusterRow.server).in_(gone))
        await session.execute(delete(ClusterRow).where(*where))


async def _delete_applications(session: AsyncSession, ids: list[str]) -> None:
    for start in range(0, len(ids), ROWS_PER_STATEMENT):
        chunk = ids[start : start + ROWS_PER_STATEMENT]
        for table in (ApplicationLabelRow, ApplicationMembershipRow):
            await session.execute(delete(table).where(col(table.application_id).in_(chunk)))
        await session.execute(delete(ApplicationRow).where(col(ApplicationRow.id).in_(chunk)))


async def _drop_unmentioned(session: AsyncSession, runtime: str, generation: int) -> list[ApplicationChange]:
    older = (col(ApplicationRow.runtime) == runtime, col(ApplicationRow.generation) < generation)
    statement = select(col(ApplicationRow.payload)).where(*older)
    gone = [decode(runtime, payload) for payload in (await session.execute(statement)).scalars()]
    await _delete_applications(session, [str(application.id) for application in gone])
    tables: tuple[type[SQLModel], ...] = (ClusterRow, RepositoryRow)
    for table in tables:
        columns = table.__table__.columns  # type: ignore[attr-defined]  # SQLModel sets it on table classes
        await session.execute(delete(table).where(columns["runtime"] == runtime, columns["generation"] < generation))
    return [ApplicationChange(application.id, application, None) for application in gone]
