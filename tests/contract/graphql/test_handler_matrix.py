"""Every HTTP and socket handler, asked by every kind of person: `handler_matrix.yaml` says what each gets."""

from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.app import create_app
from api.settings import Settings
from model.link import ReadRuntimeLog, RuntimeLogAnswer
from tests.contract.graphql.test_access_matrix import PEOPLE, headers_of
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime
from tests.support.yaml_text import read_yaml

MATRIX: dict[str, list[int]] = read_yaml((Path(__file__).parent / "handler_matrix.yaml").read_text())
FILLED = {"{name}": "demo", "{provider}": "nobody"}


def handlers() -> set[str]:
    """Of a control plane of the demo, which has the explorer too; without the console and the demo's Git host."""
    found = set()
    for route in create_app(Settings(demo=True, console=None)).routes:
        if isinstance(route, WebSocketRoute):
            found.add(f"SOCKET {route.path}")
        else:
            assert isinstance(route, Route), route
            found |= {f"{method} {route.path}" for method in (route.methods or ()) if method != "HEAD"}
    return found


def test_every_handler_is_in_the_matrix() -> None:
    assert set(MATRIX) == handlers(), "say who may, in handler_matrix.yaml"


@pytest.mark.cpu_seconds(30)
@pytest.mark.parametrize("person", PEOPLE)
async def test_handlers_give_each_person_what_the_matrix_says(
    person: str, running: Running, runtime: FakeRuntime
) -> None:
    runtime.answers[ReadRuntimeLog] = lambda _: RuntimeLogAnswer(())
    headers = await headers_of(running, person)
    found, expected = {}, {}
    for handler, row in sorted(MATRIX.items(), key=lambda one: one[0] == "POST /auth/logout"):
        method, _, path = handler.partition(" ")
        for name, value in FILLED.items():
            path = path.replace(name, value)
        expected[handler] = row[PEOPLE.index(person)]
        found[handler] = await _answer(running, method, path, headers)
    assert found == expected


async def _answer(running: Running, method: str, path: str, headers: dict[str, str]) -> int:
    """The status; of a socket the code with which it is closed, 0 when it stays open."""
    if method == "SOCKET":
        return await _socket(running, path, headers)
    body: Any = {"query": "{ me { name } }"} if path == "/graphql" else {}
    async with running.http(headers=headers, follow_redirects=False) as client:
        answer = await client.request(method, path, json=body if method == "POST" else None)
    return answer.status_code


async def _socket(running: Running, path: str, headers: dict[str, str]) -> int:
    url = running.address.replace("http", "ws", 1) + path
    protocols: Any = ["graphql-transport-ws"] if path == "/graphql" else None
    try:
        async with connect(url, subprotocols=protocols, additional_headers=headers, proxy=None) as socket:
            await socket.send('{"type": "connection_init"}' if protocols else b"")
            await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006
    except InvalidStatus as refused:
        return refused.response.status_code
    return 0
