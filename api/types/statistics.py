"""Figures of Home and of the DORA page. `model.statistics` says what each of them means."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

import strawberry

from api.actions import runtimes as runtime_actions
from api.actions import statistics as actions
from api.actions.statistics import ActiveApplication as ActiveValue
from api.actions.statistics import Deployments
from api.context import Info
from api.errors import Invalid
from api.types.facets import Facet
from api.types.inputs import label_pairs
from api.types.meta import ApplicationLink
from api.types.release import release_node_id
from model.errors import InvalidValue
from model.release import ReleaseFilter
from model.statistics import (
    Bucket,
    Counts,
    Granularity,
    Level,
    Window,
    change_percent,
    failure_rate_level,
    frequency_level,
    lead_time_level,
    restore_time_level,
    window_of,
)

strawberry.enum(Granularity, name="Granularity")
strawberry.enum(Level, name="DoraLevel")
GranularityEnum: TypeAlias = Granularity
DoraLevel: TypeAlias = Level

_MOST_STEPS = 100
_PER_BUCKET = {Granularity.DAILY: "per day", Granularity.WEEKLY: "per week", Granularity.MONTHLY: "per month"}


@strawberry.type(description="Change against the period of equal length just before; null when that one is empty.")
class Trend:
    value: float
    previous: float | None
    change_percent: float | None

    @staticmethod
    def of(value: float, previous: float) -> "Trend":
        return Trend(value=value, previous=previous, change_percent=change_percent(value, previous))


@strawberry.type
class DeploymentBucket:
    start: datetime
    successful: int
    failed: int
    rollbacks: int
    partial: bool

    @staticmethod
    def of(bucket: Bucket) -> "DeploymentBucket":
        counts = bucket.counts
        return DeploymentBucket(
            start=bucket.start,
            successful=counts.successful,
            failed=counts.failed,
            rollbacks=counts.rollbacks,
            partial=bucket.partial,
        )


@strawberry.type
class DeploymentTotals:
    successful: Trend
    failed: Trend
    rollbacks: Trend


@strawberry.type
class ActiveApplication:
    application: ApplicationLink
    cluster: str | None
    deployments: Trend
    successful: int
    failed: int
    rollbacks: int

    @staticmethod
    def of(active: ActiveValue) -> "ActiveApplication":
        one = active.id
        return ActiveApplication(
            application=ApplicationLink.of(one),
            cluster=active.cluster or None,
            deployments=Trend.of(active.counts.releases, active.before.releases),
            successful=active.counts.successful,
            failed=active.counts.failed,
            rollbacks=active.counts.rollbacks,
        )


@strawberry.type
class HomeStatistics:
    deployments: list[DeploymentBucket]
    totals: DeploymentTotals
    found: strawberry.Private[Deployments]

    @strawberry.field(description="How many runtimes are connected, and how many are not.")
    async def runtimes(self, info: Info) -> list[Facet]:
        context, wanted = info.context, self.found.selection.filter.runtimes
        found = await runtime_actions.runtimes(context.plane, context.signed_in(), None)
        names = [one.name for _, one in found.page.rows if not wanted or one.name in wanted]
        live = sum(1 for name in names if context.plane.connected.available(name))
        return [Facet(value="Healthy", count=live), Facet(value="Error", count=len(names) - live)]

    @strawberry.field(
        description="How many clusters are connected, failed, or unknown since nothing is deployed there."
    )
    async def clusters(self, info: Info) -> list[Facet]:
        context, wanted = info.context, self.found.selection.filter.runtimes
        found = await runtime_actions.clusters(context.plane, context.signed_in(), None, None)
        states = [one.summary.connection for _, one in found.page.rows if not wanted or one.runtime in wanted]
        named = {"Connected": "Successful", "Failed": "Failed", "Unknown": "Unknown"}
        return [Facet(value=value, count=states.count(state)) for value, state in named.items()]

    @strawberry.field(description="Steps before the period, oldest first, at most 100: what is usual here.")
    async def history(self, info: Info, steps: int = 60) -> list[DeploymentBucket]:
        if not 0 < steps <= _MOST_STEPS:
            raise Invalid(f"`steps` is from 1 to {_MOST_STEPS}", field="steps")
        found = await actions.history(info.context.plane, self.found, steps=steps)
        return [DeploymentBucket.of(one) for one in found]

    @strawberry.field(description="At most five, most releases first; with clusters: those deployed to one of them.")
    async def most_active(self, info: Info, clusters: list[str] | None = None) -> list[ActiveApplication]:
        found = await actions.most_active(info.context.plane, self.found, frozenset(clusters or ()))
        return [ActiveApplication.of(one) for one in found]

    @staticmethod
    def of(found: Deployments) -> "HomeStatistics":
        counts, before = found.counts, found.before
        return HomeStatistics(
            deployments=[DeploymentBucket.of(one) for one in found.buckets],
            totals=DeploymentTotals(
                successful=Trend.of(counts.successful, before.successful),
                failed=Trend.of(counts.failed, before.failed),
                rollbacks=Trend.of(counts.rollbacks, before.rollbacks),
            ),
            found=found,
        )


@strawberry.type
class DoraTotals:
    deployments: int
    rollbacks: int
    failure_rate: float | None
    commits: int
    pull_requests: int


@strawberry.type
class DoraPoint:
    start: datetime
    value: float | None = strawberry.field(description="Null where there is nothing to tell.")
    partial: bool
    bucket: strawberry.Private[Bucket]
    found: strawberry.Private[Deployments]

    @strawberry.field(description="The releases behind the figure, newest first; at most 500.")
    async def releases(self, info: Info) -> list[strawberry.ID]:
        found = await actions.releases_of(info.context.plane, self.found, self.bucket)
        return [release_node_id(one) for one in found]

    @strawberry.field(description="The commits that those releases brought.")
    async def commits(self, info: Info) -> list[str]:
        found = await actions.releases_of(info.context.plane, self.found, self.bucket)
        return list(dict.fromkeys(commit.sha for one in found for commit in one.commits))


@strawberry.type
class DoraSeries:
    unit: str
    headline: float | None = strawberry.field(description="Over the whole window.")
    mean: float | None
    median: float | None
    level: DoraLevel | None
    points: list[DoraPoint]


@strawberry.type
class DoraStatistics:
    totals: DoraTotals
    deployment_frequency: DoraSeries
    lead_time_for_changes: DoraSeries
    change_failure_rate: DoraSeries
    time_to_restore_service: DoraSeries

    @staticmethod
    def of(found: Deployments) -> "DoraStatistics":
        counts, window = found.counts, found.window
        nothing = counts.releases == 0
        average = None if nothing or not found.buckets else counts.successful / len(found.buckets)
        days = (window.end - window.start).total_seconds() / 86400
        lead, restore = counts.lead_time_seconds, counts.restore_time_seconds
        return DoraStatistics(
            totals=DoraTotals(
                deployments=counts.releases - counts.rollbacks,
                rollbacks=counts.rollbacks,
                failure_rate=counts.failure_rate,
                commits=counts.lead_commits,
                pull_requests=counts.pull_requests,
            ),
            deployment_frequency=DoraSeries(
                unit=_PER_BUCKET[window.granularity],
                headline=average,
                mean=average,
                median=None,
                level=None if nothing else frequency_level(counts.successful / days),
                points=_points(found, lambda one: None if nothing else float(one.successful)),
            ),
            lead_time_for_changes=DoraSeries(
                unit="seconds",
                headline=lead,
                mean=lead,
                median=found.median_lead_seconds,
                level=lead_time_level(lead),
                points=_points(found, lambda one: one.lead_time_seconds),
            ),
            change_failure_rate=DoraSeries(
                unit="ratio",
                headline=counts.failure_rate,
                mean=counts.failure_rate,
                median=None,
                level=failure_rate_level(counts.failure_rate),
                points=_points(found, lambda one: one.failure_rate),
            ),
            time_to_restore_service=DoraSeries(
                unit="seconds",
                headline=restore,
                mean=restore,
                median=found.median_restore_seconds,
                level=restore_time_level(restore),
                points=_points(found, lambda one: one.restore_time_seconds),
            ),
        )


def _points(found: Deployments, value: Callable[[Counts], float | None]) -> list[DoraPoint]:
    return [
        DoraPoint(start=one.start, value=value(one.counts), partial=one.partial, bucket=one, found=found)
        for one in found.buckets
    ]


@strawberry.input
class HomeFilterArgs:
    from_: datetime = strawberry.field(name="from")
    to: datetime
    runtimes: list[str] | None = None
    granularity: GranularityEnum = Granularity.DAILY
    time_zone: str = "UTC"

    def value(self) -> ReleaseFilter:
        return ReleaseFilter(runtimes=frozenset(self.runtimes or ()))

    def window(self) -> Window:
        return _window(self.from_, self.to, self.time_zone, self.granularity)


@strawberry.input
class DoraFilterArgs:
    from_: datetime = strawberry.field(name="from")
    to: datetime
    runtimes: list[str] | None = None
    clusters: list[str] | None = None
    applications: list[str] | None = None
    labels: list[str] | None = None
    groups: list[str] | None = None
    products: list[str] | None = None
    environments: list[str] | None = None
    favorite: bool | None = None
    granularity: GranularityEnum = Granularity.WEEKLY
    time_zone: str = "UTC"

    def value(self, starred: frozenset[str]) -> ReleaseFilter:
        """`starred`: row ids of the applications that the viewer starred."""
        return ReleaseFilter(
            runtimes=frozenset(self.runtimes or ()),
            clusters=frozenset(self.clusters or ()),
            names=frozenset(self.applications or ()),
            labels=label_pairs(self.labels or []),
            groups=frozenset(self.groups or ()),
            products=frozenset(self.products or ()),
            environments=frozenset(self.environments or ()),
            applications=starred if self.favorite else None,
        )

    def window(self) -> Window:
        return _window(self.from_, self.to, self.time_zone, self.granularity)


def _window(start: datetime, end: datetime, time_zone: str, granularity: Granularity) -> Window:
    try:
        return window_of(start, end, time_zone, granularity)
    except InvalidValue as error:
        raise Invalid(str(error), field="filters") from error
