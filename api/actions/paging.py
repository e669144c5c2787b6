"""What a client asks of a list, checked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from api.errors import Invalid
from model.paging import Page, PageRequest

LONGEST_PAGE = 100
UNPAGED = 1000

Row = TypeVar("Row")


class Paging(Protocol):
    after: str | None
    before: str | None
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Found(Generic[Row]):
    """A page, and how to count the whole list should anybody ask."""

    page: Page[Row]
    count: Callable[[], Awaitable[int]]


def page_request(paging: Paging | None) -> PageRequest:
    """Raises Invalid. An empty cursor means the start."""
    if paging is None:
        return PageRequest(UNPAGED)
    if paging.first is not None and paging.last is not None:
        raise Invalid("give `first` or `last`, not both", field="pagination")
    limit = paging.last if paging.first is None else paging.first
    if limit is None:
        limit = LONGEST_PAGE
    if not 0 <= limit <= LONGEST_PAGE:
        raise Invalid(f"a page has at most {LONGEST_PAGE} entries, not {limit}", field="pagination")
    return PageRequest(limit, paging.after or "", paging.before or "", backwards=paging.last is not None)


async def counted(number: int) -> int:
    return number
