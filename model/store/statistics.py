"""Counting releases: by bucket, by application, and the middle of a value. No payload is read.

Whoever asks for runtimes and clusters at most is answered from the sums by day of `model.store.release_sums`. Those are
days of UTC, and buckets begin when the viewer's clock says so: at each edge, what lies between it and the nearest
midnight of UTC is counted release by release. So figures are exact, whatever the zone. Other questions are passes over
the releases of the applications that they name.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    SQLColumnExpression,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    select,
    union_all,
    values,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.statistics import SUMS, Counts, Window, by_bucket, edges
from model.store.local_day import local_day
from model.store.moment import DAY_MICROS, to_micros
from model.store.release import ReleaseSelection
from model.store.ruler import visible_rulers
from model.store.statement import table_of
from model.tables.release import ReleaseClusterDayRow, ReleaseDayRow, ReleaseRow

_EPOCH = date(1970, 1, 1)
_LONG = timedelta(days=45)  # from here on a walk of the index in the order of the answer beats sorting what matches
_STARTED = col(ReleaseRow.started_micros)
_LEAD, _RESTORE = col(ReleaseRow.lead_mean_micros), col(ReleaseRow.restore_micros)
_MEDIANS = {"lead": (_LEAD, "lead_releases"), "restore": (_RESTORE, "restores")}


def _sums() -> list[SQLColumnExpression[Any]]:
    """In the order of the fields of `Counts`."""
    return [
        func.sum(col(ReleaseRow.successful)),
        func.sum(col(ReleaseRow.failed)),
        func.sum(col(ReleaseRow.rollback)),
        func.count(_STARTED),
        func.sum(col(ReleaseRow.lead_micros)),
        func.sum(col(ReleaseRow.lead_commits)),
        func.sum(case((col(ReleaseRow.lead_commits) > 0, 1), else_=0)),
        func.sum(col(ReleaseRow.pull_requests)),
        func.sum(_RESTORE),
        func.count(_RESTORE),
    ]


async def counts_by_bucket(session: AsyncSession, selection: ReleaseSelection, window: Window) -> dict[date, Counts]:
    """By the first day of the bucket in which the release began."""
    if not selection.filter.only_places:
        return by_bucket(window, await _by_day(session, selection, window))
    starts = edges(window)
    counted = await _between(session, selection, [to_micros(moment) for _, moment in starts])
    return {first: counts for (first, _), counts in zip(starts, counted, strict=False)}


async def counts_of(session: AsyncSession, selection: ReleaseSelection, window: Window) -> Counts:
    if selection.filter.only_places:
        return (await _between(session, selection, [to_micros(window.start), to_micros(window.end)]))[0]
    return _counts((await session.execute(select(*_sums()).where(*selection.where(), *_within(window)))).one())


async def busiest(
    session: AsyncSession, selection: ReleaseSelection, window: Window, *, limit: int
) -> Sequence[tuple[str, str, Counts]]:
    """(row id of the application, its cluster, counts), most releases first."""
    application = col(ReleaseRow.application_id)
    most = (
        select(application)
        .where(*selection.where(), *_within(window, by_time=not _walks(selection, window)))
        .group_by(application)
        .order_by(func.count().desc(), application)
        .limit(limit)
    )
    ranked = (await session.execute(most)).scalars().all()
    statement = (
        select(application, func.max(col(ReleaseRow.cluster)), *_sums())
        .where(application.in_(ranked), *selection.where(), *_within(window))
        .group_by(application)
    )
    found = {name: (cluster, _counts(sums)) for name, cluster, *sums in (await session.execute(statement)).all()}
    return [(name, *found[name]) for name in ranked if name in found]


async def median(
    session: AsyncSession, selection: ReleaseSelection, window: Window, of: str, counts: Counts
) -> float | None:
    """In seconds, the lower median over releases of "lead" or "restore"; None without any. `counts`: the window's."""
    value, counted = _MEDIANS[of]
    number = getattr(counts, counted)
    if not number:
        return None
    walks = _walks(selection, window)
    statement = (
        select(value)
        .where(value.is_not(None), *selection.where(), *_within(window, by_time=not walks))
        .order_by(value if walks else value + 0)
        .limit(1)
        .offset((number - 1) // 2)
    )
    middle = (await session.execute(statement)).scalar_one_or_none()
    return None if middle is None else middle / 1e6


def _walks(selection: ReleaseSelection, window: Window) -> bool:
    return selection.filter.only_places and window.end - window.start > _LONG


async def _between(session: AsyncSession, selection: ReleaseSelection, moments: Sequence[int]) -> list[Counts]:
    """Between each two of these moments, from the sums of whole days and what is off at the edges."""
    midnights = [(moment + DAY_MICROS // 2) // DAY_MICROS for moment in moments]
    found = [Counts() for _ in moments[1:]]
    both = union_all(_whole_days(selection, midnights[0], midnights[-1]), _off_midnight(selection, moments, midnights))
    for day, edge, *sums in (await session.execute(both)).all():  # one statement, so that both tell of one state
        counts = _counts(sums)
        if day is not None:
            place = bisect_right(midnights, day) - 1
            found[place] += counts
            continue
        if moments[edge] < midnights[edge] * DAY_MICROS:
            counts = Counts() - counts
        if edge > 0:
            found[edge - 1] += counts
        if edge < len(found):
            found[edge] -= counts
    return found


def _whole_days(selection: ReleaseSelection, first: int, end: int) -> Select[Any]:
    wanted = selection.filter
    table = table_of(ReleaseClusterDayRow if wanted.clusters else ReleaseDayRow)
    day, ruler = table.c["day"], table.c["ruler"]
    statement = (
        select(day, cast(literal(None), Integer).label("edge"), *(func.sum(table.c[name]).label(name) for name in SUMS))
        .where(day >= first, day < end, ruler.in_(visible_rulers(selection.visibility, wanted.runtimes)))
        .group_by(day)
    )
    return statement.where(table.c["cluster"].in_(sorted(wanted.clusters))) if wanted.clusters else statement


def _off_midnight(selection: ReleaseSelection, moments: Sequence[int], midnights: Sequence[int]) -> Select[Any]:
    """What began between each moment and its midnight, whichever comes first."""
    spans = [
        (number, min(moment, midnight * DAY_MICROS), max(moment, midnight * DAY_MICROS))
        for number, (moment, midnight) in enumerate(zip(moments, midnights, strict=True))
    ]
    columns = (column("edge", Integer), column("low", BigInteger), column("high", BigInteger))
    edge = values(*columns, name="edge").data(spans).cte()
    inside = and_(edge.c.low <= _STARTED, edge.c.high > _STARTED, *selection.where())
    return (
        select(cast(literal(None), Integer), edge.c.edge, *_sums())
        .select_from(edge.outerjoin(table_of(ReleaseRow), inside))  # an inner join may be begun at the releases' side
        .group_by(edge.c.edge)
    )


async def _by_day(session: AsyncSession, selection: ReleaseSelection, window: Window) -> dict[date, Counts]:
    """By days of the window's time zone. Days without any are absent."""
    day = local_day(window, _STARTED)
    statement = select(day, *_sums()).where(*selection.where(), *_within(window)).group_by(day)
    found = (await session.execute(statement)).all()
    return {_EPOCH + timedelta(days=int(number)): _counts(sums) for number, *sums in found}


def _counts(sums: Sequence[Any]) -> Counts:
    return Counts(*(int(value or 0) for value in sums))


def _within(window: Window, *, by_time: bool = True) -> tuple[SQLColumnExpression[bool], ...]:
    """`by_time` False: not to be looked up in an index by time."""
    started = _STARTED if by_time else _STARTED + 0
    return (to_micros(window.start) <= started, to_micros(window.end) > started)
