"""Splits a stream of bytes into lines, however large one line is.

aiohttp's own iteration over lines gives up above half a megabyte, and one large object is one line of a watch.
"""

from collections.abc import AsyncIterator


async def lines(chunks: AsyncIterator[bytes], *, limit: int) -> AsyncIterator[bytes]:
    """The lines without their newlines, empty ones left out. A line longer than `limit` bytes comes in pieces."""
    pieces: list[bytes] = []
    size = 0
    async for chunk in chunks:
        first, *rest = chunk.split(b"\n")
        pieces.append(first)
        size += len(first)
        for part in rest:
            if line := b"".join(pieces):
                yield line
            pieces, size = [part], len(part)
        if size > limit:
            yield b"".join(pieces)
            pieces, size = [], 0
    if line := b"".join(pieces):
        yield line
