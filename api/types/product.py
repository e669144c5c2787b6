"""Products: the same parts of a business in several environments."""

from datetime import datetime

import strawberry

from api.actions import reading
from api.context import Info
from api.types.application import Application, shown_page
from api.types.facets import Facet, health_facets
from api.types.node import Node
from api.types.slices import Pagination, Slice
from model.app_group import PRODUCT_KIND, AppGroup
from model.identity import encode_node_id
from model.listing import ApplicationFilter, Membership


@strawberry.type(
    description="Applications that name the same product in the annotation codefresh.io/product. It is there as long "
    "as one of them does, and has only those that the viewer may see."
)
class Product(Node):
    name: str
    favorite: bool
    applications_num: int
    health_statuses: list[Facet] = strawberry.field(description="How many of its applications there are per health.")
    updated_at: datetime = strawberry.field(description="When one of its applications was deployed last.")

    @strawberry.field(description="How many of its applications there are per environment; one may be in several.")
    async def environments(self, info: Info) -> list[Facet]:
        plane, viewer = info.context.plane, info.context.signed_in()
        found = await reading.facets(plane, viewer, self._wanted, Membership.ENVIRONMENT)
        return [Facet(value=value, count=count) for value, count in found]

    @strawberry.field
    async def applications(self, info: Info, pagination: Pagination = None) -> Slice[Application]:
        found = await reading.applications(info.context.plane, info.context.signed_in(), self._wanted, pagination)
        return await shown_page(info, found)

    @property
    def _wanted(self) -> ApplicationFilter:
        return ApplicationFilter(products=frozenset({self.name}))

    @staticmethod
    def of(product: AppGroup, *, starred: frozenset[str]) -> "Product":
        """`starred`: names of the products that the viewer starred."""
        return Product(
            id=strawberry.ID(encode_node_id(PRODUCT_KIND, product.name)),
            name=product.name,
            favorite=product.name in starred,
            applications_num=product.applications,
            health_statuses=health_facets(product.healths),
            updated_at=product.updated,
        )
