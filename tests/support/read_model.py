"""A read model on SQLite: making all tables takes longer than most tests, so it is done once a process."""

from pathlib import Path

from model.database import Database

_MADE: list[bytes] = []  # the file of the first, before anything was written


async def fresh_sqlite(file: Path) -> Database:
    """Open and empty."""
    url = f"sqlite:///{file}"
    if not _MADE:
        await (await Database.open(url)).close()
        _MADE.append(file.read_bytes())
    file.write_bytes(_MADE[0])
    return await Database.open(url)
