"""Which processes belong to a folder, and when they end, as the kernel tells it."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path


def processes_of(folder: Path) -> dict[int, str]:
    """Command lines, by process id, of every process that was started with something below `folder`."""
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:  # it ended meanwhile
            continue
        if str(folder) in words:
            found[int(entry.name)] = words
    return found


async def until_ended(pids: Iterable[int]) -> None:
    """Waits for the end of processes that need not be children of ours. Raises TimeoutError."""
    async with asyncio.timeout(60):
        await asyncio.gather(*(_until_one_ended(pid) for pid in pids))


async def _until_one_ended(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
