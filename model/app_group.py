"""Groups of applications, and products, which are groups of another kind: each application is in one at most.

One is there as long as an application that the viewer sees names it.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from model.listing import Membership
from model.report import HealthState

GROUP_KIND, PRODUCT_KIND = "AppGroup", "Product"
#: What they are called in ids, and in what people starred.
FAVORITE_KINDS = {Membership.GROUP: GROUP_KIND, Membership.PRODUCT: PRODUCT_KIND}


class AppGroupSort(enum.StrEnum):
    NAME = "name"
    UPDATED = "updated_micros"

    @property
    def value_type(self) -> type:
        return str if self is AppGroupSort.NAME else int


@dataclass(frozen=True, slots=True)
class AppGroupFilter:
    """Fields must all hold. `applications`: names, of which one has to be in the group."""

    search: str = ""
    names: frozenset[str] = frozenset()
    applications: frozenset[str] = frozenset()
    favorite: bool | None = None


EVERY_GROUP = AppGroupFilter()


@dataclass(frozen=True, slots=True)
class AppGroup:
    """`updated` is when one of its applications was deployed last; `healths` counts them."""

    name: str
    applications: int
    updated: datetime
    healths: Mapping[HealthState, int]
