"""Operations that ran before they could be written down, kept on disk until they are."""

import hashlib
import os
from pathlib import Path

import msgspec

from gitsync.ledger.entry import Entry


class LateEntries:
    """One file an operation, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, entry: Entry) -> None:
        """On disk when this returns, whatever happens to the process then."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(entry.operation_id)
        beside = path.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(msgspec.json.encode(entry))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    def all(self) -> list[Entry]:
        """Oldest first. What cannot be read is left alone."""
        entries = []
        for path in self._folder.glob("*.json"):
            try:
                entries.append(msgspec.json.decode(path.read_bytes(), type=Entry))
            except (OSError, msgspec.DecodeError):
                continue
        return sorted(entries, key=lambda entry: entry.requested_at)

    def remove(self, entry: Entry) -> None:
        self._path(entry.operation_id).unlink(missing_ok=True)

    def _path(self, operation_id: str) -> Path:
        return self._folder / f"{hashlib.blake2b(operation_id.encode(), digest_size=16).hexdigest()}.json"
