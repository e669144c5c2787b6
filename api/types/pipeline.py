"""Figures of workflows that came to an end. `model.workflow` says what each of them means."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

import strawberry

from api.actions import pipelines as actions
from api.actions.pipelines import Executions, RankedNow
from api.context import Info
from api.errors import Invalid
from api.types.facets import Facet
from model.errors import InvalidValue
from model.statistics import Granularity, Window, change_percent, window_of
from model.workflow import ExecutionCounts, ExecutionFilter, ExecutionPhase, Ranking, TriggerEvent

strawberry.enum(ExecutionPhase, name="WorkflowExecutionPhase")
strawberry.enum(TriggerEvent, name="WorkflowTriggerEvent")
ExecutionPhaseEnum: TypeAlias = ExecutionPhase
TriggerEventEnum: TypeAlias = TriggerEvent

_Figure: TypeAlias = Callable[[ExecutionCounts], float | None]


def _executions(counts: ExecutionCounts) -> float | None:
    """None where there is none: that nothing ran is no figure of a pipeline."""
    return float(counts.executions) if counts.executions else None


def _committers(counts: ExecutionCounts) -> float | None:
    """Nobody who is known is not the same as nobody."""
    return float(counts.committers) if counts.committers else None


FIGURES: dict[str, _Figure] = {
    "success_rate": lambda counts: counts.success_rate,
    "average_duration": lambda counts: counts.average_seconds,
    "executions": _executions,
    "committers": _committers,
}


@strawberry.type(description="Against the period of equal length just before; each is null where nothing ran.")
class PipelineFigure:
    value: float | None
    previous: float | None
    change_percent: float | None

    @staticmethod
    def of(value: float | None, previous: float | None) -> "PipelineFigure":
        change = None if value is None or previous is None else change_percent(value, previous)
        return PipelineFigure(value=value, previous=previous, change_percent=change)


@strawberry.type
class PipelineDay:
    start: datetime
    success_rate: float | None = strawberry.field(description="From 0 to 1; null where nothing ran.")
    average_duration: float | None = strawberry.field(description="In seconds; null where nothing ran.")
    executions: float | None
    committers: float | None
    partial: bool


@strawberry.type
class RankedPipeline:
    rank: int
    previous_rank: int | None = strawberry.field(description="In the period before; null: it did not run then.")
    name: str
    runtime: str
    cluster: str
    namespace: str
    executions: PipelineFigure
    average_duration: PipelineFigure
    success_rate: PipelineFigure

    @staticmethod
    def of(ranked: RankedNow) -> "RankedPipeline":
        now, before = ranked.now, ranked.before
        earlier = before.counts if before else ExecutionCounts()

        def figure(name: str) -> PipelineFigure:
            return PipelineFigure.of(FIGURES[name](now.counts), FIGURES[name](earlier))

        return RankedPipeline(
            rank=now.place,
            previous_rank=before.place if before else None,
            name=now.key.name,
            runtime=now.key.runtime,
            cluster=now.cluster_name,
            namespace=now.key.namespace,
            executions=figure("executions"),
            average_duration=figure("average_duration"),
            success_rate=figure("success_rate"),
        )


@strawberry.type(description="Values that executions of the period have, most frequent first.")
class PipelineChoices:
    found: strawberry.Private[Executions]

    @strawberry.field
    async def repositories(self, info: Info) -> list[Facet]:
        return await self._of(info, "repository")

    @strawberry.field
    async def branches(self, info: Info) -> list[Facet]:
        return await self._of(info, "branch")

    @strawberry.field
    async def initiators(self, info: Info) -> list[Facet]:
        return await self._of(info, "initiator")

    async def _of(self, info: Info, column: str) -> list[Facet]:
        found = await actions.choices(info.context.plane, self.found, column)
        return [Facet(value=value, count=count) for value, count in found]


@strawberry.type(description="Over executions that finished in the period.")
class PipelineStatistics:
    success_rate: PipelineFigure = strawberry.field(description="Executions that succeeded, of all; from 0 to 1.")
    average_duration: PipelineFigure = strawberry.field(description="Mean time from start to end, in seconds.")
    executions: PipelineFigure = strawberry.field(description="How many came to an end.")
    committers: PipelineFigure = strawberry.field(description="Distinct authors of the commits that triggered them.")
    found: strawberry.Private[Executions]

    @strawberry.field(description="Whether a cluster that the viewer may see serves workflows.")
    async def served(self, info: Info) -> bool:
        runtimes = self.found.selection.filter.runtimes
        return await actions.are_served(info.context.plane, info.context.signed_in(), runtimes)

    @strawberry.field(description="Each day of the period, in the viewer's time zone.")
    async def days(self, info: Info) -> list[PipelineDay]:
        found = await actions.days(info.context.plane, self.found)
        return [
            PipelineDay(
                start=day.start, partial=day.partial, **{name: figure(day.counts) for name, figure in FIGURES.items()}
            )
            for day in found
        ]

    @strawberry.field(description="At most ten, most executions first.")
    async def most_active(self, info: Info) -> list[RankedPipeline]:
        return await self._ranking(info, Ranking.EXECUTIONS)

    @strawberry.field(description="At most ten, those that take longest on average first.")
    async def longest(self, info: Info) -> list[RankedPipeline]:
        return await self._ranking(info, Ranking.DURATION)

    @strawberry.field
    def choices(self) -> PipelineChoices:
        return PipelineChoices(found=self.found)

    async def _ranking(self, info: Info, by: Ranking) -> list[RankedPipeline]:
        return [RankedPipeline.of(one) for one in await actions.ranking(info.context.plane, self.found, by)]

    @staticmethod
    def of(found: Executions) -> "PipelineStatistics":
        figures = {name: PipelineFigure.of(of(found.counts), of(found.before)) for name, of in FIGURES.items()}
        return PipelineStatistics(found=found, **figures)


@strawberry.input
class PipelineFilterArgs:
    from_: datetime = strawberry.field(name="from")
    to: datetime
    runtimes: list[str] | None = None
    statuses: list[ExecutionPhaseEnum] | None = None
    repositories: list[str] | None = None
    branches: list[str] | None = None
    events: list[TriggerEventEnum] | None = None
    initiators: list[str] | None = None
    time_zone: str = "UTC"

    def value(self) -> ExecutionFilter:
        return ExecutionFilter(
            runtimes=frozenset(self.runtimes or ()),
            phases=frozenset(self.statuses or ()),
            repositories=frozenset(self.repositories or ()),
            branches=frozenset(self.branches or ()),
            events=frozenset(self.events or ()),
            initiators=frozenset(self.initiators or ()),
        )

    def window(self) -> Window:
        try:
            return window_of(self.from_, self.to, self.time_zone, Granularity.DAILY)
        except InvalidValue as error:
            raise Invalid(str(error), field="filters") from error
