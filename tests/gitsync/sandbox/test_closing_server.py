"""The server of the sandbox's API when it ends."""

import asyncio
import socket

from aiohttp import web

from gitsync.sandbox.api.closing_server import ClosingServer


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
