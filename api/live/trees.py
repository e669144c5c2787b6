"""Live resource trees: one stream from the runtime per application, however many people watch it.

The feed of an application runs while somebody watches and a little longer, so that a reload does not start it anew. It
keeps the tree and a bounded ring of changes; readers take what they have not seen yet, merged. When the runtime comes
back after a break, the feed asks again and everybody gets a snapshot.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from api.errors import ApiError, FellBehind, Refused, RuntimeUnavailable
from api.live.applications import LiveKind
from api.runtimes.connected import ConnectedRuntimes
from model.identity import ApplicationId
from model.link import TreeChange, TreeNode, WatchTree

KEPT_CHANGES = 512
LINGER_SECONDS = 10.0
PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class TreeNews:
    """The same object for every reader that is up to date, so that whoever encodes it can do so once."""

    kind: LiveKind
    cursor: str
    upserted: tuple[TreeNode, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(slots=True)
class _Feed:
    application: ApplicationId
    readers: int = 0
    epoch: str = ""
    number: int = 0
    nodes: dict[str, TreeNode] = field(default_factory=dict)
    ring: deque[TreeNews] = field(default_factory=lambda: deque(maxlen=KEPT_CHANGES))
    error: ApiError | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    unwatched: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()

    def cursor(self) -> str:
        return f"{self.epoch}.{self.number}"

    def snapshot(self) -> TreeNews:
        return TreeNews(LiveKind.SNAPSHOT, self.cursor(), tuple(self.nodes.values()))

    def take(self, change: TreeChange) -> None:
        if change.snapshot or not self.epoch:
            self.epoch, self.number, self.nodes = secrets.token_hex(4), 0, {}
            self.ring.clear()
        for node in change.upserted:
            self.nodes[node.id] = node
        for node_id in change.removed:
            self.nodes.pop(node_id, None)
        if not change.snapshot:
            self.number += 1
            self.ring.append(TreeNews(LiveKind.CHANGED, self.cursor(), change.upserted, change.removed))
        self.tell()

    def since(self, epoch: str, number: int) -> TreeNews | None:
        """What came after; a snapshot when the reader is of another epoch or too far behind; None: nothing."""
        if epoch != self.epoch or self.number - number > len(self.ring):
            return self.snapshot()
        missing = self.number - number
        if missing <= 0:
            return None
        return self.ring[-1] if missing == 1 else self._merged(missing)

    def _merged(self, missing: int) -> TreeNews:
        touched: dict[str, None] = {}
        for news in list(self.ring)[-missing:]:
            touched.update(dict.fromkeys([*(node.id for node in news.upserted), *news.removed]))
        upserted = tuple(self.nodes[node_id] for node_id in touched if node_id in self.nodes)
        removed = tuple(node_id for node_id in touched if node_id not in self.nodes)
        return TreeNews(LiveKind.CHANGED, self.cursor(), upserted, removed)


class Trees:
    def __init__(
        self,
        connected: ConnectedRuntimes,
        *,
        linger_seconds: float = LINGER_SECONDS,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._connected = connected
        self._linger_seconds = linger_seconds
        self._pause_seconds = pause_seconds
        self._feeds: dict[ApplicationId, _Feed] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def open_feeds(self) -> int:
        return len(self._feeds)

    async def follow(self, application: ApplicationId, after: str | None) -> AsyncGenerator[TreeNews, None]:
        """Raises what the runtime said when it cannot show the tree (ApiError)."""
        feed = self._feeds.get(application) or self._start(application)
        feed.readers += 1
        epoch, _, text = (after or "").partition(".")
        number = int(text) if text.isdecimal() and len(text) < 19 else -1
        try:
            while True:
                news = feed.since(epoch, number) if feed.epoch else None
                if news is not None:
                    yield news
                    epoch, _, text = news.cursor.partition(".")
                    number = int(text)
                    await asyncio.sleep(self._pause_seconds)
                elif feed.error is not None:
                    raise feed.error
                else:
                    await feed.news.wait()
        finally:
            feed.readers -= 1
            if not feed.readers:
                feed.unwatched.set()

    def cursor(self, application: ApplicationId) -> str:
        """Where the live tree of the application is now; "" when nobody watches it."""
        feed = self._feeds.get(application)
        return feed.cursor() if feed is not None and feed.epoch else ""

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, application: ApplicationId) -> _Feed:
        feed = self._feeds[application] = _Feed(application)
        task = asyncio.create_task(self._run(feed), name=f"tree-{application}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return feed

    async def _run(self, feed: _Feed) -> None:
        pull = asyncio.create_task(self._pull(feed), name=f"tree-pull-{feed.application}")
        try:
            while not pull.done():
                leave = asyncio.create_task(self._until_left(feed))
                await asyncio.wait({pull, leave}, return_when=asyncio.FIRST_COMPLETED)
                leave.cancel()
                if not feed.readers and not pull.done():
                    break
        finally:
            self._feeds.pop(feed.application, None)
            pull.cancel()
            await asyncio.gather(pull, return_exceptions=True)

    async def _until_left(self, feed: _Feed) -> None:
        """Returns when nobody has watched for a while."""
        while True:
            await feed.unwatched.wait()
            feed.unwatched.clear()
            await asyncio.sleep(self._linger_seconds)
            if not feed.readers:
                return

    async def _pull(self, feed: _Feed) -> None:
        """Follows the runtime across breaks of the link, until the runtime refuses."""
        while True:
            known = self._connected.news.number
            try:
                await self._pull_once(feed)
            except RuntimeUnavailable as error:
                if not feed.epoch:
                    return self._fail(feed, error)
                await self._connected.news.wait(known)
            except FellBehind:
                continue
            except ApiError as error:
                return self._fail(feed, error)

    async def _pull_once(self, feed: _Feed) -> None:
        application = feed.application
        async with self._connected.stream(application.runtime, WatchTree(application.key)) as stream:
            async for item in stream:
                if isinstance(item, TreeChange):
                    feed.take(item)
        raise Refused("NOT_FOUND_ERROR", f"{application} is gone")

    def _fail(self, feed: _Feed, error: ApiError) -> None:
        feed.error = error
        feed.tell()
