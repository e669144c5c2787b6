"""Groups of applications."""

import enum
from datetime import datetime

import strawberry

from api.actions import reading, releases
from api.context import Info
from api.types.application import Application, shown_page
from api.types.enums import SortingOrder
from api.types.facets import Facet, health_facets
from api.types.node import Node
from api.types.release import GitopsRelease
from api.types.slices import Pagination, Slice, slice_of
from model.app_group import GROUP_KIND, AppGroupFilter, AppGroupSort
from model.app_group import AppGroup as AppGroupValue
from model.identity import encode_node_id
from model.listing import ApplicationFilter
from model.release import ReleaseFilter


@strawberry.type(
    description="Applications that name the same group in the annotation codefresh.io/app-group. It is there as long "
    "as one of them does, and has only those that the viewer may see."
)
class AppGroup(Node):
    name: str
    favorite: bool
    applications_num: int
    health_statuses: list[Facet] = strawberry.field(description="How many of its applications there are per health.")
    updated_at: datetime = strawberry.field(description="When one of its applications was deployed last.")

    @strawberry.field
    async def applications(self, info: Info, pagination: Pagination = None) -> Slice[Application]:
        wanted = ApplicationFilter(groups=frozenset({self.name}))
        found = await reading.applications(info.context.plane, info.context.signed_in(), wanted, pagination)
        return await shown_page(info, found)

    @strawberry.field(description="Deployments of its applications, newest first.")
    async def releases(self, info: Info, pagination: Pagination = None) -> Slice[GitopsRelease]:
        wanted = ReleaseFilter(groups=frozenset({self.name}))
        found = await releases.releases(info.context.plane, info.context.signed_in(), wanted, pagination)
        return slice_of(found.page, GitopsRelease.of, found.count)

    @staticmethod
    def of(group: AppGroupValue, *, starred: frozenset[str]) -> "AppGroup":
        """`starred`: names of the groups that the viewer starred."""
        return AppGroup(
            id=strawberry.ID(encode_node_id(GROUP_KIND, group.name)),
            name=group.name,
            favorite=group.name in starred,
            applications_num=group.applications,
            health_statuses=health_facets(group.healths),
            updated_at=group.updated,
        )


@strawberry.input
class AppGroupFilterArgs:
    search: str | None = strawberry.field(default=None, description="Part of the name, case ignored.")
    applications: list[str] | None = strawberry.field(
        default=None, description="Names of applications, of which one has to be in the group."
    )
    favorite: bool | None = None

    def value(self) -> AppGroupFilter:
        return AppGroupFilter(
            search=(self.search or "").strip(),
            applications=frozenset(self.applications or ()),
            favorite=self.favorite,
        )


@strawberry.enum
class AppGroupSortingField(enum.Enum):
    name = "name"
    lastUpdated = "lastUpdated"


@strawberry.input
class AppGroupSortArg:
    field: AppGroupSortingField
    order: SortingOrder = SortingOrder.asc

    @property
    def column(self) -> AppGroupSort:
        return AppGroupSort.UPDATED if self.field is AppGroupSortingField.lastUpdated else AppGroupSort.NAME
