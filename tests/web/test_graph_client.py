"""The console's GraphQL client against a real socket."""

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from web.graph import client

VIEWER = client.Viewer(cookie="argosy_session=secret")
Answer = Callable[[Request], Awaitable[Response]]


@pytest.fixture(autouse=True)
def _forget_address() -> Any:
    yield
    client.use("")


def socket_on_free_port() -> sockets.socket:
    """Listens already, so that a client may connect before the server has begun to accept."""
    listener = sockets.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


@asynccontextmanager
async def serving(
    answer: Answer | None = None, socket: Callable[[WebSocket], Awaitable[None]] | None = None
) -> AsyncIterator[None]:
    routes: list[Any] = [Route("/graphql", answer, methods=["POST"])] if answer else []
    routes += [WebSocketRoute("/graphql", socket)] if socket else []
    server = uvicorn.Server(
        uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", lifespan="off", ws="websockets-sansio")
    )
    listener = socket_on_free_port()
    host, port = listener.getsockname()
    task = asyncio.create_task(server.serve(sockets=[listener]))
    client.use("")
    client.use_server(host, port)
    try:
        yield
    finally:
        await client.close()
        server.should_exit = True
        await task


async def test_the_persons_cookie_goes_along_and_nothing_else_does() -> None:
    seen: dict[str, Any] = {}

    async def answer(request: Request) -> Response:
        seen.update(cookie=request.headers["cookie"], body=await request.json())
        return JSONResponse({"data": {"me": None}})

    async with serving(answer):
        assert await client.ask(VIEWER, "session") == {"me": None}
    assert seen["cookie"] == "argosy_session=secret"
    assert seen["body"]["query"].startswith("query Session")


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (JSONResponse({"errors": [{"message": "no"}]}, 401), client.SignedOut),
        (JSONResponse({"errors": [{"message": "no", "extensions": {"code": "UNAUTHORIZED_ERROR"}}]}), client.SignedOut),
        (JSONResponse({"errors": [{"message": "no", "extensions": {"code": "FORBIDDEN_ERROR"}}]}, 403), client.Refused),
        (PlainTextResponse("Bad gateway", 502), client.Unreachable),
        (JSONResponse([1]), client.Refused),
    ],
    ids=["401", "unauthorized", "forbidden", "gateway", "nonsense"],
)
async def test_what_goes_wrong_has_a_name(response: Response, expected: type[Exception]) -> None:
    async def answer(_: Request) -> Response:
        return response

    async with serving(answer):
        with pytest.raises(expected):
            await client.ask(VIEWER, "session")


async def test_partial_data_is_data() -> None:
    async def answer(_: Request) -> Response:
        return JSONResponse({"data": {"me": {"name": "dana"}}, "errors": [{"message": "runtime is gone"}]})

    async with serving(answer):
        assert await client.ask(VIEWER, "session") == {"me": {"name": "dana"}}


async def test_nobody_there_is_unreachable() -> None:
    client.use("http://127.0.0.1:9")
    with pytest.raises(client.Unreachable):
        await client.ask(VIEWER, "session")
    await client.close()


async def test_a_stream_gives_events_until_it_completes() -> None:
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept("graphql-transport-ws")
        assert (await websocket.receive_json())["type"] == "connection_init"
        await websocket.send_json({"type": "connection_ack"})
        await websocket.send_json({"type": "ping"})
        subscribe = await _next_but_pong(websocket)
        for number in (1, 2):
            await websocket.send_json(
                {"id": subscribe["id"], "type": "next", "payload": {"data": {"runtimes": number}}}
            )
        await websocket.send_json({"id": subscribe["id"], "type": "complete"})

    async with serving(socket=socket), client.follow(VIEWER, "runtime_changes") as events:
        assert [event["runtimes"] async for event in events] == [1, 2]


async def test_a_refused_stream_says_why() -> None:
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept("graphql-transport-ws")
        await websocket.receive_json()
        await websocket.send_json({"type": "connection_ack"})
        subscribe = await _next_but_pong(websocket)
        error = {"message": "sign in", "extensions": {"code": "UNAUTHORIZED_ERROR"}}
        await websocket.send_json({"id": subscribe["id"], "type": "error", "payload": [error]})

    async with serving(socket=socket):
        with pytest.raises(client.SignedOut):
            async with client.follow(VIEWER, "runtime_changes") as events:
                [event async for event in events]


async def test_a_stream_that_breaks_is_unreachable() -> None:
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept("graphql-transport-ws")
        await websocket.close(1011)

    async with serving(socket=socket):
        with pytest.raises(client.Unreachable):
            async with client.follow(VIEWER, "runtime_changes") as events:
                [event async for event in events]


async def _next_but_pong(websocket: WebSocket) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(await websocket.receive_text())
        if message["type"] != "pong":
            return message
