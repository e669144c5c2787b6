"""The Python side of the console's GraphQL: one connection pool, named documents, errors of our own.

GraphFailure            something kept the answer from us
  SignedOut             the session is over or never was
  Refused               the API says no, with a stable code
  Unreachable           nobody answers
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import websockets
from websockets.typing import Origin, Subprotocol

from web.graph.document import document

ANSWER_SECONDS = 10.0

Variables = dict[str, Any]
Answer = dict[str, Any]


class GraphFailure(Exception):
    """Something kept the answer from us. `reference` is an id that the control plane's log knows."""

    def __init__(self, message: str, *, reference: str = "") -> None:
        super().__init__(message)
        self.reference = reference


class SignedOut(GraphFailure):
    """The session is over or never was."""


class Unreachable(GraphFailure):
    """Nobody answers."""


class Refused(GraphFailure):
    """The API says no."""

    def __init__(self, message: str, *, code: str, reference: str = "") -> None:
        super().__init__(message, reference=reference)
        self.code = code


def moment() -> str:
    """Now, as the API writes moments."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Viewer:
    """On whose behalf we ask: the cookie header of the person's own connection."""

    cookie: str


class _Place:
    """Where the control plane is: at the socket that serves us. Right on every port, and no header can move it."""

    url = ""
    http: httpx.AsyncClient | None = None


def use(url: str) -> None:
    """Ask at this address from now on."""
    if url != _Place.url:
        _Place.url, _Place.http = url, None


def use_server(host: str, port: int) -> None:
    """Ask the process that serves the console."""
    if not _Place.url:
        use(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


async def close() -> None:
    """Let go of open connections."""
    if _Place.http is not None:
        await _Place.http.aclose()
        _Place.http = None


def _pool() -> httpx.AsyncClient:
    if _Place.http is None:
        if not _Place.url:
            raise Unreachable("the address of the control plane is not known yet")
        _Place.http = httpx.AsyncClient(base_url=_Place.url, timeout=ANSWER_SECONDS, trust_env=False)
    return _Place.http


async def ask(viewer: Viewer, name: str, variables: Variables | None = None) -> Answer:
    """Run a query or mutation. Partial data is data: what is missing is null and says why in its own `errors`."""
    try:
        response = await _pool().post(
            "/graphql",
            json={"query": document(name), "variables": variables or {}},
            headers={"Cookie": viewer.cookie, "Accept": "application/graphql-response+json, application/json"},
        )
    except httpx.HTTPError as failure:
        raise Unreachable("the control plane does not answer") from failure
    if response.status_code == httpx.codes.UNAUTHORIZED:
        raise SignedOut("the session is over")
    return _data_of(_decoded(response))


def _decoded(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except json.JSONDecodeError as failure:
        raise Unreachable(f"the control plane answered {response.status_code} without data") from failure
    return body if isinstance(body, dict) else {}


def _data_of(body: dict[str, Any]) -> Answer:
    data = body.get("data")
    if isinstance(data, dict):
        return data
    raise failure_of(body.get("errors") or [{"message": "the control plane sent neither data nor a reason"}])


def failure_of(errors: list[dict[str, Any]]) -> GraphFailure:
    """The first GraphQL error as one of ours."""
    extensions = errors[0].get("extensions") or {}
    message, reference = str(errors[0].get("message", "")), str(extensions.get("correlationId") or "")
    code = str(extensions.get("code") or "UNKNOWN")
    if code == "UNAUTHORIZED_ERROR":
        return SignedOut(message, reference=reference)
    return Refused(message, code=code, reference=reference)


@asynccontextmanager
async def follow(viewer: Viewer, name: str, variables: Variables | None = None) -> AsyncIterator[AsyncIterator[Answer]]:
    """A subscription over graphql-transport-ws, for as long as the block runs."""
    address = _Place.url.replace("http", "ws", 1) + "/graphql"
    try:
        async with websockets.connect(
            address,
            subprotocols=[Subprotocol("graphql-transport-ws")],
            origin=Origin(_Place.url),
            additional_headers={"Cookie": viewer.cookie},
            open_timeout=ANSWER_SECONDS,
            proxy=None,
        ) as connection:
            await connection.send(json.dumps({"type": "connection_init"}))
            yield _events(connection, name, variables or {})
    except (OSError, websockets.WebSocketException) as failure:
        raise Unreachable("the live stream ended") from failure


async def _events(connection: websockets.ClientConnection, name: str, variables: Variables) -> AsyncIterator[Answer]:
    async for text in connection:
        message = json.loads(text)
        match message["type"]:
            case "connection_ack":
                payload = {"query": document(name), "variables": variables}
                await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            case "ping":
                await connection.send(json.dumps({"type": "pong"}))
            case "next":
                yield _data_of(message["payload"])
            case "error":
                raise failure_of(message["payload"])
            case "complete":
                return
