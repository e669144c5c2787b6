"""Numbers of rulers (a runtime and a repository), which stand in rows where many of them are to be summed quickly."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.listing import Visibility
from model.store.application_filter import visible
from model.store.statement import insert_missing
from model.tables.release import RulerRow

_PAIR = (col(RulerRow.runtime), col(RulerRow.access_repo))


def visible_rulers(visibility: Visibility, runtimes: Collection[str] = ()) -> Select[Any]:
    """The numbers of those that a viewer sees; with `runtimes`, of these only."""
    statement = select(col(RulerRow.id)).where(visible(visibility, *_PAIR))
    return statement.where(_PAIR[0].in_(sorted(runtimes))) if runtimes else statement


async def number_rulers(session: AsyncSession, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The number of each (runtime, repository); those that have none are given one."""
    found = await known_rulers(session, pairs)
    missing = sorted(set(pairs) - found.keys())
    if missing:
        await insert_missing(session, RulerRow, [{"runtime": one, "access_repo": repo} for one, repo in missing])
        found |= await known_rulers(session, missing)
    return found


async def known_rulers(session: AsyncSession, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The number of each (runtime, repository) that has one."""
    columns: list[Any] = [*_PAIR, col(RulerRow.id)]
    rows = (await session.execute(select(*columns).where(tuple_(*_PAIR).in_(sorted(set(pairs)))))).all()
    return {(runtime, repo): number for runtime, repo, number in rows}
