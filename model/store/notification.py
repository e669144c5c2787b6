"""What happened lately: keeping it, pages of it, dropping what is old."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.audit import AuditEntry
from model.listing import Visibility
from model.notification import EVERYTHING, KEPT, Notification, NotificationFilter, told_of_application, told_of_commit
from model.paging import Page, PageRequest, encode_cursor, page_of
from model.store.keyset import keyset
from model.store.moment import to_micros
from model.store.report import ApplicationChange
from model.store.ruler import number_rulers, visible_rulers
from model.store.statement import ROWS_PER_STATEMENT, upsert
from model.tables.notification import NotificationRow

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Notification] = msgspec.msgpack.Decoder(Notification)

_KEY, _TIME, _PAYLOAD = col(NotificationRow.key), col(NotificationRow.time_micros), col(NotificationRow.payload)


@dataclass(frozen=True, slots=True)
class NotificationSelection:
    """What is asked for, out of what the viewer may see."""

    visibility: Visibility
    filter: NotificationFilter = EVERYTHING

    def where(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [col(NotificationRow.ruler).in_(visible_rulers(self.visibility))]
        if self.filter.kinds:
            found.append(col(NotificationRow.kind).in_(sorted(self.filter.kinds)))
        if self.filter.since is not None:
            found.append(to_micros(self.filter.since) <= _TIME)
        return found


async def take(session: AsyncSession, changes: Iterable[ApplicationChange], *, now: datetime) -> Sequence[Notification]:
    """Keeps what these changes of applications tell, in their transaction."""
    return await _put(
        session, [one for change in changes for one in told_of_application(change.before, change.after, now=now)]
    )


async def take_commits(
    session: AsyncSession, runtime: str, entries: Iterable[AuditEntry], *, now: datetime
) -> Sequence[Notification]:
    """Keeps what these commits tell, unless another runtime that reads the repository told it."""
    told = [one for entry in entries for one in told_of_commit(runtime, entry, now=now)]
    known: set[str] = set()
    for start in range(0, len(told), ROWS_PER_STATEMENT):
        keys = [one.key for one in told[start : start + ROWS_PER_STATEMENT]]
        known.update((await session.execute(select(_KEY).where(_KEY.in_(keys)))).scalars())
    return await _put(session, [one for one in told if one.key not in known])


async def page(session: AsyncSession, selection: NotificationSelection, request: PageRequest) -> Page[Notification]:
    """Newest first."""
    columns: list[Any] = [_PAYLOAD, _TIME, _KEY]
    statement: Select[Any] = select(*columns).where(*selection.where())
    statement = keyset(statement, request, [_TIME, _KEY], [int, str], descending=True)
    rows = [
        (encode_cursor(time, key), _decoder.decode(payload))
        for payload, time, key in (await session.execute(statement)).all()
    ]
    return page_of(rows, request)


async def count(session: AsyncSession, selection: NotificationSelection) -> int:
    statement = select(func.count()).select_from(NotificationRow).where(*selection.where())
    return (await session.execute(statement)).scalar_one()


async def get(session: AsyncSession, key: str) -> Notification | None:
    row = await session.get(NotificationRow, key)
    return _decoder.decode(row.payload) if row else None


async def drop_old(session: AsyncSession, *, now: datetime) -> None:
    await session.execute(delete(NotificationRow).where(to_micros(now - KEPT) > _TIME))


async def _put(session: AsyncSession, told: Sequence[Notification]) -> Sequence[Notification]:
    if told:
        rulers = await number_rulers(session, {(one.runtime, one.access_repo_url) for one in told})
        rows = [
            {
                "key": one.key,
                "ruler": rulers[one.runtime, one.access_repo_url],
                "time_micros": to_micros(one.time),
                "kind": one.kind.value,
                "payload": _encoder.encode(one),
            }
            for one in told
        ]
        await upsert(session, NotificationRow, rows)
    return told
