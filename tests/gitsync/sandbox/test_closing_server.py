"""The server of the sandbox's API when it ends."""

import asyncio
import gc
import socket
import warnings
from collections.abc import Iterator

import pytest
from aiohttp import web

from gitsync.sandbox.api.closing_server import ClosingServer, ClosingSite


@pytest.fixture
def young_garbage() -> Iterator[None]:
    """What a test leaves behind is still in the youngest generation: looking through all others takes a second."""
    gc.disable()
    yield
    gc.enable()


async def test_whoever_comes_while_the_server_ends_is_turned_away() -> None:
    async def never(_: web.BaseRequest) -> web.Response:
        raise AssertionError("nothing was asked")

    server = ClosingServer(never)
    server.pre_shutdown()
    theirs, ours = socket.socketpair()
    theirs.setblocking(False)
    with theirs:
        await asyncio.get_running_loop().connect_accepted_socket(server, ours)
        async with asyncio.timeout(5):
            assert await asyncio.get_running_loop().sock_recv(theirs, 1) == b""


@pytest.mark.parametrize("turns", range(5))
async def test_whoever_was_accepted_right_before_the_server_ends_is_turned_away(
    turns: int, young_garbage: None
) -> None:
    async def never(_: web.BaseRequest) -> web.Response:
        raise AssertionError("nothing was asked")

    runner = web.ServerRunner(ClosingServer(never), shutdown_timeout=0.1)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await ClosingSite(runner, listening).start()
    with (
        warnings.catch_warnings(record=True, action="always") as told,
        socket.create_connection(listening.getsockname()),
    ):
        for _ in range(turns):  # of the loop: it takes one to accept, and the next to serve
            await asyncio.sleep(0)
        await runner.cleanup()
        gc.collect(0)
    assert [str(warning.message) for warning in told] == []
