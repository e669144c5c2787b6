"""Which runtimes are connected to this process, and asking them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from api.errors import RuntimeUnavailable, TookTooLong
from api.live.news import News
from api.runtimes.connection import RuntimeConnection
from api.runtimes.hints import Hints
from api.runtimes.stream import LinkStream
from model.link import AnswerBody, Hint, RequestBody

ANSWER_SECONDS = 10.0
STREAM_ITEMS = 2048

Answer = TypeVar("Answer", bound=AnswerBody)


class ConnectedRuntimes:
    """`news` tells names of runtimes that connected, went, or reported something about themselves."""

    def __init__(self, news: News) -> None:
        self.news = news
        self._connections: dict[str, RuntimeConnection] = {}
        self._hints = Hints(self._send_hint)

    def available(self, runtime: str) -> bool:
        return runtime in self._connections

    @property
    def names(self) -> list[str]:
        return sorted(self._connections)

    async def attach(self, connection: RuntimeConnection) -> None:
        """The newest connection of a runtime is the one: an older one is ended first, its last report taken in."""
        while (older := self._connections.get(connection.runtime)) is not None:
            older.replaced.set()
            await older.gone.wait()
        self._connections[connection.runtime] = connection
        self.news.tell(connection.runtime)

    def detach(self, connection: RuntimeConnection) -> None:
        if self._connections.get(connection.runtime) is connection:
            del self._connections[connection.runtime]
            self.news.tell(connection.runtime)
        connection.end()
        connection.gone.set()

    async def ask(
        self, runtime: str, body: RequestBody, answer: type[Answer], *, deadline_seconds: float = ANSWER_SECONDS
    ) -> Answer:
        """Raises RuntimeUnavailable, TookTooLong, or Refused."""
        found = await self._connection(runtime).request(body, deadline_seconds=deadline_seconds)
        if not isinstance(found, answer):
            raise TookTooLong(f"runtime {runtime!r} answered something else than was asked; its version may be too old")
        return found

    @asynccontextmanager
    async def stream(
        self, runtime: str, body: RequestBody, *, capacity: int = STREAM_ITEMS
    ) -> AsyncIterator[LinkStream]:
        async with self._connection(runtime).stream(body, capacity=capacity) as stream:
            yield stream

    def doubt(self, runtime: str) -> None:
        """The runtime's token changed, or it was removed: its connection looks whether it may stay."""
        if (connection := self._connections.get(runtime)) is not None:
            connection.doubted.set()

    def hint(self, repo_urls: tuple[str, ...]) -> None:
        """A webhook came; (): it does not say for which repository. A storm of them becomes few messages."""
        self._hints.add(repo_urls)

    def _send_hint(self, repo_urls: tuple[str, ...]) -> None:
        """Only a hint: a runtime that cannot take it looks at its next interval anyway."""
        for connection in self._connections.values():
            if not connection.outbox.full():
                connection.send(Hint(repo_urls))

    def _connection(self, runtime: str) -> RuntimeConnection:
        connection = self._connections.get(runtime)
        if connection is None:
            raise RuntimeUnavailable(runtime)
        return connection
