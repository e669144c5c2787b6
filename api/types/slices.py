"""Lists: slices with opaque, keyset-based cursors."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeVar

import strawberry

from api.types.shared import SAME_FOR_EQUALS
from model.paging import Page

Item = TypeVar("Item")
Row = TypeVar("Row")

TotalCount = Callable[[], Awaitable[int]]


@strawberry.type
class SliceInfo:
    start_cursor: str | None
    end_cursor: str | None
    has_next_page: bool
    has_prev_page: bool


@strawberry.type
class Edge(Generic[Item]):
    node: Item
    cursor: str


@strawberry.type
class Slice(Generic[Item]):
    edges: list[Edge[Item]]
    nodes: list[Item]
    page_info: SliceInfo
    count: strawberry.Private[TotalCount]

    @strawberry.field(description="Counted only when asked for.", metadata={SAME_FOR_EQUALS: True})
    async def total_count(self) -> int:
        return await self.count()


def slice_of(page: Page[Row], make: Callable[[Row], Item], count: TotalCount) -> Slice[Item]:
    edges = [Edge(node=make(row), cursor=cursor) for cursor, row in page.rows]
    return Slice(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=SliceInfo(
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
            has_next_page=page.has_next,
            has_prev_page=page.has_previous,
        ),
        count=count,
    )


@strawberry.input(description="`first` with `after`, or `last` with `before`; at most 100 at once.")
class SlicePaginationArgs:
    after: str | None = None
    before: str | None = None
    first: int | None = None
    last: int | None = None


Pagination = Annotated[
    SlicePaginationArgs | None, strawberry.argument(description="Without it up to 1,000 are returned.")
]
