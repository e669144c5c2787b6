"""Which runtimes are connected, to this replica or to another one, and asking them.

Whoever asks does not know which. Of two links of a runtime the newer one counts (their numbers come from the database),
whatever the older one's end still believes.
"""

from collections.abc import AsyncIterator, Callable
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
    """`news` tells names of runtimes that connected, went, or reported something about themselves.

    `moved` is called when a runtime is linked to another replica than before: of what was reported by the old link
    something may never be told here, so that who shows it live has to read it anew.
    """

    def __init__(self, news: News, *, replica: str, moved: Callable[[], None]) -> None:
        self.news = news
        self.replica = replica
        self._moved = moved
        self._connections: dict[str, RuntimeConnection] = {}
        self._elsewhere: dict[str, RuntimeConnection] = {}
        self._holds: dict[str, tuple[int, str]] = {}  # the newest link that is known, and whose
        self._hints = Hints(self._send_hint)

    def available(self, runtime: str) -> bool:
        return runtime in self._connections or runtime in self._elsewhere

    @property
    def names(self) -> list[str]:
        return sorted({*self._connections, *self._elsewhere})

    def linked_here(self) -> dict[str, int]:
        """The number of each link that has one."""
        return {name: connection.hold for name, connection in self._connections.items() if connection.hold}

    def here(self, runtime: str) -> RuntimeConnection:
        """Raises RuntimeUnavailable unless it is linked to this very replica."""
        connection = self._connections.get(runtime)
        if connection is None:
            raise RuntimeUnavailable(runtime)
        return connection

    def learn(self, runtime: str, hold: int, replica: str, *, before: str = "") -> bool:
        """There is this link of the runtime. False: a newer one is known. `before`: where it was linked before."""
        newest, known = self._holds.get(runtime, (0, before))
        if hold < newest:
            return False
        self._holds[runtime] = (hold, replica)
        if known not in ("", replica):
            self._moved()
        ours = self._connections.get(runtime)
        if ours is not None and ours.hold < hold:
            ours.doubted.set()
        return True

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

    def lead_elsewhere(self, connection: RuntimeConnection) -> None:
        """Questions for this runtime go through another replica."""
        self._elsewhere[connection.runtime] = connection
        self.news.tell(connection.runtime)

    def leave_elsewhere(self, connection: RuntimeConnection) -> None:
        if self._elsewhere.get(connection.runtime) is connection:
            del self._elsewhere[connection.runtime]
            self.news.tell(connection.runtime)
        connection.end()

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
        """For runtimes that are linked here. (): it is not known which repository. A storm becomes few messages."""
        self._hints.add(repo_urls)

    def _send_hint(self, repo_urls: tuple[str, ...]) -> None:
        """Only a hint: a runtime that cannot take it looks at its next interval anyway."""
        for connection in self._connections.values():
            if not connection.outbox.full():
                connection.send(Hint(repo_urls))

    def _connection(self, runtime: str) -> RuntimeConnection:
        here, elsewhere = self._connections.get(runtime), self._elsewhere.get(runtime)
        if here is not None and elsewhere is not None:
            return elsewhere if elsewhere.hold > here.hold > 0 else here
        if (connection := here or elsewhere) is None:
            raise RuntimeUnavailable(runtime)
        return connection
