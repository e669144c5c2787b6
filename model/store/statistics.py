"""Counting releases: by day, by application, and the middle of a value. One pass of an index each, no payloads."""

from collections.abc import Sequence
from datetime import UTC, date, timedelta
from typing import Any

from sqlalchemy import Integer, SQLColumnExpression, case, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.statistics import Counts, Window, offsets
from model.store.moment import to_micros
from model.store.release import ReleaseSelection
from model.tables.release import ReleaseRow

_DAY_MICROS = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_STARTED = col(ReleaseRow.started_micros)
_LEAD = col(ReleaseRow.lead_seconds) / col(ReleaseRow.lead_commits)
_RESTORE = col(ReleaseRow.restore_seconds)
MEDIANS = {"lead": (_LEAD, col(ReleaseRow.lead_commits) > 0), "restore": (_RESTORE, _RESTORE.is_not(None))}


def _sums() -> list[SQLColumnExpression[Any]]:
    """In the order of the fields of `Counts`."""
    return [
        func.sum(col(ReleaseRow.successful)),
        func.sum(col(ReleaseRow.failed)),
        func.sum(col(ReleaseRow.rollback)),
        func.count(),
        func.sum(col(ReleaseRow.lead_seconds)),
        func.sum(col(ReleaseRow.lead_commits)),
        func.sum(col(ReleaseRow.pull_requests)),
        func.coalesce(func.sum(_RESTORE), 0.0),
        func.count(_RESTORE),
    ]


async def counts_by_day(session: AsyncSession, selection: ReleaseSelection, window: Window) -> dict[date, Counts]:
    """By days of the window's time zone, in which the release began. Days without any are absent."""
    day = _local_day(window)
    statement = select(day, *_sums()).where(*selection.where(), *_within(window)).group_by(day)
    return {
        _EPOCH + timedelta(days=int(number)): Counts(*sums)
        for number, *sums in (await session.execute(statement)).all()
    }


async def counts_of(session: AsyncSession, selection: ReleaseSelection, window: Window) -> Counts:
    row = (await session.execute(select(*_sums()).where(*selection.where(), *_within(window)))).one()
    return Counts(*(value or 0 for value in row))


async def busiest(
    session: AsyncSession, selection: ReleaseSelection, window: Window, *, limit: int
) -> Sequence[tuple[str, str, Counts]]:
    """(row id of the application, its cluster, counts), most releases first."""
    application = col(ReleaseRow.application_id)
    statement = (
        select(application, func.max(col(ReleaseRow.cluster)), *_sums())
        .where(*selection.where(), *_within(window))
        .group_by(application)
        .order_by(func.count().desc(), application)
        .limit(limit)
    )
    return [(name, cluster, Counts(*sums)) for name, cluster, *sums in (await session.execute(statement)).all()]


async def median(session: AsyncSession, selection: ReleaseSelection, window: Window, of: str) -> float | None:
    """The lower median over releases of "lead" or "restore"; None without any."""
    value, exists = MEDIANS[of]
    where = (*selection.where(), *_within(window), exists)
    number = (await session.execute(select(func.count()).select_from(ReleaseRow).where(*where))).scalar_one()
    if not number:
        return None
    middle = select(value).where(*where).order_by(value).limit(1).offset((number - 1) // 2)
    return (await session.execute(middle)).scalar_one()


def _within(window: Window) -> tuple[SQLColumnExpression[bool], ...]:
    return (to_micros(window.start) <= _STARTED, to_micros(window.end) > _STARTED)


def _local_day(window: Window) -> SQLColumnExpression[int]:
    """Days since 1970 on the clocks of the zone, which may change within the window."""
    changes = [
        (to_micros(start.astimezone(UTC)), offset // timedelta(microseconds=1)) for start, offset in offsets(window)
    ]
    shift: SQLColumnExpression[int] = literal(changes[0][1])
    if len(changes) > 1:
        shift = case(*((start <= _STARTED, literal(offset)) for start, offset in reversed(changes[1:])), else_=shift)
    return cast((_STARTED + shift) // _DAY_MICROS, Integer)
