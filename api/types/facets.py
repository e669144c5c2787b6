"""Counts of applications by what they are. Each count is a statement of its own, run only when it is selected."""

from collections.abc import Mapping

import strawberry

from api.actions import reading
from api.context import Info
from api.types.shared import SAME_FOR_EQUALS
from model.listing import ApplicationFacet, ApplicationFilter, Membership
from model.report import HealthState


@strawberry.type
class Facet:
    value: str
    count: int


def health_facets(healths: Mapping[HealthState, int]) -> list[Facet]:
    """Most first."""
    ordered = sorted(healths.items(), key=lambda one: (-one[1], one[0]))
    return [Facet(value=health.value, count=count) for health, count in ordered]


@strawberry.type(description="How many applications there are per value, under the given filters.")
class ApplicationFacets:
    wanted: strawberry.Private[ApplicationFilter]

    @strawberry.field(metadata={SAME_FOR_EQUALS: True})
    async def total(self, info: Info) -> int:
        return await reading.count(info.context.plane, info.context.signed_in(), self.wanted)

    @strawberry.field(metadata={SAME_FOR_EQUALS: True})
    async def health_statuses(self, info: Info) -> list[Facet]:
        return await self._facet(info, ApplicationFacet.HEALTH)

    @strawberry.field(metadata={SAME_FOR_EQUALS: True})
    async def sync_statuses(self, info: Info) -> list[Facet]:
        return await self._facet(info, ApplicationFacet.SYNC)

    @strawberry.field(metadata={SAME_FOR_EQUALS: True})
    async def runtimes(self, info: Info) -> list[Facet]:
        return await self._facet(info, ApplicationFacet.RUNTIME)

    @strawberry.field(metadata={SAME_FOR_EQUALS: True})
    async def clusters(self, info: Info) -> list[Facet]:
        return await self._facet(info, ApplicationFacet.CLUSTER)

    @strawberry.field(metadata={SAME_FOR_EQUALS: True})
    async def namespaces(self, info: Info) -> list[Facet]:
        return await self._facet(info, ApplicationFacet.NAMESPACE)

    @strawberry.field(metadata={SAME_FOR_EQUALS: True})
    async def projects(self, info: Info) -> list[Facet]:
        return await self._facet(info, ApplicationFacet.PROJECT)

    @strawberry.field(metadata={SAME_FOR_EQUALS: True})
    async def kinds(self, info: Info) -> list[Facet]:
        return await self._facet(info, ApplicationFacet.KIND)

    @strawberry.field(
        description="Values are written key=value; the 1,000 most frequent ones.", metadata={SAME_FOR_EQUALS: True}
    )
    async def labels(self, info: Info) -> list[Facet]:
        return await self._facet(info, None)

    @strawberry.field(description="Application groups; the 1,000 most frequent ones.", metadata={SAME_FOR_EQUALS: True})
    async def groups(self, info: Info) -> list[Facet]:
        return await self._facet(info, Membership.GROUP)

    @strawberry.field(description="The 1,000 most frequent ones.", metadata={SAME_FOR_EQUALS: True})
    async def products(self, info: Info) -> list[Facet]:
        return await self._facet(info, Membership.PRODUCT)

    @strawberry.field(
        description="Environments that they deploy to; the 1,000 most frequent ones.", metadata={SAME_FOR_EQUALS: True}
    )
    async def environments(self, info: Info) -> list[Facet]:
        return await self._facet(info, Membership.ENVIRONMENT)

    async def _facet(self, info: Info, by: ApplicationFacet | Membership | None) -> list[Facet]:
        found = await reading.facets(info.context.plane, info.context.signed_in(), self.wanted, by)
        return [Facet(value=value, count=count) for value, count in found]
