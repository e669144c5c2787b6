"""Which replicas there are: each says so in the database every few seconds, and dials all others.

The oldest of them is the first: it alone runs hosted runtimes. A replica that stopped in order says so; one that was
killed is taken for dead after `ALIVE_BEATS` beats, or at once when another one starts at its address.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api.access.secret_token import hash_token
from api.live.news import News
from api.replicas.line import LineFailed, Lines
from model.database import Database
from model.store import replica as replica_store
from model.store.replica import Replica

BEAT_SECONDS = 5.0
ALIVE_BEATS = 4

log = structlog.get_logger(__name__)


class Roster:
    """`is_first`: this one is. A control plane without an address for others is alone, and first."""

    def __init__(
        self,
        own: Replica,
        database: Database,
        lines: Lines,
        clock: Callable[[], datetime],
        *,
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        self._own = own
        self._database = database
        self._lines = lines
        self._clock = clock
        self._beat_seconds = beat_seconds
        self._dialling: dict[Replica, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self.is_first = not own.url
        self.problems: dict[str, str] = {}  # url of another replica -> why there is no line to it
        self.news = News()  # addresses of replicas to which a line was opened or closed

    @property
    def others(self) -> list[str]:
        return sorted(other.url for other in self._dialling)

    @property
    def alive_within(self) -> timedelta:
        return timedelta(seconds=ALIVE_BEATS * self._beat_seconds)

    def wake(self) -> None:
        """There may be a new replica."""
        self._woken.set()

    async def look(self) -> None:
        """Says that this one is alive, and looks who else is."""
        now = self._clock()
        async with self._database.write() as session:
            await replica_store.keep(session, self._own, token_hash=hash_token(self._lines.token), now=now)
        async with self._database.read() as session:
            alive = await replica_store.alive(session, now - self.alive_within)
        self.is_first = not alive or alive[0].id == self._own.id
        self._dial([replica for replica in alive if replica.id != self._own.id])

    async def work(self, beat: Callable[[], None], led: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled."""
        try:
            while True:
                self._woken.clear()
                try:
                    await self.look()
                except (SQLAlchemyError, OSError) as error:  # lines go on; without a beat /readyz tells
                    log.warning("the roster of replicas is not kept", reason=type(error).__name__)
                else:
                    await led()
                    beat()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._beat_seconds):
                        await self._woken.wait()
        finally:
            await self._hang_up(list(self._dialling))

    async def leave(self) -> None:
        async with self._database.write() as session:
            await replica_store.leave(session, self._own.id)

    def _dial(self, others: list[Replica]) -> None:
        for gone in [other for other in self._dialling if other not in others]:
            self._dialling.pop(gone).cancel()
            self.problems.pop(gone.url, None)
        for other in others:
            if other not in self._dialling:
                self._dialling[other] = asyncio.create_task(self._keep(other), name=f"replica-{other.id}")

    async def _keep(self, other: Replica) -> None:
        def opened() -> None:
            self.problems.pop(other.url, None)
            self.news.tell(other.url)

        self.problems[other.url] = "no answer yet"
        while True:
            try:
                await self._lines.keep(other, opened)
            except LineFailed as error:
                if self.problems.get(other.url) != error.message:
                    log.warning(error.message, suggestion=error.suggestion)
                self.problems[other.url] = error.message
            else:
                self.problems[other.url] = "the line broke"
            self.news.tell(other.url)
            await asyncio.sleep(min(1.0, self._beat_seconds))

    async def _hang_up(self, others: list[Replica]) -> None:
        tasks = [self._dialling.pop(other) for other in others]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
