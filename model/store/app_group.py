"""Groups and products, counted from the applications that the viewer sees. No payload is read."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.app_group import EVERY_GROUP, FAVORITE_KINDS, AppGroup, AppGroupFilter, AppGroupSort
from model.listing import Membership, Visibility
from model.paging import Page, PageRequest, encode_cursor, page_of
from model.report import HealthState
from model.store.application_filter import visible
from model.store.keyset import keyset
from model.store.moment import from_micros
from model.tables.application import ApplicationMembershipRow, ApplicationRow
from model.tables.favorite import FavoriteRow

_NAME, _MEMBER = col(ApplicationMembershipRow.name), col(ApplicationMembershipRow.application_id)
_ID = col(ApplicationRow.id)


@dataclass(frozen=True, slots=True)
class AppGroupSelection:
    """What a viewer asks for, out of what they may see. `of`: groups, or products."""

    visibility: Visibility
    person: str
    filter: AppGroupFilter = EVERY_GROUP
    of: Membership = Membership.GROUP

    def where(self) -> list[ColumnElement[bool]]:
        wanted, of_kind = self.filter, _is(self.of)
        found: list[ColumnElement[bool]] = [of_kind, visible(self.visibility)]
        if wanted.search:
            found.append(_NAME.icontains(wanted.search, autoescape=True))
        if wanted.names:
            found.append(_NAME.in_(sorted(wanted.names)))
        if wanted.applications:
            named = (of_kind, visible(self.visibility), col(ApplicationRow.name).in_(sorted(wanted.applications)))
            found.append(_NAME.in_(select(_NAME).join(ApplicationRow, _ID == _MEMBER).where(*named)))
        if wanted.favorite is not None:
            person, kind = col(FavoriteRow.person) == self.person, col(FavoriteRow.kind) == FAVORITE_KINDS[self.of]
            starred = _NAME.in_(select(col(FavoriteRow.entity)).where(person, kind))
            found.append(starred if wanted.favorite else ~starred)
        return found

    def groups(self) -> Subquery:
        updated = func.max(col(ApplicationRow.updated_micros)).label("updated_micros")
        members: Select[Any, Any, Any] = select(_NAME.label("name"), func.count().label("applications"), updated)
        return members.join(ApplicationRow, _ID == _MEMBER).where(*self.where()).group_by(_NAME).subquery()


async def page(
    session: AsyncSession,
    selection: AppGroupSelection,
    request: PageRequest,
    *,
    sort: AppGroupSort = AppGroupSort.NAME,
    descending: bool = False,
) -> Page[AppGroup]:
    groups = selection.groups()
    name, key = groups.c.name, groups.c[sort.value]
    statement: Select[Any] = select(name, groups.c.applications, groups.c.updated_micros, key)
    statement = keyset(statement, request, [key, name], [sort.value_type, str], descending=descending)
    found = (await session.execute(statement)).all()
    counted = await healths(session, selection.visibility, selection.of, [row[0] for row in found])
    rows = [
        (encode_cursor(value, row_name), AppGroup(row_name, number, from_micros(updated), counted[row_name]))
        for row_name, number, updated, value in found
    ]
    return page_of(rows, request)


async def count(session: AsyncSession, selection: AppGroupSelection) -> int:
    statement = select(func.count()).select_from(selection.groups())
    return (await session.execute(statement)).scalar_one()


async def get(
    session: AsyncSession, visibility: Visibility, name: str, of: Membership = Membership.GROUP
) -> AppGroup | None:
    """None: no application that the viewer sees is in one of this name."""
    selection = AppGroupSelection(visibility, "", AppGroupFilter(names=frozenset({name})), of)
    found = await page(session, selection, PageRequest(1))
    return found.rows[0][1] if found.rows else None


async def healths(
    session: AsyncSession, visibility: Visibility, of: Membership, names: Collection[str]
) -> dict[str, dict[HealthState, int]]:
    """How many applications of each there are per health, of those that the viewer sees."""
    health = col(ApplicationRow.health)
    statement = (
        select(_NAME, health, func.count())
        .join(ApplicationRow, _ID == _MEMBER)
        .where(_is(of), _NAME.in_(sorted(names)), visible(visibility))
        .group_by(_NAME, health)
    )
    counts: dict[str, dict[HealthState, int]] = defaultdict(dict)
    for name, state, number in (await session.execute(statement)).all():
        counts[name][HealthState(state)] = number
    return counts


def _is(of: Membership) -> ColumnElement[bool]:
    return col(ApplicationMembershipRow.kind) == of.value
