"""The audit log of all connected repositories, handed out in batches to whoever says how far they are.

Nothing is kept here that could not be read again: who asks names the positions that they hold, and gets what comes
after them. Asking with the position of a batch is the acknowledgement of it; asking with an older one gets it again.
Repositories are read side by side; one that fails or is slow holds up none of the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial

import structlog

from gitsync.audit.walk import MAX_BYTES, MAX_ENTRIES, Noted, Tips, Walk, entry_size, size_of
from gitsync.errors import GitsyncError
from gitsync.git.address import redact
from gitsync.git.commit_log import CommitLog
from gitsync.git.mirror import Mirror
from gitsync.git.refs import HEAD, RefListing, RefsMoved
from gitsync.git.repositories import Repositories
from model.audit import AuditBatch, AuditEntry, AuditPosition

log = structlog.get_logger("gitsync.audit")

NOTES_REF = "refs/notes/argosy"
_BRANCHES = "refs/heads/"
_OURS = "refs/heads/argosy/"
_MAX_BRANCHES = 500
_SLICE = 500  # commits in one visit to the mirror, so that others may use it in between
_ANSWER_BYTES = 8_000_000
_RETRY_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 5.0  # for repositories that were connected meanwhile

Spawn = Callable[[str, Awaitable[None]], asyncio.Task[None]]


class AuditLog:
    """`urls` names the connected repositories; `spawn` starts a task whose fault is logged."""

    def __init__(
        self,
        repositories: Repositories,
        urls: Callable[[], Iterable[str]],
        spawn: Spawn,
        *,
        batch_entries: int = MAX_ENTRIES,
    ) -> None:
        self._batch_entries = batch_entries
        self._repositories = repositories
        self._urls = urls
        self._spawn = spawn
        self._readers: dict[str, _Reader] = {}
        self._news = asyncio.Event()

    async def read(self, known: Iterable[AuditPosition], *, wait_seconds: float) -> tuple[AuditBatch, ...]:
        """What comes after the known positions; nothing when there is nothing new within `wait_seconds`."""
        positions = {position.repo_url: position for position in known}
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        while True:
            self._news.clear()
            for url in self._urls():
                self._reader(url)
            for shown, reader in self._readers.items():
                reader.acknowledge(positions.get(shown) or AuditPosition(shown))
                if reader.due(loop.time()):
                    reader.task = self._spawn(f"audit log of {shown}", self._fill(reader))
            if ready := self._ready():
                return ready
            left = deadline - loop.time()
            if left <= 0:
                return ()
            try:
                async with asyncio.timeout(min(left, _LOOK_AGAIN_SECONDS)):
                    await self._news.wait()
            except TimeoutError:
                continue

    @property
    def settled(self) -> bool:
        """Whether everything that is known to be there has been told."""
        return all(one.task is None and one.batch is None and not one.pending for one in self._readers.values())

    def close(self) -> None:
        """Ends the following of refs; tasks end with whoever spawned them."""
        for reader in self._readers.values():
            self._repositories.unsubscribe(reader.url, reader.listener)
        self._readers.clear()

    def _reader(self, url: str) -> None:
        shown = redact(url)
        if shown in self._readers:
            return
        try:
            reader = _Reader(url, shown, self._news)
            self._repositories.subscribe(url, reader.listener)
        except GitsyncError:
            return  # no address that can be fetched from: no repository of commits
        self._readers[shown] = reader

    def _ready(self) -> tuple[AuditBatch, ...]:
        ready: list[AuditBatch] = []
        size = 0
        for reader in self._readers.values():
            if reader.batch is not None:
                size += size_of(reader.batch)
                if ready and size > _ANSWER_BYTES:
                    break
                ready.append(reader.batch)
        return tuple(ready)

    async def _fill(self, reader: "_Reader") -> None:
        """Makes the reader's next batch, or finds that there is none now."""
        try:
            reader.batch = await self._next_batch(reader)
            reader.failed_at = None
        except GitsyncError as failure:
            reader.failed_at, reader.walk = asyncio.get_running_loop().time(), None
            log.info("audit log is behind", repository=reader.shown, reason=failure.message)
        finally:
            reader.task = None
            self._news.set()

    async def _next_batch(self, reader: "_Reader") -> AuditBatch | None:
        walk = reader.walk
        if walk is None or walk.position != reader.position:
            reader.stale = False
            listing = await self._repositories.refs(reader.url)
            reader.refs = read_refs(listing)
            walk = Walk(reader.url, reader.shown, reader.position, _tips(reader.refs))
            start = walk.start
            await self._repositories.read(reader.url, lambda mirror: mirror.look(start), refs=reader.refs)
            reader.walk = walk
        if not walk.done:
            return walk.batch(await self._entries(reader, walk))
        reader.walk = None
        outcomes = walk.outcomes
        return await self._repositories.read(reader.url, lambda mirror: mirror.look(outcomes), refs=reader.refs)

    async def _entries(self, reader: "_Reader", walk: Walk) -> list[AuditEntry]:
        entries: list[AuditEntry] = []
        size = 0
        while len(entries) < self._batch_entries and size < MAX_BYTES:
            limit = min(_SLICE, self._batch_entries - len(entries))
            take = partial(walk.take, skip=len(entries), limit=limit)
            noted = await self._repositories.read(reader.url, partial(_look, take), refs=reader.refs)
            if not noted:
                break
            made = walk.entries(noted)
            entries += made
            size += sum(map(entry_size, made))
        return entries


def _look(work: Callable[[CommitLog], list[Noted]], mirror: Mirror) -> list[Noted]:
    return mirror.look(work)


class _Reader:
    """One repository: how far its asker is, and the batch that comes next."""

    def __init__(self, url: str, shown: str, news: asyncio.Event) -> None:
        self.url = url
        self.shown = shown
        self.position = AuditPosition(shown)
        self.batch: AuditBatch | None = None
        self.walk: Walk | None = None
        self.task: asyncio.Task[None] | None = None
        self.refs: Mapping[str, str] = {}
        self.stale = True
        self.failed_at: float | None = None
        self._news = news

    def listener(self, _moved: RefsMoved) -> None:
        self.stale, self.failed_at = True, None
        self._news.set()

    def acknowledge(self, position: AuditPosition) -> None:
        """The asker holds everything up to `position`."""
        if self.task is not None or position == self.position:
            return
        if self.batch is None or position != self.batch.after:
            self.walk = None
        self.position, self.batch, self.stale = position, None, True

    def due(self, now: float) -> bool:
        if self.task is not None or self.batch is not None:
            return False
        if self.failed_at is not None:
            return now - self.failed_at >= _RETRY_SECONDS
        return self.pending

    @property
    def pending(self) -> bool:
        return self.stale or self.walk is not None


def read_refs(listing: RefListing) -> dict[str, str]:
    """Refs whose commits are the log: every branch, and the notes. Pure.

    Of a repository with very many branches only the default one and those that Argosy made.
    """
    branches = {ref: commit for ref, commit in listing.refs.items() if ref.startswith(_BRANCHES)}
    if not branches and HEAD in listing.refs:
        branches = {HEAD: listing.refs[HEAD]}
    if len(branches) > _MAX_BRANCHES:
        branches = {
            ref: commit for ref, commit in branches.items() if ref == listing.default_branch or ref.startswith(_OURS)
        }
    if NOTES_REF in listing.refs:
        branches[NOTES_REF] = listing.refs[NOTES_REF]
    return branches


def _tips(refs: Mapping[str, str]) -> Tips:
    return Tips(frozenset(commit for ref, commit in refs.items() if ref != NOTES_REF), refs.get(NOTES_REF, ""))
