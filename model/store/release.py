"""Releases: what reports make of them, and pages of them. `model.store.statistics` counts them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.identity import ApplicationId
from model.listing import HEALTH_RANK, ListedApplication, Visibility
from model.paging import Page, PageRequest, encode_cursor, page_of
from model.references import issues, pull_requests
from model.release import Known, Release, ReleaseFilter, advance
from model.store.application_filter import labelled, members
from model.store.keyset import keyset
from model.store.moment import to_micros
from model.store.release_sums import recount
from model.store.report import ApplicationChange
from model.store.ruler import number_rulers, visible_rulers
from model.store.statement import upsert
from model.tables.release import ReleaseRow

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Release] = msgspec.msgpack.Decoder(Release)

_APPLICATION, _NUMBER = col(ReleaseRow.application_id), col(ReleaseRow.number)
_STARTED, _PAYLOAD = col(ReleaseRow.started_micros), col(ReleaseRow.payload)
_LOOKED_BACK = 50  # releases that failed one after the other
_WANTED = _APPLICATION.in_(bindparam("ids", expanding=True))
_UNRESTORED = select(_PAYLOAD).where(_WANTED, col(ReleaseRow.unrestored) == 1)
_REVISIONS = select(_APPLICATION, col(ReleaseRow.uid), _NUMBER, col(ReleaseRow.revision)).where(_WANTED)
SORTS = {"startedAt": (_STARTED, int), "historyId": (_NUMBER, int), "healthStatus": (col(ReleaseRow.health_rank), int)}


def _select_newest() -> Select[Any]:
    newest = (
        select(_APPLICATION.label("application_id"), func.max(_STARTED).label("started"))
        .where(_WANTED)
        .group_by(_APPLICATION)
        .subquery()
    )
    on = and_(newest.c.application_id == _APPLICATION, newest.c.started == _STARTED)
    return select(_PAYLOAD).join(newest, on).order_by(_NUMBER)


_NEWEST = _select_newest()


@dataclass(frozen=True, slots=True)
class ReleaseSelection:
    """What is asked for, out of what the viewer may see."""

    visibility: Visibility
    filter: ReleaseFilter = field(default_factory=ReleaseFilter)

    def where(self) -> list[ColumnElement[bool]]:
        rulers = visible_rulers(self.visibility, self.filter.runtimes)
        return [col(ReleaseRow.ruler).in_(rulers), *_conditions(self.filter)]


async def take(session: AsyncSession, changes: Iterable[ApplicationChange], *, now: datetime) -> list[Release]:
    """Releases that these changes of applications begin or judge, kept along with them."""
    concerned = {one.id: one.after for one in changes if one.after is not None and _concerns(one.before, one.after)}
    if not concerned:
        return []
    known = await _known(session, list(concerned))
    found = [
        release
        for application_id, listed in concerned.items()
        for release in advance(application_id, listed.summary, known[application_id], now=now)
    ]
    await put(session, found)
    return found


async def put(session: AsyncSession, releases: Collection[Release]) -> None:
    """Keeps these, and the sums of all with them."""
    if not releases:
        return
    rulers = await number_rulers(session, {_ruler(release) for release in releases})
    rows = [_row(release, rulers[_ruler(release)]) for release in releases]
    await recount(session, rows)
    await upsert(session, ReleaseRow, rows)


async def page(
    session: AsyncSession,
    selection: ReleaseSelection,
    request: PageRequest,
    *,
    sort: str = "startedAt",
    descending: bool = True,
) -> Page[Release]:
    key, kind = SORTS[sort]
    columns: list[Any] = [_PAYLOAD, key, _STARTED, _APPLICATION, _NUMBER]
    statement: Select[Any] = select(*columns).where(*selection.where())
    keys, types = [key, _STARTED, _APPLICATION, _NUMBER], [kind, int, str, int]
    statement = keyset(statement, request, keys, types, descending=descending)
    rows = [
        (encode_cursor(*values), _decoder.decode(payload))
        for payload, *values in (await session.execute(statement)).all()
    ]
    return page_of(rows, request)


async def count(session: AsyncSession, selection: ReleaseSelection) -> int:
    statement = select(func.count()).select_from(ReleaseRow).where(*selection.where())
    return (await session.execute(statement)).scalar_one()


async def get(session: AsyncSession, application_id: ApplicationId, uid: str, number: int) -> Release | None:
    row = await session.get(ReleaseRow, (str(application_id), uid, number))
    return _decoder.decode(row.payload) if row else None


async def deployed_before(session: AsyncSession, release: Release) -> Release | None:
    """The newest earlier one that was applied; None: none is known."""
    row, number = ReleaseRow, col(ReleaseRow.number)
    same = (col(row.application_id) == str(release.application), col(row.uid) == release.uid)
    earlier = select(_PAYLOAD).where(*same, number < release.number).order_by(number.desc()).limit(_LOOKED_BACK)
    found = map(_decoder.decode, (await session.execute(earlier)).scalars())
    return next((one for one in found if one.argo_id is not None), None)


async def newest_numbers(session: AsyncSession, ids: Collection[ApplicationId]) -> dict[ApplicationId, tuple[str, int]]:
    """(uid, number) of the release that each application runs, or last tried to."""
    found = await _newest(session, ids)
    return {release.application: (release.uid, release.number) for release in found}


def _concerns(before: ListedApplication | None, after: ListedApplication) -> bool:
    """Most reports tell nothing of releases; those cost no statement."""
    if before is None:
        return True
    old, new = before.summary, after.summary
    return (
        (old.uid, old.history, old.health, old.sync, old.release_commits)
        != (new.uid, new.history, new.health, new.sync, new.release_commits)
        or old.history_commits.keys() != new.history_commits.keys()
        or (old.operation.phase if old.operation else "") != (new.operation.phase if new.operation else "")
    )


async def _newest(session: AsyncSession, ids: Collection[ApplicationId]) -> list[Release]:
    found = await session.execute(_NEWEST, {"ids": [str(application_id) for application_id in ids]})
    return [_decoder.decode(payload) for (payload,) in found.all()]


async def _known(session: AsyncSession, ids: Sequence[ApplicationId]) -> dict[ApplicationId, Known]:
    newest = {release.application: release for release in await _newest(session, ids)}
    wanted = {"ids": [str(one) for one in newest]}
    unrestored = [_decoder.decode(payload) for (payload,) in (await session.execute(_UNRESTORED, wanted)).all()]
    revisions: dict[str, set[tuple[str, ...]]] = {}
    uids = {str(one.application): (one.uid, one.number) for one in newest.values()}
    for application_id, uid, number, revision in (await session.execute(_REVISIONS, wanted)).all():
        if uid == uids[application_id][0] and number < uids[application_id][1]:
            revisions.setdefault(application_id, set()).add(tuple(revision.split("\n")))
    return {
        one: Known(
            newest.get(one),
            tuple(release for release in unrestored if release.application == one),
            frozenset(revisions.get(str(one), ())),
        )
        for one in ids
    }


def _ruler(release: Release) -> tuple[str, str]:
    return (release.application.runtime, release.access_repo_url)


def _row(release: Release, ruler: int) -> dict[str, Any]:
    leads = release.lead_seconds if release.successful else ()
    lead_micros = round(sum(leads) * 1e6)
    restore = release.restore_seconds if release.failed and not release.rollback else None
    requests = [one.key for one in pull_requests(release.brought)]
    return {
        "application_id": str(release.application),
        "uid": release.uid,
        "number": release.number,
        "ruler": ruler,
        "namespace": release.application.namespace,
        "name": release.application.name,
        "cluster": release.cluster,
        "started_micros": to_micros(release.started),
        "health": release.health.value,
        "health_rank": HEALTH_RANK[release.health],
        "revision": "\n".join(release.revisions or (release.revision,)),
        "successful": int(release.successful),
        "failed": int(release.failed and not release.rollback),
        "rollback": int(release.rollback),
        "unrestored": int(release.failed and release.restored is None),
        "lead_micros": lead_micros,
        "lead_commits": len(leads),
        "lead_mean_micros": lead_micros // len(leads) if leads else None,
        "pull_requests": len(requests) if release.successful else 0,
        "restore_micros": round(restore * 1e6) if restore is not None else None,
        "committers": _listed(sorted({one.author_name for one in release.brought})),
        "pull_request_keys": _listed(requests),
        "issue_keys": _listed(issues(release.brought)),
        "payload": _encoder.encode(release),
    }


def _conditions(wanted: ReleaseFilter) -> list[ColumnElement[bool]]:
    columns = {
        ReleaseRow.cluster: wanted.clusters,
        ReleaseRow.name: wanted.names,
        ReleaseRow.namespace: frozenset({wanted.namespace} if wanted.namespace else ()),
        ReleaseRow.health: frozenset(health.value for health in wanted.healths),
    }
    found: list[ColumnElement[bool]] = [col(column).in_(sorted(values)) for column, values in columns.items() if values]
    if wanted.applications is not None:
        found.append(_APPLICATION.in_(sorted(wanted.applications)))
    found.extend(labelled(_APPLICATION, key, values) for key, values in wanted.labels)
    found.extend(members(_APPLICATION, wanted.groups, wanted.products, wanted.environments))
    if wanted.since is not None:
        found.append(to_micros(wanted.since) <= _STARTED)
    if wanted.until is not None:
        found.append(to_micros(wanted.until) > _STARTED)
    for column, values in (
        (col(ReleaseRow.committers), wanted.committers),
        (col(ReleaseRow.pull_request_keys), wanted.pull_requests),
        (col(ReleaseRow.issue_keys), wanted.issues),
    ):
        if values:
            found.append(or_(*(column.contains(f"\n{value}\n", autoescape=True) for value in sorted(values))))
    return found


def _listed(values: Iterable[str]) -> str:
    return "".join(f"\n{value}\n" for value in values)
