"""Room for a few at a time, which nobody may keep for long.

Operations that only wait (for a wave to become healthy, for a slow webhook) must not keep others from starting, so a
slot is given back after a while whether its holder is done or not.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """`width` holders per name."""

    def __init__(self, width: int, *, patience_seconds: float) -> None:
        self._width = width
        self._patience_seconds = patience_seconds
        self._rooms: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def slot(self, name: str) -> AsyncIterator[None]:
        room = self._rooms.setdefault(name, asyncio.Semaphore(self._width))
        await room.acquire()
        held = True

        def give_back() -> None:
            nonlocal held
            if held:
                held = False
                room.release()

        timer = asyncio.get_running_loop().call_later(self._patience_seconds, give_back)
        try:
            yield
        finally:
            timer.cancel()
            give_back()
