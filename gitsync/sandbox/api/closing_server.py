"""The HTTP server below the API, which leaves no connection open when it ends."""

import asyncio

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
