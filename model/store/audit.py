"""The audit log: taking in what was read from Git, pages of it, and how far each repository has been read."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.audit import EVERYTHING, AuditBatch, AuditEntry, AuditFilter, AuditPosition, ListedAuditEntry
from model.paging import Page, PageRequest, encode_cursor, page_of
from model.store.keyset import keyset
from model.store.moment import to_micros
from model.store.statement import ROWS_PER_STATEMENT, table_of, upsert
from model.tables.audit import AuditEntryRow, AuditRepositoryRow

_encoder = msgspec.msgpack.Encoder()
_entries: msgspec.msgpack.Decoder[AuditEntry] = msgspec.msgpack.Decoder(AuditEntry)
_positions: msgspec.msgpack.Decoder[AuditPosition] = msgspec.msgpack.Decoder(AuditPosition)
_SEARCHED_CHARACTERS = 1000

_ID, _PLACE, _TIME = col(AuditEntryRow.id), col(AuditEntryRow.place), col(AuditEntryRow.time_micros)


@dataclass(frozen=True, slots=True)
class AuditRepository:
    """A repository that a runtime has read; `place` names the two of them together."""

    place: str
    runtime: str
    repo: str


@dataclass(frozen=True, slots=True)
class AuditSelection:
    """What is asked for, out of the places that the viewer may read. One place a repository: no commit twice."""

    places: tuple[AuditRepository, ...]
    filter: AuditFilter = EVERYTHING

    def where(self) -> list[ColumnElement[bool]]:
        wanted = self.filter
        places = [one for one in self.places if not wanted.repositories or one.repo in wanted.repositories]
        return [_PLACE.in_([one.place for one in places]), *_conditions(wanted, places)]


def place_of(runtime: str, repo: str) -> str:
    return hashlib.blake2b(f"{runtime}\n{repo}".encode(), digest_size=8).hexdigest()


def entry_id(runtime: str, repo: str, sha: str) -> str:
    return sha + place_of(runtime, repo)


async def repositories(session: AsyncSession) -> list[AuditRepository]:
    columns = (col(AuditRepositoryRow.place), col(AuditRepositoryRow.runtime), col(AuditRepositoryRow.repo))
    rows = (await session.execute(select(*columns).order_by(columns[2], columns[1]))).all()
    return [AuditRepository(place, runtime, repo) for place, runtime, repo in rows]


async def positions(session: AsyncSession, runtime: str) -> tuple[AuditPosition, ...]:
    statement = select(col(AuditRepositoryRow.payload)).where(col(AuditRepositoryRow.runtime) == runtime)
    return tuple(_positions.decode(payload) for payload in (await session.execute(statement)).scalars())


async def take_in(session: AsyncSession, runtime: str, batch: AuditBatch) -> bool:
    """Keeps a batch and the position after it. True: the repository was not known before."""
    repo = batch.after.repo_url
    place = place_of(runtime, repo)
    known = await session.get(AuditRepositoryRow, place)
    if batch.anew:
        await session.execute(delete(AuditEntryRow).where(col(AuditEntryRow.place) == place))
    for start in range(0, len(batch.removed), ROWS_PER_STATEMENT):
        gone = [sha + place for sha in batch.removed[start : start + ROWS_PER_STATEMENT]]
        await session.execute(delete(AuditEntryRow).where(_ID.in_(gone)))
    await upsert(session, AuditEntryRow, [_row(place, entry) for entry in batch.entries])
    await _write_outcomes(session, place, batch.outcomes)
    row = {"place": place, "runtime": runtime, "repo": repo, "payload": _encoder.encode(batch.after)}
    await upsert(session, AuditRepositoryRow, [row])
    return known is None


async def page(session: AsyncSession, selection: AuditSelection, request: PageRequest) -> Page[ListedAuditEntry]:
    """Newest first."""
    statement = keyset(_listed(selection), request, [_TIME, _ID], [int, str], descending=True)
    found = (await session.execute(statement)).all()
    runtimes = {one.place: one.runtime for one in selection.places}
    rows = [
        (encode_cursor(time, row_id), ListedAuditEntry(runtimes[place], _decoded(payload, outcome)))
        for place, payload, outcome, time, row_id in found
    ]
    return page_of(rows, request)


async def count(session: AsyncSession, selection: AuditSelection) -> int:
    statement = select(func.count()).select_from(AuditEntryRow).where(*selection.where())
    return (await session.execute(statement)).scalar_one()


async def get(session: AsyncSession, runtime: str, repo: str, sha: str) -> ListedAuditEntry | None:
    row = await session.get(AuditEntryRow, entry_id(runtime, repo, sha))
    return ListedAuditEntry(runtime, _decoded(row.payload, row.outcome)) if row else None


def _listed(selection: AuditSelection) -> Select[Any]:
    columns: list[Any] = [_PLACE, col(AuditEntryRow.payload), col(AuditEntryRow.outcome), _TIME, _ID]
    return select(*columns).where(*selection.where())


def _decoded(payload: bytes, outcome: str) -> AuditEntry:
    return msgspec.structs.replace(_entries.decode(payload), outcome=outcome)


def _row(place: str, entry: AuditEntry) -> dict[str, Any]:
    searched = (
        entry.commit.sha,
        entry.commit.message,
        entry.entity_name,
        entry.actor_name,
        entry.actor_email,
        *entry.files[:10],
    )
    return {
        "id": entry.commit.sha + place,
        "place": place,
        "time_micros": to_micros(entry.commit.date),
        "action": entry.action,
        "entity_kind": entry.entity_kind,
        "entity_name": entry.entity_name,
        "runtime": entry.runtime,
        "actor": entry.actor_name,
        "operation_id": entry.operation_id,
        "outcome": entry.outcome,
        "text": "\n".join(searched).lower()[:_SEARCHED_CHARACTERS],
        "payload": _encoder.encode(msgspec.structs.replace(entry, outcome="")),
    }


async def _write_outcomes(session: AsyncSession, place: str, outcomes: Collection[tuple[str, str]]) -> None:
    """Only of commits that are here."""
    table = table_of(AuditEntryRow)
    for sha, outcome in outcomes:
        await session.execute(update(table).where(table.c.id == sha + place).values(outcome=outcome))


def _conditions(wanted: AuditFilter, places: list[AuditRepository]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    columns = {
        AuditEntryRow.actor: wanted.actors,
        AuditEntryRow.action: wanted.actions,
        AuditEntryRow.entity_kind: wanted.entity_kinds,
    }
    found += [col(column).in_(sorted(values)) for column, values in columns.items() if values]
    if wanted.entity_name:
        found.append(col(AuditEntryRow.entity_name) == wanted.entity_name)
    if wanted.runtimes:
        own = [one.place for one in places if one.runtime in wanted.runtimes]
        outside = and_(col(AuditEntryRow.runtime) == "", _PLACE.in_(own))
        found.append(or_(col(AuditEntryRow.runtime).in_(sorted(wanted.runtimes)), outside))
    if wanted.since is not None:
        found.append(to_micros(wanted.since) <= _TIME)
    if wanted.until is not None:
        found.append(to_micros(wanted.until) > _TIME)
    if wanted.search:
        found.append(col(AuditEntryRow.text).contains(wanted.search.lower(), autoescape=True))
    return found
