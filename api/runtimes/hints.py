"""Webhooks gathered into few messages: the first goes at once, what follows within a moment travels together."""

import asyncio
from collections.abc import Callable

GATHER_SECONDS = 0.25
MOST_URLS = 500  # more than this at once: runtimes are told to look everywhere


class Hints:
    """`send` gets the addresses; () means all repositories."""

    def __init__(self, send: Callable[[tuple[str, ...]], None]) -> None:
        self._send = send
        self._urls: dict[str, None] = {}
        self._all = False
        self._timer: asyncio.TimerHandle | None = None

    def add(self, urls: tuple[str, ...]) -> None:
        if urls:
            self._urls.update(dict.fromkeys(urls))
        self._all = self._all or not urls or len(self._urls) > MOST_URLS
        if self._timer is None:
            self._flush()

    def _flush(self) -> None:
        self._timer = None
        if not self._all and not self._urls:
            return
        urls = () if self._all else tuple(self._urls)
        self._urls, self._all = {}, False
        self._timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._flush)
        self._send(urls)
