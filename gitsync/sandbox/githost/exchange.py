"""One request streamed into a git process and its answer streamed back, both at once, within limits."""

import asyncio
import contextlib
from collections.abc import Callable

from aiohttp import web

from gitsync.sandbox.githost.errors import BodyTooLarge

_CHUNK_BYTES = 64 * 1024


async def exchange(
    request: web.Request,
    process: asyncio.subprocess.Process,
    *,
    content_type: str,
    prefix: bytes = b"",
    body_bytes: int,
    request_passed: Callable[[bytes], None] = lambda chunk: None,
    response_passed: Callable[[bytes], None] = lambda chunk: None,
) -> web.StreamResponse:
    """Answers with what the process prints. Nothing is sent before the process has printed something or ended, so that
    an early failure can still become a proper status; a later one cuts the connection, which clients take for a
    failure.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    feeder = asyncio.create_task(_feed(request, process, body_bytes, request_passed), name="git request body")
    try:
        chunk = await process.stdout.read(_CHUNK_BYTES)
        if not chunk and (failure := await _failure(process, feeder)) is not None:
            return failure
        response = web.StreamResponse(headers={"Content-Type": content_type, "Cache-Control": "no-cache"})
        await response.prepare(request)
        if prefix:
            await response.write(prefix)
        while chunk:
            response_passed(chunk)
            await response.write(chunk)
            chunk = await process.stdout.read(_CHUNK_BYTES)
        await feeder
        await process.wait()
        with contextlib.suppress(ConnectionResetError):  # a client that has read all refs need not wait for the end
            await response.write_eof()
        return response
    finally:
        feeder.cancel()
        with contextlib.suppress(asyncio.CancelledError, BodyTooLarge, ConnectionError):
            await feeder


async def _feed(
    request: web.Request,
    process: asyncio.subprocess.Process,
    body_bytes: int,
    request_passed: Callable[[bytes], None],
) -> None:
    """Body to the process. The HTTP server has undone gzip already, so the limit counts what git has to take."""
    assert process.stdin is not None
    passed = 0
    try:
        async for chunk in request.content.iter_any():
            passed += len(chunk)
            if passed > body_bytes:
                process.kill()
                raise BodyTooLarge(f"the request body is larger than {body_bytes} bytes")
            request_passed(chunk)
            process.stdin.write(chunk)
            await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # git has heard enough; what it prints tells the client why
    finally:
        process.stdin.close()


async def _failure(process: asyncio.subprocess.Process, feeder: asyncio.Task[None]) -> web.Response | None:
    """Why the process printed nothing. None when that is right: git asks with an empty request before it sends a large
    one.
    """
    try:
        await feeder
    except BodyTooLarge as error:
        return web.Response(status=413, text=f"{error}\n")
    if await process.wait() == 0:
        return None
    return web.Response(status=500, text="git failed\n")
