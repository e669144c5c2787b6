"""Objects on disk, so that a demo survives a restart: one file, written when things have been quiet for a moment."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.errors import SandboxError
from gitsync.sandbox.objects import EventType, StoreEvent
from gitsync.sandbox.registry import Family
from gitsync.sandbox.store import Store

_QUIET_SECONDS = 2.0


class SnapshotUnreadable(SandboxError):
    """The file is there, but is no snapshot."""


class Snapshot:
    """Saves and loads the whole store."""

    def __init__(self, path: Path, store: Store) -> None:
        self._path = path
        self._store = store
        self._timer: asyncio.TimerHandle | None = None
        self._dirty = False
        self._writing: asyncio.Future[None] | None = None

    def load(
        self, serve_definition: Callable[[JsonObject], None], keepers: Sequence[Callable[[StoreEvent], None]]
    ) -> None:
        """Puts the saved objects back; `keepers` are told of each as if it were new."""
        if not self._path.exists():
            return
        try:
            lines = self._path.read_bytes().splitlines()
            revision = orjson.loads(lines[0])["revision"]
            records = [orjson.loads(line) for line in lines[1:]]
        except (orjson.JSONDecodeError, KeyError, IndexError) as error:
            raise SnapshotUnreadable(
                f"{self._path} is no snapshot of a sandbox", suggestion="remove the file to start afresh"
            ) from error
        for group, kind, body in records:
            if kind == "CustomResourceDefinition":
                serve_definition(body)
            self._store.restore(Family(group, kind), body)
        self._store.resume(revision)
        for _, _, body in records:
            for keeper in keepers:
                keeper(StoreEvent(EventType.ADDED, body, None))

    def start(self) -> None:
        """Saves after changes from now on."""
        self._store.listen(self._note)

    def _note(self, _event: StoreEvent) -> None:
        self._dirty = True
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_QUIET_SECONDS, self._save_later)

    def _save_later(self) -> None:
        self._timer = None
        if self._dirty:
            data = self._encoded()
            self._dirty = False
            self._writing = asyncio.get_running_loop().run_in_executor(None, self._write, data)

    def _encoded(self) -> list[bytes]:
        lines = [orjson.dumps({"revision": self._store.revision})]
        for family, shelf in self._store.shelves().items():
            head = orjson.dumps([family.group, family.kind])[:-1]
            lines += [head + b"," + version.raw + b"]" for version in shelf.versions()]
        return lines

    def _write(self, lines: list[bytes]) -> None:
        part = self._path.with_suffix(".part")
        part.write_bytes(b"\n".join(lines))
        part.replace(self._path)

    async def stop(self) -> None:
        """Saves what is not saved yet."""
        if self._writing is not None:
            await self._writing
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._dirty:
            self._write(self._encoded())
            self._dirty = False
