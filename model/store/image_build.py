"""Builds of images: keeping what CI told, finding those of releases, dropping what is old."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.build import KEPT, ImageBuild
from model.image import ImageReference
from model.store.moment import to_micros
from model.store.ruler import known_rulers, number_rulers
from model.store.statement import ROWS_PER_STATEMENT, upsert
from model.tables.image_build import ImageBuildRow

MOST_OF_ONE = 50_000  # rows of one reporter; the oldest go first
MOST_AT_ONCE = 2_000  # newest first: a tag that is built again and again
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[ImageBuild] = msgspec.msgpack.Decoder(ImageBuild)

_IMAGE, _REPORTER = col(ImageBuildRow.image), col(ImageBuildRow.reporter)
_REPORTED, _RULERS = col(ImageBuildRow.reported_micros), col(ImageBuildRow.rulers)


async def put(
    session: AsyncSession, build: ImageBuild, image: ImageReference, repositories: Collection[tuple[str, str]]
) -> None:
    """Keeps a build that counts for what these (runtime, repository) rule. The same run told again takes its place."""
    rulers = await number_rulers(session, repositories)
    counted = "\n".join(["", *map(str, sorted(rulers.values())), ""])
    rows = [
        {
            "id": hashlib.sha256("\n".join((key, build.reporter, build.url)).encode()).hexdigest(),
            "image": key,
            "reporter": build.reporter,
            "reported_micros": to_micros(build.reported),
            "rulers": counted,
            "payload": _encoder.encode(build),
        }
        for key in image.keys
    ]
    await upsert(session, ImageBuildRow, rows)


async def of_images(
    session: AsyncSession, keys: Collection[str], repositories: Collection[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, list[ImageBuild]]]:
    """By (runtime, repository), the builds that count there, by key of the image."""
    rulers = await known_rulers(session, repositories)
    wanted, here = sorted(keys), or_(false(), *(_RULERS.contains(f"\n{number}\n") for number in rulers.values()))
    columns: list[Any] = [_IMAGE, _RULERS, col(ImageBuildRow.payload)]
    found: dict[tuple[str, str], dict[str, list[ImageBuild]]] = {}
    for start in range(0, len(wanted), ROWS_PER_STATEMENT):
        statement = select(*columns).where(_IMAGE.in_(wanted[start : start + ROWS_PER_STATEMENT]), here)
        statement = statement.order_by(_REPORTED.desc()).limit(MOST_AT_ONCE)
        for image, counted, payload in (await session.execute(statement)).all():
            build = _decoder.decode(payload)
            for repository, number in rulers.items():
                if f"\n{number}\n" in counted:
                    found.setdefault(repository, {}).setdefault(image, []).append(build)
    return found


async def drop_old(session: AsyncSession, *, now: datetime, most_of_one: int = MOST_OF_ONE) -> None:
    """What is older than anybody looks back, and what one reporter told beyond the most that is kept."""
    await session.execute(delete(ImageBuildRow).where(to_micros(now - KEPT) > _REPORTED))
    counts: Any = select(_REPORTER).group_by(_REPORTER).having(func.count() > most_of_one)
    for reporter in (await session.execute(counts)).scalars().all():
        theirs = _REPORTER.in_([reporter])
        newest = select(_REPORTED).where(theirs).order_by(_REPORTED.desc())
        oldest_kept = (await session.execute(newest.offset(most_of_one - 1).limit(1))).scalar_one()
        await session.execute(delete(ImageBuildRow).where(theirs, oldest_kept > _REPORTED))
