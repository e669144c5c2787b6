"""Which processes serve this database together, and which of them holds the link of a runtime."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.store.moment import to_micros
from model.store.statement import insert_missing, upsert
from model.tables import ReplicaRow, ReportPositionRow

_FORGOTTEN = timedelta(hours=1)


@dataclass(frozen=True, slots=True, order=True)
class Replica:
    """The oldest is the first in order."""

    started_micros: int
    id: str
    url: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A runtime's newest link. `before`: the replica that had the one before, or ""."""

    number: int
    before: str


async def keep(session: AsyncSession, replica: Replica, *, token_hash: str, now: datetime) -> None:
    """It is alive. Whoever had its address before it has ended; who was silent for an hour is forgotten."""
    gone = (col(ReplicaRow.url) == replica.url) & (col(ReplicaRow.id) != replica.id)
    silent = col(ReplicaRow.seen_micros) < to_micros(now - _FORGOTTEN)
    await session.execute(delete(ReplicaRow).where(gone | silent))
    row = {
        "id": replica.id,
        "url": replica.url,
        "token_hash": token_hash,
        "started_micros": replica.started_micros,
        "seen_micros": to_micros(now),
    }
    await upsert(session, ReplicaRow, [row])


async def alive(session: AsyncSession, since: datetime) -> list[Replica]:
    """Those that were heard of since then, the oldest first."""
    statement = select(ReplicaRow).where(col(ReplicaRow.seen_micros) >= to_micros(since))
    rows = (await session.execute(statement)).scalars()
    return sorted(Replica(row.started_micros, row.id, row.url) for row in rows)


async def has_token(session: AsyncSession, token_hash: str, since: datetime) -> str | None:
    """Which living replica shows this token; None: no one."""
    statement = select(col(ReplicaRow.id)).where(
        col(ReplicaRow.token_hash) == token_hash, col(ReplicaRow.seen_micros) >= to_micros(since)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def leave(session: AsyncSession, replica: str) -> None:
    await session.execute(delete(ReplicaRow).where(col(ReplicaRow.id) == replica))


async def take_hold(session: AsyncSession, runtime: str, holder: str, now: datetime) -> Hold:
    """From the end of this transaction on no report of an older link is taken in.

    Numbers go on growing when the runtime is removed and comes back.
    """
    fresh = {
        "runtime": runtime,
        "session": "",
        "seq": 0,
        "generation": 0,
        "in_snapshot": False,
        "holder": "",
        "hold": 0,
    }
    await insert_missing(session, ReportPositionRow, [fresh])
    row = await session.get_one(ReportPositionRow, runtime, with_for_update=True, populate_existing=True)
    before = row.holder
    row.holder, row.hold = holder, max(row.hold + 1, to_micros(now))
    return Hold(row.hold, before)


async def newest_hold(session: AsyncSession, runtime: str) -> int:
    statement = select(col(ReportPositionRow.hold)).where(col(ReportPositionRow.runtime) == runtime)
    return (await session.execute(statement)).scalar_one_or_none() or 0
