"""A wake-up call: names of things that changed, with nothing about how."""

import asyncio
from collections import OrderedDict

KEPT_NAMES = 4096


class News:
    """Readers keep the number up to which they know; `since` says what came after, `wait` sleeps until then."""

    def __init__(self) -> None:
        self.number = 0
        self._told: OrderedDict[str, int] = OrderedDict()
        self._event = asyncio.Event()

    def tell(self, name: str) -> None:
        self.number += 1
        self._told[name] = self.number
        self._told.move_to_end(name)
        if len(self._told) > KEPT_NAMES:
            self._told.popitem(last=False)
        self._event.set()
        self._event = asyncio.Event()

    def since(self, number: int) -> list[str]:
        return [name for name, told in self._told.items() if told > number]

    async def wait(self, number: int) -> None:
        while self.number <= number:
            await self._event.wait()
