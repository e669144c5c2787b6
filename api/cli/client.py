"""The GraphQL client of the command line."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import click
import httpx
import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from api.settings import ClientSettings, client_from_environment

REQUEST_SECONDS = 30.0


def client_settings(server: str | None, token: str | None) -> ClientSettings:
    environment = client_from_environment()
    return ClientSettings(server or environment.server, token or environment.token)


def execute(settings: ClientSettings, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    """The answer's data. Errors end the command with their message and code 1."""
    try:
        response = httpx.post(
            f"{settings.server.rstrip('/')}/graphql",
            json={"query": query, "variables": variables},
            headers=headers(settings),
            timeout=REQUEST_SECONDS,
        )
        answer = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise click.ClickException(f"{settings.server} does not answer as a control plane: {error}") from error
    if errors := answer.get("errors"):
        raise click.ClickException(_sentence(errors[0]))
    data: dict[str, Any] = answer["data"]
    return data


def pages(settings: ClientSettings, query: str, variables: dict[str, Any], field: str) -> Iterator[dict[str, Any]]:
    """The nodes of every page of a list; the query takes `$after`."""
    after = ""
    while True:
        page = execute(settings, query, {**variables, "after": after})[field]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


async def subscribe(
    settings: ClientSettings, query: str, variables: dict[str, Any]
) -> AsyncGenerator[dict[str, Any], None]:
    url = settings.server.rstrip("/").replace("http", "ws", 1) + "/graphql"
    protocol: Any = "graphql-transport-ws"
    try:
        async with connect(url, subprotocols=[protocol], additional_headers=headers(settings)) as socket:
            await socket.send(orjson.dumps({"type": "connection_init"}).decode())
            await asyncio.wait_for(socket.recv(), REQUEST_SECONDS)
            payload = {"query": query, "variables": variables}
            await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": payload}).decode())
            async for raw in socket:
                message = orjson.loads(raw)
                if message["type"] == "complete":
                    return
                if message["type"] == "error":
                    raise click.ClickException(_sentence(message["payload"][0]))
                if message["type"] == "next":
                    if errors := message["payload"].get("errors"):
                        raise click.ClickException(_sentence(errors[0]))
                    yield message["payload"]["data"]
    except (OSError, TimeoutError, ConnectionClosed, WebSocketException) as error:
        raise click.ClickException(f"{settings.server} ended the stream: {error}") from error


def headers(settings: ClientSettings) -> dict[str, str]:
    return {"Authorization": f"Bearer {settings.token}"} if settings.token else {}


def _sentence(error: dict[str, Any]) -> str:
    suggestion = error.get("extensions", {}).get("suggestion")
    return f"{error['message']} ({suggestion})" if suggestion else str(error["message"])
