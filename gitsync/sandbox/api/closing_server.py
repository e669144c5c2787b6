"""The HTTP server below the API, which leaves no connection open when it ends."""

import asyncio
import socket
import ssl

from aiohttp import web
from aiohttp.web_protocol import RequestHandler


class ClosingServer(web.Server):
    """aiohttp forgets whose TLS handshake ends while it shuts down (clients that come back at once); it stays open."""

    _ended = False

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        if self._ended:
            transport.abort()

    def pre_shutdown(self) -> None:
        self._ended = True
        super().pre_shutdown()


class ClosingSite(web.SockSite):
    """asyncio accepts a connection, and begins to serve it in its next turn. Where the listening server is closed
    between the two, it drops the connection without closing it."""

    def __init__(self, runner: web.BaseRunner, listening: socket.socket, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(runner, listening, ssl_context=tls, backlog=512)
        self._listening = listening

    async def stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._listening)
        await asyncio.sleep(0)  # begins with those that were accepted
        await super().stop()
