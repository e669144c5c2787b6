"""The newest notifications of this process, told to everybody who follows them, as far as they may see them."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence

from api.access.authorize import Authority
from api.access.viewer import Viewer
from model.notification import Notification

KEPT_NOTIFICATIONS = 2048
PAUSE_SECONDS = 0.1


class Activity:
    """Whoever falls behind by more than `KEPT_NOTIFICATIONS` misses some: they are in the database."""

    def __init__(self, authority: Authority, *, kept: int = KEPT_NOTIFICATIONS) -> None:
        self._authority = authority
        self._number = 0
        self._ring: deque[Notification] = deque(maxlen=kept)
        self._event = asyncio.Event()

    def publish(self, told: Sequence[Notification]) -> None:
        if told:
            self._ring.extend(told)
            self._number += len(told)
            self._event.set()
            self._event = asyncio.Event()

    async def follow(self, viewer: Viewer) -> AsyncGenerator[Notification, None]:
        """What comes from now on."""
        known = self._number
        while True:
            if known == self._number:
                await self._event.wait()
                continue
            missing = min(self._number - known, len(self._ring))
            known = self._number
            newest = [self._ring[index] for index in range(-missing, 0)]
            visibility = await self._authority.visibility(viewer)
            for one in newest:
                if visibility.allows_repository(one.runtime, one.access_repo_url):
                    yield one
            await asyncio.sleep(PAUSE_SECONDS)
