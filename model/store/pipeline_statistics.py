"""Counting executions of workflows: over a window, by day of the viewer, by pipeline. One pass over an index each.

An execution counts at the moment at which it finished, so the figures of a day that is over stay as they are.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, case, distinct, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.listing import Visibility
from model.statistics import Window
from model.store.local_day import local_day
from model.store.moment import to_micros
from model.store.ruler import visible_rulers
from model.tables.execution import ExecutionRow
from model.workflow import ExecutionCounts, ExecutionFilter, PipelineKey, RankedPipeline, Ranking, TriggerEvent

_EPOCH = date(1970, 1, 1)
_MOST_CHOICES = 200
_FINISHED, _DURATION = col(ExecutionRow.finished_micros), col(ExecutionRow.duration_micros)
_PIPELINE = (
    col(ExecutionRow.runtime),
    col(ExecutionRow.cluster),
    col(ExecutionRow.namespace),
    col(ExecutionRow.pipeline),
)
CHOICES = {
    "repository": col(ExecutionRow.repository),
    "branch": col(ExecutionRow.branch),
    "initiator": col(ExecutionRow.initiator),
}


@dataclass(frozen=True, slots=True)
class ExecutionSelection:
    """What is asked for, out of what the viewer may see."""

    visibility: Visibility
    filter: ExecutionFilter = field(default_factory=ExecutionFilter)

    def where(self, window: Window) -> list[ColumnElement[bool]]:
        rulers, wanted = visible_rulers(self.visibility, self.filter.runtimes), self.filter
        columns: dict[Any, Collection[str]] = {
            ExecutionRow.phase: wanted.phases,
            ExecutionRow.repository: wanted.repositories,
            ExecutionRow.branch: wanted.branches,
            ExecutionRow.event: wanted.events,
            ExecutionRow.initiator: wanted.initiators,
        }
        return [
            to_micros(window.start) <= _FINISHED,
            to_micros(window.end) > _FINISHED,
            col(ExecutionRow.ruler).in_(rulers),
            col(ExecutionRow.second_ruler).in_(rulers),
            *(col(column).in_(sorted(values)) for column, values in columns.items() if values),
        ]


async def counts_of(session: AsyncSession, selection: ExecutionSelection, window: Window) -> ExecutionCounts:
    return _counts((await session.execute(select(*_sums()).where(*selection.where(window)))).one())


async def counts_by_day(
    session: AsyncSession, selection: ExecutionSelection, window: Window
) -> dict[date, ExecutionCounts]:
    """By days of the window's time zone. Days without any are absent."""
    day = local_day(window, _FINISHED)
    found = await session.execute(select(day, *_sums()).where(*selection.where(window)).group_by(day))
    return {_EPOCH + timedelta(days=int(number)): _counts(sums) for number, *sums in found.all()}


async def leading(
    session: AsyncSession, selection: ExecutionSelection, window: Window, by: Ranking, *, places: int
) -> list[RankedPipeline]:
    """The first of all pipelines that ran."""
    ranked = _ranked(selection, window, by).subquery()
    statement = select(ranked).where(ranked.c.place <= places).order_by(ranked.c.place)
    return [_pipeline(row) for row in (await session.execute(statement)).all()]


async def places_of(
    session: AsyncSession, selection: ExecutionSelection, window: Window, by: Ranking, keys: Collection[PipelineKey]
) -> dict[PipelineKey, RankedPipeline]:
    """Where these stood among all pipelines of another window; those that did not run are absent."""
    if not keys:
        return {}
    ranked = _ranked(selection, window, by).subquery()
    place = tuple_(ranked.c.runtime, ranked.c.cluster, ranked.c.namespace, ranked.c.pipeline)
    these = place.in_([(one.runtime, one.cluster, one.namespace, one.name) for one in keys])
    found = (_pipeline(row) for row in (await session.execute(select(ranked).where(these))).all())
    return {one.key: one for one in found}


async def choices(
    session: AsyncSession, selection: ExecutionSelection, window: Window, of: str
) -> list[tuple[str, int]]:
    """Values of one of CHOICES with the number of executions, most first."""
    column = CHOICES[of]
    number = func.count()
    statement = (
        select(column, number)
        .where(*selection.where(window), column != "")
        .group_by(column)
        .order_by(number.desc(), column)
        .limit(_MOST_CHOICES)
    )
    return [(value, count) for value, count in (await session.execute(statement)).all()]


def _ranked(selection: ExecutionSelection, window: Window, by: Ranking) -> Select[Any]:
    measure = func.count() if by is Ranking.EXECUTIONS else func.sum(_DURATION) * 1.0 / func.count()
    columns: list[Any] = [
        *_PIPELINE,
        func.max(col(ExecutionRow.cluster_name)).label("cluster_name"),
        func.row_number().over(order_by=(measure.desc(), *_PIPELINE)).label("place"),
        *(
            column.label(f"sum_{number}") for number, column in enumerate(_sums()[:-1])
        ),  # no committers: those cost most
    ]
    return select(*columns).where(*selection.where(window)).group_by(*reversed(_PIPELINE))


def _sums() -> list[SQLColumnExpression[Any]]:
    """In the order of the fields of `ExecutionCounts`."""
    initiator = col(ExecutionRow.initiator)
    by_commit = and_(col(ExecutionRow.event) == TriggerEvent.GIT.value, initiator != "")
    return [
        func.count(),
        func.sum(col(ExecutionRow.succeeded)),
        func.sum(_DURATION),
        func.count(distinct(case((by_commit, initiator), else_=None))),
    ]


def _counts(sums: Any) -> ExecutionCounts:
    return ExecutionCounts(*(int(value or 0) for value in sums))


def _pipeline(row: Any) -> RankedPipeline:
    runtime, cluster, namespace, name, cluster_name, place, *sums = row
    return RankedPipeline(PipelineKey(runtime, cluster, namespace, name), cluster_name, place, _counts(sums))
