"""/link: the socket that runtimes dial. /replica: the one that other replicas of the control plane dial."""

from starlette.websockets import WebSocket

from api.endpoints.request import plane_of


async def link(websocket: WebSocket) -> None:
    await plane_of(websocket).link.serve(websocket)


async def replica(websocket: WebSocket) -> None:
    await plane_of(websocket).lines.serve(websocket)
