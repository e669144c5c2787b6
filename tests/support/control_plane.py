"""A control plane on a free port in the test's own event loop, with a real SQLite file and real sockets."""

import asyncio
import functools
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from api.access.passwords import hash_password
from api.access.secret_token import RUNTIME, hash_token, new_token
from api.app import create_app
from api.cli.serve import KEEP_ALIVE_SECONDS
from api.lifespan import utc_now
from api.logs import configure_logs
from api.plane import ControlPlane
from api.settings import Settings
from model.database import Database
from model.store import person as person_store
from model.store import runtime as runtime_store
from tests.support.fake_runtime import FakeRuntime

PASSWORD = "correct horse"
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading those of the system takes longer than most requests
LIFETIME = timedelta(hours=12)
_FILLED: list[bytes] = []  # a database with everybody in it, once there is one
PEOPLE = ("admin", "writer", "reader", "stranger")


@functools.cache
def hashed_password() -> str:
    """Once a process: hashing is slow on purpose."""
    return hash_password(PASSWORD)


@dataclass
class Running:
    """A control plane that answers. `plane` is its inside."""

    address: str
    plane: ControlPlane
    tokens: dict[str, str] = field(default_factory=dict)

    def http(self, **options: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.address, trust_env=False, verify=_NO_AUTHORITIES, timeout=30, **options)

    async def runtime(self, name: str = "demo", **options: Any) -> FakeRuntime:
        """A registered runtime, not connected yet."""
        token = new_token(RUNTIME)
        async with self.plane.database.write() as session:
            await runtime_store.add(session, name, token_hash=hash_token(token), hosted=False, now=datetime.now(UTC))
        return FakeRuntime(name, token, self.address, **options)

    async def token(self, person: str) -> str:
        """A session of that person, started without hashing a password."""
        if person not in self.tokens:
            token = new_token("args_")
            async with self.plane.database.write() as session:
                found = await person_store.get(session, person)
                assert found is not None
                await person_store.start_session(
                    session, found, token_hash=hash_token(token), now=self.plane.clock(), lifetime=LIFETIME
                )
            self.tokens[person] = token
        return self.tokens[person]

    async def post(self, person: str | None, query: str, **variables: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {await self.token(person)}"} if person else {}
        async with self.http() as client:
            return await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)

    async def query(self, person: str | None, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = (await self.post(person, query, **variables)).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def errors(self, person: str | None, query: str, **variables: Any) -> list[str]:
        """Codes of the errors of an answer."""
        answer = (await self.post(person, query, **variables)).json()
        return [error["extensions"]["code"] for error in answer.get("errors", [])]

    @asynccontextmanager
    async def subscribe(self, person: str | None, query: str, **variables: Any) -> AsyncIterator["Events"]:
        headers = {"Authorization": f"Bearer {await self.token(person)}"} if person else {}
        async with self.socket(headers) as socket:
            await socket.send(_text({"type": "connection_init"}))
            assert orjson.loads(await socket.recv())["type"] == "connection_ack"
            payload = {"query": query, "variables": variables}
            await socket.send(_text({"id": "1", "type": "subscribe", "payload": payload}))
            yield Events(socket)

    def socket(self, headers: dict[str, str]) -> connect:
        url = self.address.replace("http", "ws", 1) + "/graphql"
        protocol: Any = "graphql-transport-ws"
        return connect(url, subprotocols=[protocol], additional_headers=headers, proxy=None)


@dataclass
class Events:
    """Messages of one subscription."""

    socket: ClientConnection

    async def message(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(await self.socket.recv())
        return found

    async def next(self) -> dict[str, Any]:
        message = await self.message()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        data: dict[str, Any] = message["payload"]["data"]
        return next(iter(data.values()))

    async def error(self) -> str:
        """The code with which the stream ends, whichever way it is told."""
        return _code_of(await self.message())

    async def ended(self) -> str:
        """The same, after whatever comes before."""
        while (message := await self.message())["type"] == "next" and "errors" not in message["payload"]:
            pass
        return _code_of(message)


def _code_of(message: dict[str, Any]) -> str:
    payload = message["payload"]
    errors = payload["errors"] if isinstance(payload, dict) else payload
    code: str = errors[0]["extensions"]["code"]
    return code


@asynccontextmanager
async def control_plane(
    data_dir: Path,
    *,
    clock: Callable[[], datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
    port: int = 0,
    **options: Any,
) -> AsyncIterator[Running]:
    """`port` 0: a free one."""
    settings = Settings(host="127.0.0.1", port=port, data_dir=data_dir, console=None, log_level="critical", **options)
    configure_logs("critical")
    await _make_people(settings)
    app = create_app(settings, clock=clock, monotonic=monotonic)
    holder: dict[str, Any] = {}
    original = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(inner: Any) -> AsyncIterator[Any]:
        async with original(inner) as state:
            holder.update(state)
            yield state

    app.router.lifespan_context = lifespan
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_config=None,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server._serve())
    await asyncio.wait((task, server.begun), return_when=asyncio.FIRST_COMPLETED)
    assert server.started, task.exception()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Running(f"http://127.0.0.1:{port}", holder["plane"])
    finally:
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    """Says when it has begun, so that nobody has to look again and again."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set_result(None)


async def _make_people(settings: Settings) -> None:
    """A copy of the first database of this process: making all tables for each test takes longer than most tests."""
    if settings.database_url is not None:
        await _fill(settings.database_url)
        return
    file = settings.data_dir / "argosy.db"
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    if not _FILLED:
        await _fill(settings.database)
        _FILLED.append(file.read_bytes())
    file.write_bytes(_FILLED[0])


async def _fill(url: str) -> None:
    """Everybody is in the database afterwards."""
    database = await Database.open(url)
    async with database.write() as session:
        if not await person_store.all_people(session):
            for name in PEOPLE:
                await person_store.add(session, name, hashed=hashed_password(), is_admin=name == "admin")
    await database.close()


def _text(value: object) -> str:
    return orjson.dumps(value).decode()
