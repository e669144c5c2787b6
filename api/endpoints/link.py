"""/link: the socket that runtimes dial."""

from starlette.websockets import WebSocket

from api.endpoints.request import plane_of


async def link(websocket: WebSocket) -> None:
    await plane_of(websocket).link.serve(websocket)
