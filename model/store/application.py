"""The list of applications: pages, counts, single ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, exists, func, literal_column, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from model.identity import ApplicationId
from model.listing import (
    EVERYTHING,
    HEALTH_RANK,
    SYNC_RANK,
    ApplicationFacet,
    ApplicationFilter,
    ApplicationSort,
    ListedApplication,
    Membership,
    Visibility,
)
from model.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from model.report import ApplicationSummary
from model.store.application_filter import conditions, visible
from model.store.keyset import keyset
from model.store.moment import to_micros
from model.tables.application import ApplicationLabelRow, ApplicationMembershipRow, ApplicationRow

_decoder = msgspec.msgpack.Decoder(ApplicationSummary)
_encoder = msgspec.msgpack.Encoder()

_ID, _RUNTIME = col(ApplicationRow.id), col(ApplicationRow.runtime)
#: After a column: grouped by itself, it would be read in the order of its own index, payloads and all.
_NOTHING: ColumnElement[str] = literal_column("''")
_ACCESS_REPO, _PAYLOAD = col(ApplicationRow.access_repo), col(ApplicationRow.payload)


@dataclass(frozen=True, slots=True)
class ApplicationSelection:
    """What a viewer asks for, out of what they may see."""

    visibility: Visibility
    person: str
    filter: ApplicationFilter = EVERYTHING

    def where(self, *, counting: bool = False) -> list[ColumnElement[bool]]:
        """`counting`: see `conditions`."""
        found = [visible(self.visibility), *conditions(self.filter, self.person, counting=counting)]
        return [*found, self._is_root()] if self.filter.only_roots else found

    def _is_root(self) -> ColumnElement[bool]:
        holder = aliased(ApplicationRow)
        seen = visible(self.visibility, col(holder.runtime), col(holder.access_repo))
        held = exists().where(col(holder.id) == col(ApplicationRow.parent), seen)
        return or_(col(ApplicationRow.parent) == "", ~held)


def decode(runtime: str, payload: bytes) -> ListedApplication:
    return ListedApplication(runtime, _decoder.decode(payload))


def row_of(application: ListedApplication, generation: int) -> dict[str, Any]:
    """The row of one application, as `upsert` takes it."""
    summary = application.summary
    return {
        "id": str(application.id),
        "runtime": application.runtime,
        "namespace": summary.key.namespace,
        "name": summary.key.name,
        "cluster": summary.cluster,
        "destination_namespace": summary.destination.namespace,
        "project": summary.project,
        "kind": summary.kind.value,
        "policy": application.policy,
        "sync": summary.sync.value,
        "health": summary.health.value,
        "sync_rank": SYNC_RANK[summary.sync],
        "health_rank": HEALTH_RANK[summary.health],
        "updated_micros": to_micros(summary.updated_at),
        "access_repo": summary.access_repo_url,
        "repositories": "".join(f"\n{url}\n" for url in application.repositories),
        "parent": application.parent,
        "problems": application.problems,
        "generation": generation,
        "payload": _encoder.encode(summary),
    }


async def page(
    session: AsyncSession,
    selection: ApplicationSelection,
    request: PageRequest,
    *,
    sort: ApplicationSort = ApplicationSort.NAME,
    descending: bool = False,
) -> Page[ListedApplication]:
    key = col(getattr(ApplicationRow, sort.value))
    statement: Select[Any] = select(_RUNTIME, _PAYLOAD, key, _ID).where(*selection.where())
    statement = keyset(statement, request, [key, _ID], [sort.value_type, str], descending=descending)
    found = (await session.execute(statement)).all()
    rows = [(encode_cursor(value, row_id), decode(runtime, payload)) for runtime, payload, value, row_id in found]
    return page_of(rows, request)


async def count(session: AsyncSession, selection: ApplicationSelection) -> int:
    statement = select(func.count()).select_from(ApplicationRow).where(*selection.where(counting=True))
    return (await session.execute(statement)).scalar_one()


async def count_problems(session: AsyncSession, selection: ApplicationSelection) -> int:
    statement = select(func.coalesce(func.sum(col(ApplicationRow.problems)), 0)).where(*selection.where(counting=True))
    return int((await session.execute(statement)).scalar_one())


async def facet(
    session: AsyncSession, selection: ApplicationSelection, by: ApplicationFacet
) -> Sequence[tuple[str, int]]:
    """How many applications there are per value, most first."""
    column = col(getattr(ApplicationRow, by.value)).concat(_NOTHING)
    statement = select(column, func.count()).where(*selection.where(counting=True)).group_by(column)
    rows = (await session.execute(statement.order_by(func.count().desc(), column))).all()
    return [(value, number) for value, number in rows]


async def label_facet(
    session: AsyncSession, selection: ApplicationSelection, *, limit: int = 1000
) -> Sequence[tuple[str, int]]:
    """How many applications there are per `key=value` of their labels, most first."""
    key, value = col(ApplicationLabelRow.key), col(ApplicationLabelRow.value)
    counted = select(_ID).where(*selection.where(counting=True))
    statement = (
        select(key, value, func.count())
        .where(col(ApplicationLabelRow.application_id).in_(counted))
        .group_by(key, value)
        .order_by(func.count().desc(), key, value)
        .limit(limit)
    )
    return [(f"{name}={text}", number) for name, text, number in (await session.execute(statement)).all()]


async def membership_facet(
    session: AsyncSession, selection: ApplicationSelection, of: Membership, *, limit: int = 1000
) -> Sequence[tuple[str, int]]:
    """How many applications there are per group, per product or per environment, most first."""
    row = ApplicationMembershipRow
    name, counted = col(row.name), select(_ID).where(*selection.where(counting=True))
    statement = (
        select(name, func.count())
        .where(col(row.kind) == of.value, col(row.application_id).in_(counted))
        .group_by(name)
        .order_by(func.count().desc(), name)
        .limit(limit)
    )
    return [(value, number) for value, number in (await session.execute(statement)).all()]


async def count_children(session: AsyncSession, visibility: Visibility, ids: Collection[str]) -> dict[str, int]:
    """How many applications each of these holds, of those that the viewer sees."""
    parent = col(ApplicationRow.parent)
    statement = select(parent, func.count()).where(visible(visibility), parent.in_(sorted(ids))).group_by(parent)
    return {holder: number for holder, number in (await session.execute(statement)).all()}


async def get_many(session: AsyncSession, ids: Collection[ApplicationId]) -> dict[ApplicationId, ListedApplication]:
    statement = select(_RUNTIME, _PAYLOAD).where(_ID.in_([str(application_id) for application_id in ids]))
    found = [decode(runtime, payload) for runtime, payload in (await session.execute(statement)).all()]
    return {application.id: application for application in found}


async def find(session: AsyncSession, runtime: str, name: str) -> list[ListedApplication]:
    """Applications of that name in any namespace of the runtime."""
    statement = select(_RUNTIME, _PAYLOAD).where(
        col(ApplicationRow.runtime) == runtime, col(ApplicationRow.name) == name
    )
    rows = (await session.execute(statement.order_by(col(ApplicationRow.namespace)))).all()
    return [decode(row_runtime, payload) for row_runtime, payload in rows]


async def access_repositories(session: AsyncSession) -> frozenset[tuple[str, str]]:
    """Every (runtime, repository) that rules at least one application."""
    statement = select(_RUNTIME, _ACCESS_REPO).distinct()
    rows = (await session.execute(statement.where(col(ApplicationRow.access_repo) != ""))).all()
    return frozenset((runtime, url) for runtime, url in rows)


async def count_by_runtime(session: AsyncSession, runtimes: Collection[str]) -> dict[str, int]:
    column = _RUNTIME
    statement = select(column, func.count()).where(column.in_(sorted(runtimes))).group_by(column)
    return {runtime: number for runtime, number in (await session.execute(statement)).all()}


async def problems_page(
    session: AsyncSession, selection: ApplicationSelection, request: PageRequest
) -> Page[tuple[ListedApplication, int]]:
    """Problems of applications as (application, number of its problem), worst application first.

    A cursor is (health rank, id, number): the page may begin and end amid one application's problems.
    """
    wanted = replace(selection, filter=replace(selection.filter, with_problems=True))
    down = not request.backwards
    edge = request.before if request.backwards else request.after
    rank, edge_id, index = decode_cursor(edge, int, str, int) if edge else (None, "", 0)
    statement = select(_RUNTIME, _PAYLOAD, col(ApplicationRow.health_rank), _ID).where(*wanted.where())
    position = tuple_(col(ApplicationRow.health_rank), _ID)
    if rank is not None:  # the application at the edge is read again: some of its problems may remain
        statement = statement.where(position <= tuple_(rank, edge_id) if down else position >= tuple_(rank, edge_id))
    keys = (col(ApplicationRow.health_rank), _ID)
    statement = statement.order_by(*(key.desc() if down else key.asc() for key in keys)).limit(request.limit + 2)
    rows: list[tuple[str, tuple[ListedApplication, int]]] = []
    for runtime, payload, row_rank, row_id in (await session.execute(statement)).all():
        application = decode(runtime, payload)
        numbers = range(application.problems) if down else reversed(range(application.problems))
        for number in numbers:
            at_edge = (row_rank, row_id) == (rank, edge_id)
            if not at_edge or (number > index if down else number < index):
                rows.append((encode_cursor(row_rank, row_id, number), (application, number)))
    return page_of(rows, request)
