"""What Home counts of workflows, out of the executions that the viewer may see."""

from dataclasses import dataclass, replace
from datetime import datetime

from api.access.viewer import Viewer
from api.actions.runtimes import all_visible
from api.plane import ControlPlane
from model.statistics import Window, buckets, edges
from model.store import pipeline_statistics as store
from model.store import runtime as runtime_store
from model.store.pipeline_statistics import ExecutionSelection
from model.workflow import ExecutionCounts, ExecutionFilter, RankedPipeline, Ranking

PLACES = 10


@dataclass(frozen=True, slots=True)
class Executions:
    """`before` counts the period of equal length just before."""

    window: Window
    selection: ExecutionSelection
    counts: ExecutionCounts
    before: ExecutionCounts


@dataclass(frozen=True, slots=True)
class Day:
    """What finished on one day of the viewer's. `partial`: the window, or the present, cuts it."""

    start: datetime
    partial: bool
    counts: ExecutionCounts


@dataclass(frozen=True, slots=True)
class RankedNow:
    """A pipeline, and where it stood in the period before; None: it did not run then."""

    now: RankedPipeline
    before: RankedPipeline | None


async def executions(plane: ControlPlane, viewer: Viewer, wanted: ExecutionFilter, window: Window) -> Executions:
    selection = ExecutionSelection(await plane.authority.visibility(viewer), wanted)
    async with plane.database.read() as session:
        counts = await store.counts_of(session, selection, window)
        before = await store.counts_of(session, selection, window.previous)
    return Executions(window, selection, counts, before)


async def are_served(plane: ControlPlane, viewer: Viewer, runtimes: frozenset[str]) -> bool:
    """Whether a cluster of these runtimes, or of any that the viewer sees, knows workflows."""
    names = [one.name for one in await all_visible(plane, viewer) if not runtimes or one.name in runtimes]
    async with plane.database.read() as session:
        return any(one.summary.workflows for one in await runtime_store.clusters(session, names))


async def days(plane: ControlPlane, found: Executions) -> list[Day]:
    """All days of the window, those without any executions too."""
    window = found.window
    async with plane.database.read() as session:
        counted = await store.counts_by_day(session, found.selection, window)
    return [
        Day(bucket.start, bucket.partial, counted.get(first, ExecutionCounts()))
        for (first, _), bucket in zip(edges(window), buckets(window, {}, now=plane.clock()), strict=False)
    ]


async def ranking(plane: ControlPlane, found: Executions, by: Ranking) -> list[RankedNow]:
    """The first PLACES."""
    async with plane.database.read() as session:
        leading = await store.leading(session, found.selection, found.window, by, places=PLACES)
        keys = [one.key for one in leading]
        before = await store.places_of(session, found.selection, found.window.previous, by, keys)
    return [RankedNow(one, before.get(one.key)) for one in leading]


async def choices(plane: ControlPlane, found: Executions, of: str) -> list[tuple[str, int]]:
    """What can be filtered by, whatever is filtered by now."""
    everything = replace(found.selection, filter=ExecutionFilter(runtimes=found.selection.filter.runtimes))
    async with plane.database.read() as session:
        return await store.choices(session, everything, found.window, of)
