"""Sums of releases by day, kept in the transaction that writes the releases: what each of them no longer counts as is
taken away, and what it counts as now is added. `model.store.statistics` reads them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.statistics import SUMS, Counts
from model.store.moment import DAY_MICROS
from model.store.statement import ROWS_PER_STATEMENT, add_to, table_of
from model.tables.release import ReleaseClusterDayRow, ReleaseDayRow, ReleaseRow

_Key: TypeAlias = tuple[str, str, int]
_KEY = (col(ReleaseRow.application_id), col(ReleaseRow.uid), col(ReleaseRow.number))
_COUNTED = (
    *("ruler", "cluster", "started_micros", "successful", "failed", "rollback"),
    *("lead_micros", "lead_commits", "pull_requests", "restore_micros"),
)
_COUNTED_BY_KEY = select(*(table_of(ReleaseRow).c[name] for name in _COUNTED)).where(
    tuple_(*_KEY).in_(bindparam("keys", expanding=True))
)
_KEYS_PER_STATEMENT = ROWS_PER_STATEMENT // len(_KEY)


async def recount(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """To be called before these rows of releases replace what is there."""
    after = {(row["application_id"], row["uid"], row["number"]): row for row in rows}
    before = await _stored(session, list(after))
    changes: dict[tuple[str, int, int], Counts] = {}
    for row in before:
        _count(changes, row, Counts() - _counts(row))
    for row in after.values():
        _count(changes, row, _counts(row))
    await _add(session, {place: change for place, change in changes.items() if change != Counts()})


def _count(changes: dict[tuple[str, int, int], Counts], row: Mapping[str, Any], counts: Counts) -> None:
    place = (row["cluster"], row["started_micros"] // DAY_MICROS, row["ruler"])
    changes[place] = changes.get(place, Counts()) + counts


def _counts(row: Mapping[str, Any]) -> Counts:
    return Counts(
        successful=row["successful"],
        failed=row["failed"],
        rollbacks=row["rollback"],
        releases=1,
        lead_micros=row["lead_micros"],
        lead_commits=row["lead_commits"],
        lead_releases=int(row["lead_commits"] > 0),
        pull_requests=row["pull_requests"],
        restore_micros=row["restore_micros"] or 0,
        restores=int(row["restore_micros"] is not None),
    )


async def _stored(session: AsyncSession, keys: Sequence[_Key]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for start in range(0, len(keys), _KEYS_PER_STATEMENT):
        rows = await session.execute(_COUNTED_BY_KEY, {"keys": keys[start : start + _KEYS_PER_STATEMENT]})
        found.extend(dict(zip(_COUNTED, row, strict=True)) for row in rows.all())
    return found


async def _add(session: AsyncSession, changes: Mapping[tuple[str, int, int], Counts]) -> None:
    by_day: dict[tuple[int, int], Counts] = {}
    for (_, day, ruler), counts in changes.items():
        by_day[day, ruler] = by_day.get((day, ruler), Counts()) + counts
    days = [
        {"day": day, "ruler": ruler, **_named(counts)} for (day, ruler), counts in sorted(by_day.items(), key=_first)
    ]
    await add_to(session, ReleaseDayRow, days, SUMS)
    cluster_days = [
        {"cluster": cluster, "day": day, "ruler": ruler, **_named(counts)}
        for (cluster, day, ruler), counts in sorted(changes.items(), key=_first)
    ]
    await add_to(session, ReleaseClusterDayRow, cluster_days, SUMS)


def _first(item: tuple[tuple[Any, ...], Counts]) -> tuple[Any, ...]:
    """Two that write the same sums at once must do so in the same order."""
    return item[0]


def _named(counts: Counts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in SUMS}
