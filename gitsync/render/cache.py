"""Renders kept on disk, found by what was read to make them.

One SQLite file. A render is kept under the digest of its closure and options; beside it stand the closures that led to
each, by repository and options, for the next commit to be checked against. Everything read back is checked by its
digest; whatever is wrong, missing or unreadable means rendering again and never a wrong answer. The whole file may be
deleted at any time.
"""

import asyncio
import hashlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gitsync.git.closure import Closure
from gitsync.manifest.object import Origin
from gitsync.manifest.parse import ParsedDocument
from gitsync.render.detect import SourceType
from gitsync.render.failures import Failures
from gitsync.render.parsed_files import ParsedFiles
from gitsync.render.references import OtherClosure

_T = TypeVar("_T")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS renders (key TEXT PRIMARY KEY, body BLOB NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS closures (
  id INTEGER PRIMARY KEY, lookup TEXT NOT NULL, key TEXT NOT NULL, closure BLOB NOT NULL, digest BLOB NOT NULL,
  size INTEGER NOT NULL, UNIQUE (lookup, key));
"""
_PER_LOOKUP = 4  # closures kept of one source: for going back and forth between a few commits


@dataclass(slots=True)
class RenderCounter:
    """For metrics: renders that were made, and renders that were found."""

    renders_total: int = 0
    cache_hits_total: int = 0
    programs_total: int = 0


class Candidate(msgspec.Struct, frozen=True, array_like=True):
    """A render that may be had without work, if what was read and consulted for it is still the same."""

    closure: Closure
    key: str
    source_type: str = SourceType.DIRECTORY
    others: tuple[OtherClosure, ...] = ()
    consulted: tuple[tuple[str, str], ...] = ()


class RenderCache:
    """To be used from one event loop; SQLite is used from a thread of its own."""

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int = 256_000_000,
        parsed_max_bytes: int = 16_000_000,
        parse_threads: int = 2,
        programs_at_once: int = 4,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counter = RenderCounter()
        self.failures = Failures(clock)
        self.programs = asyncio.Semaphore(programs_at_once)
        self.parsed = ParsedFiles(max_bytes=parsed_max_bytes, threads=parse_threads)
        self._store = _Store(path, max_bytes)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="render cache")
        self._candidates: dict[str, list[Candidate]] | None = None
        self._opening: asyncio.Task[None] | None = None

    async def candidates(self, lookup: str) -> Sequence[Candidate]:
        """Renders of this source in this repository, newest first."""
        if self._candidates is None:
            await self._open()
            assert self._candidates is not None
        return tuple(self._candidates.get(lookup, ()))

    async def load(self, key: str) -> tuple[ParsedDocument, ...] | None:
        """The documents of a render, or None when it is not there or not whole."""
        return await self._on_thread(lambda: self._store.load(key))

    async def put(self, lookup: str, made: Candidate, documents: tuple[ParsedDocument, ...]) -> None:
        """Keeps a render."""
        await self.candidates(lookup)
        assert self._candidates is not None
        old = [candidate for candidate in self._candidates.get(lookup, ()) if candidate.key != made.key]
        self._candidates[lookup] = [made, *old][:_PER_LOOKUP]
        gone = [candidate.key for candidate in old[_PER_LOOKUP - 1 :]]
        await self._on_thread(lambda: self._store.put(lookup, made, documents, gone))

    async def close(self) -> None:
        """Waits for what is being written."""
        self.parsed.close()
        await self._on_thread(self._store.close)
        self._thread.shutdown(wait=False)

    async def _open(self) -> None:
        if self._opening is None:
            self._opening = asyncio.create_task(self._read_candidates(), name="open render cache")
        await asyncio.shield(self._opening)

    async def _read_candidates(self) -> None:
        self._candidates = await self._on_thread(self._store.candidates)

    async def _on_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class _Store:
    """The SQLite file. Lives in one thread."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._database: sqlite3.Connection | None = None
        self._bytes = 0

    def candidates(self) -> dict[str, list[Candidate]]:
        return self._guarded(self._read_candidates, dict)

    def load(self, key: str) -> tuple[ParsedDocument, ...] | None:
        return self._guarded(lambda database: _load(database, key), lambda: None)

    def put(
        self,
        lookup: str,
        made: Candidate,
        documents: tuple[ParsedDocument, ...],
        gone: Sequence[str],
    ) -> None:
        self._guarded(lambda database: self._write(database, lookup, made, documents, gone), lambda: None)

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _guarded(self, work: Callable[[sqlite3.Connection], _T], nothing: Callable[[], _T]) -> _T:
        """A cache that cannot be read or written is no cache: it is begun anew, and if that fails, done without."""
        try:
            return work(self._opened())
        except (sqlite3.Error, OSError):
            self.close()
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            return nothing()

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._database = database
            # Losing the last writes with the power costs some renders; what is torn is found by its digest.
            database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {_SCHEMA}")
            self._bytes = database.execute("SELECT coalesce(sum(size), 0) FROM closures").fetchone()[0]
        return self._database

    def _read_candidates(self, database: sqlite3.Connection) -> dict[str, list[Candidate]]:
        found: dict[str, list[Candidate]] = {}
        rows = database.execute("SELECT lookup, closure, digest FROM closures ORDER BY id DESC")
        for lookup, raw, digest in rows:
            candidate = _whole(raw, digest, Candidate)
            if candidate is not None:
                found.setdefault(lookup, []).append(candidate)
        return found

    def _write(
        self,
        database: sqlite3.Connection,
        lookup: str,
        made: Candidate,
        documents: tuple[ParsedDocument, ...],
        gone: Sequence[str],
    ) -> None:
        names = msgspec.msgpack.encode(made)
        body = msgspec.msgpack.encode(
            [(item.origin.file, item.origin.line, item.body, item.doubts) for item in documents]
        )
        size = len(names) + len(body)
        database.execute("BEGIN IMMEDIATE")
        database.execute("REPLACE INTO renders VALUES (?, ?, ?)", (made.key, body, _digest(body)))
        database.execute(
            "REPLACE INTO closures (lookup, key, closure, digest, size) VALUES (?, ?, ?, ?, ?)",
            (lookup, made.key, names, _digest(names), size),
        )
        for other in gone:
            _forget(database, lookup, other)
        self._bytes += size
        if self._bytes > self._max_bytes:
            self._shrink(database)
        database.execute("COMMIT")

    def _shrink(self, database: sqlite3.Connection) -> None:
        """Drops the oldest until four fifths are used, so that this does not happen at every write."""
        self._bytes = database.execute("SELECT sum(size) FROM closures").fetchone()[0]
        rows = database.execute("SELECT lookup, key, size FROM closures ORDER BY id").fetchall()
        for lookup, key, size in rows:
            if self._bytes <= self._max_bytes * 0.8:
                break
            _forget(database, lookup, key)
            self._bytes -= size


def _forget(database: sqlite3.Connection, lookup: str, key: str) -> None:
    database.execute("DELETE FROM closures WHERE lookup = ? AND key = ?", (lookup, key))
    database.execute("DELETE FROM renders WHERE key = ? AND key NOT IN (SELECT key FROM closures)", (key,))


def _load(database: sqlite3.Connection, key: str) -> tuple[ParsedDocument, ...] | None:
    row = database.execute("SELECT body, digest FROM renders WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    rows = _whole(row[0], row[1], list[tuple[str, int, dict[str, Any], tuple[str, ...]]])
    if rows is None:
        return None
    return tuple(ParsedDocument(body, Origin(file, line), doubts) for file, line, body, doubts in rows)


def _digest(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, digest_size=16).digest()


def _whole(raw: object, digest: object, expected: type[_T]) -> _T | None:
    """The value, if it is what was written."""
    if not isinstance(raw, bytes) or digest != _digest(raw):
        return None
    try:
        return msgspec.msgpack.decode(raw, type=expected)
    except msgspec.MsgspecError:
        return None
