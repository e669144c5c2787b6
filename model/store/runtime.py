"""Runtimes, their clusters and repositories."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.errors import Conflict
from model.listing import Hosting, ListedCluster, RegisteredRuntime
from model.report import ClusterSummary, RepositorySummary, RuntimeSummary
from model.store.moment import from_micros, to_micros
from model.store.statement import affected_rows, insert_new
from model.tables import (
    ApplicationLabelRow,
    ApplicationMembershipRow,
    ApplicationRow,
    ClusterRow,
    ReportPositionRow,
    RepositoryRow,
    RuntimeRow,
)

_runtime_decoder = msgspec.msgpack.Decoder(RuntimeSummary)
_hosting_decoder = msgspec.msgpack.Decoder(Hosting)
_cluster_decoder = msgspec.msgpack.Decoder(ClusterSummary)
_repository_decoder = msgspec.msgpack.Decoder(RepositorySummary)


async def all_runtimes(session: AsyncSession) -> list[RegisteredRuntime]:
    rows = (await session.execute(select(RuntimeRow).order_by(col(RuntimeRow.name)))).scalars()
    return [_registered(row) for row in rows]


async def get(session: AsyncSession, name: str) -> RegisteredRuntime | None:
    row = await session.get(RuntimeRow, name)
    return _registered(row) if row else None


async def get_many(session: AsyncSession, names: Collection[str]) -> list[RegisteredRuntime]:
    """Those of them that there are, by name."""
    statement = select(RuntimeRow).where(col(RuntimeRow.name).in_(sorted(names))).order_by(col(RuntimeRow.name))
    return [_registered(row) for row in (await session.execute(statement)).scalars()]


async def name_for_token(session: AsyncSession, token_hash: str) -> str | None:
    statement = select(col(RuntimeRow.name)).where(col(RuntimeRow.token_hash) == token_hash)
    return (await session.execute(statement)).scalar_one_or_none()


async def add(session: AsyncSession, name: str, *, token_hash: str, hosted: bool, now: datetime) -> None:
    """Raises Conflict if the name is taken."""
    row = {"name": name, "token_hash": token_hash, "hosted": hosted, "created_micros": to_micros(now)}
    if not await insert_new(session, RuntimeRow, row):
        raise Conflict(f"there is a runtime {name!r} already")


async def set_token(session: AsyncSession, name: str, token_hash: str) -> bool:
    statement = update(RuntimeRow).where(col(RuntimeRow.name) == name).values(token_hash=token_hash)
    return await affected_rows(session, statement) > 0


async def set_hosting(session: AsyncSession, name: str, hosting: Hosting) -> bool:
    payload = msgspec.msgpack.encode(hosting)
    statement = update(RuntimeRow).where(col(RuntimeRow.name) == name).values(hosting=payload)
    return await affected_rows(session, statement) > 0


async def remove(session: AsyncSession, name: str) -> bool:
    """Forgets the runtime and all that it reported."""
    reported = select(col(ApplicationRow.id)).where(col(ApplicationRow.runtime) == name)
    for part in (ApplicationLabelRow, ApplicationMembershipRow):
        await session.execute(delete(part).where(col(part.application_id).in_(reported)))
    for table in (ApplicationRow, ClusterRow, RepositoryRow, ReportPositionRow):
        await session.execute(delete(table).where(col(table.runtime) == name))
    return await affected_rows(session, delete(RuntimeRow).where(col(RuntimeRow.name) == name)) > 0


async def note_seen(session: AsyncSession, name: str, now: datetime) -> None:
    await session.execute(update(RuntimeRow).where(col(RuntimeRow.name) == name).values(seen_micros=to_micros(now)))


async def clusters(session: AsyncSession, runtimes: Collection[str]) -> list[ListedCluster]:
    """Clusters of these runtimes, by runtime and server."""
    statement = select(ClusterRow).where(col(ClusterRow.runtime).in_(sorted(runtimes)))
    rows = (await session.execute(statement.order_by(col(ClusterRow.runtime), col(ClusterRow.server)))).scalars()
    return [ListedCluster(row.runtime, _cluster_decoder.decode(row.payload)) for row in rows]


async def count_clusters(session: AsyncSession, runtimes: Collection[str]) -> dict[str, int]:
    column = col(ClusterRow.runtime)
    statement = select(column, func.count()).where(column.in_(sorted(runtimes))).group_by(column)
    return {runtime: number for runtime, number in (await session.execute(statement)).all()}


async def repositories(session: AsyncSession, runtime: str) -> list[RepositorySummary]:
    statement = select(col(RepositoryRow.payload)).where(col(RepositoryRow.runtime) == runtime)
    rows = (await session.execute(statement.order_by(col(RepositoryRow.url)))).scalars()
    return [_repository_decoder.decode(payload) for payload in rows]


def _registered(row: RuntimeRow) -> RegisteredRuntime:
    return RegisteredRuntime(
        name=row.name,
        hosted=row.hosted,
        created=from_micros(row.created_micros),
        seen=from_micros(row.seen_micros) if row.seen_micros is not None else None,
        hosting=_hosting_decoder.decode(row.hosting) if row.hosting is not None else None,
        summary=_runtime_decoder.decode(row.payload) if row.payload is not None else None,
    )
