"""Small regular work: keeping the query planner informed, dropping what is old, and a sign of life for /readyz."""

import asyncio
from collections.abc import Callable

from api.plane import ControlPlane
from model.store import execution as execution_store
from model.store import image_build as image_build_store
from model.store import notification as notification_store

TICK_SECONDS = 5.0
ANALYZE_TICKS = 120


def keep_house(plane: ControlPlane) -> None:
    async def work(beat: Callable[[], None]) -> None:
        for tick in range(1, 2**62):
            await asyncio.sleep(TICK_SECONDS)
            await plane.database.check()
            beat()
            if tick % ANALYZE_TICKS == 0:
                await plane.database.analyze()
                async with plane.database.write() as session:
                    await notification_store.drop_old(session, now=plane.clock())
                    await image_build_store.drop_old(session, now=plane.clock())
                    await execution_store.drop_old(session, now=plane.clock())

    plane.supervisor.start("housekeeping", work, beat_seconds=TICK_SECONDS)
