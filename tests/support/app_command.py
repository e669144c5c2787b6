"""`argosy app ...` as somebody types it."""

import asyncio
import sys
from pathlib import Path


async def argosy_app(server: str, token: str, *arguments: str) -> tuple[int, str]:
    """Its exit code and what it printed, errors included."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("argosy")),
        *("app", "--server", server, "--token", token, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()
