"""The ring of application changes that all live lists read."""

import asyncio
import secrets
from collections import deque
from collections.abc import Iterable

from model.identity import ApplicationId
from model.store.report import ApplicationChange

KEPT_CHANGES = 8192


class Changes:
    """Numbered changes of this process, the newest `KEPT_CHANGES` of them.

    A cursor is "epoch.number"; the epoch is new at every start, so an old cursor is recognised and leads to RESYNC.
    """

    def __init__(self, *, kept: int = KEPT_CHANGES) -> None:
        self.number = 0
        self._epoch = secrets.token_hex(4)
        self._ring: deque[ApplicationChange] = deque(maxlen=kept)
        self._event = asyncio.Event()

    def publish(self, changes: Iterable[ApplicationChange]) -> None:
        before = self.number
        for change in changes:
            self._ring.append(change)
            self.number += 1
        if self.number != before:
            self._event.set()
            self._event = asyncio.Event()

    def lose(self) -> None:
        """Something may have changed that is not told here: every reader is led to RESYNC."""
        self._ring.clear()
        self.number += 1
        self._event.set()
        self._event = asyncio.Event()

    def cursor(self, number: int) -> str:
        return f"{self._epoch}.{number}"

    def position(self, cursor: str) -> int | None:
        """The number that a cursor stands for; None when it is not of this process or too old."""
        epoch, _, number = cursor.partition(".")
        if epoch != self._epoch or not number.isdecimal() or len(number) > 18:
            return None
        return int(number) if self.number - len(self._ring) <= int(number) <= self.number else None

    def since(self, number: int) -> dict[ApplicationId, ApplicationChange] | None:
        """What became of each application after `number`, one change each; None: too far behind."""
        missing = self.number - number
        if missing > len(self._ring):
            return None
        merged: dict[ApplicationId, ApplicationChange] = {}
        for index in range(len(self._ring) - missing, len(self._ring)):
            change = self._ring[index]
            first = merged.get(change.id)
            merged[change.id] = ApplicationChange(change.id, first.before, change.after) if first else change
        return merged

    async def wait(self, number: int) -> None:
        while self.number <= number:
            await self._event.wait()
