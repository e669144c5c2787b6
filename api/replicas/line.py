"""A line to another replica, dialled by this one: runtimes that are linked there become askable here."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from api.errors import ApiError, FellBehind, RuntimeUnavailable
from api.live.changes import Changes
from api.live.tidings import Reported, Tiding, Tidings
from api.replicas.messages import (
    FRAME_BYTES,
    NOBODY,
    Answered,
    Asked,
    Failed,
    Holding,
    Introduced,
    Told,
    TooMuch,
    decode_from_dialled,
    encode,
)
from api.runtimes.connected import ConnectedRuntimes
from api.runtimes.connection import RuntimeConnection
from model.link import Cancel, Request
from model.store.replica import Replica

OPEN_SECONDS = 5.0
PING_SECONDS = 5.0

log = structlog.get_logger(__name__)


class LineFailed(ApiError):
    """The other replica does not answer at its address, or somebody else does."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What lines need of the control plane. `token` is what this replica shows."""

    connected: ConnectedRuntimes
    tidings: Tidings
    changes: Changes
    token: str

    async def keep(self, other: Replica, opened: Callable[[], None]) -> None:
        """Until the line breaks. Raises LineFailed."""
        address = other.url.replace("http", "ws", 1) + "/replica"
        dialling = connect(
            address,
            additional_headers={"Authorization": f"Bearer {self.token}"},
            open_timeout=OPEN_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=2 * PING_SECONDS,
            max_size=FRAME_BYTES,
            compression=None,
            proxy=None,
        )
        try:
            async with dialling as socket:
                await _Line(self, other, socket).run(opened)
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code == NOBODY:
                raise LineFailed(f"replica {other.id} at {other.url} does not know this one") from closed
        except (OSError, TimeoutError, WebSocketException, msgspec.DecodeError) as error:
            reason = str(error) or type(error).__name__
            raise LineFailed(f"replica {other.id} at {other.url} cannot be reached: {reason}") from error


class _Line:
    def __init__(self, lines: Lines, other: Replica, socket: ClientConnection) -> None:
        self._lines = lines
        self._other = other
        self._socket = socket
        self._runtimes: dict[str, RuntimeConnection] = {}
        self._pumps: dict[str, asyncio.Task[None]] = {}

    async def run(self, opened: Callable[[], None]) -> None:
        first = decode_from_dialled(await self._socket.recv(decode=False))
        if not isinstance(first, Introduced) or first.replica != self._other.id:
            raise LineFailed(
                f"at {self._other.url} answers somebody else than replica {self._other.id}",
                suggestion="set ARGOSY_REPLICA_URL to an address at which the others reach each replica",
            )
        opened()
        log.info("line to another replica is open", replica=self._other.id, url=self._other.url)
        self._lines.changes.lose()  # whatever happened there before is in the database
        try:
            while True:
                self._take(await self._socket.recv(decode=False))
        finally:
            for runtime in list(self._runtimes):
                self._leave(runtime)
            self._lines.changes.lose()
            log.info("line to another replica is closed", replica=self._other.id, url=self._other.url)

    def _take(self, frame: bytes) -> None:
        match decode_from_dialled(frame):
            case Holding(runtimes=runtimes):
                self._hold(runtimes)
            case Told(tiding=tiding):
                self._hear(tiding)
            case TooMuch():
                self._lines.changes.lose()
            case Answered(runtime=runtime, message=message):
                if connection := self._runtimes.get(runtime):
                    connection.take(message)
            case Failed(runtime=runtime, id=number, behind=behind):
                if connection := self._runtimes.get(runtime):
                    behind_text = "more was sent than was read; ask again from the start"
                    connection.fail(number, FellBehind(behind_text) if behind else RuntimeUnavailable(runtime))

    def _hear(self, tiding: Tiding) -> None:
        """What an old link of a runtime still had to say is not told after what a newer one said."""
        is_old = isinstance(tiding, Reported) and not self._lines.connected.learn(
            tiding.runtime, tiding.hold, self._other.id
        )
        if not is_old:
            self._lines.tidings.take(tiding)

    def _hold(self, runtimes: dict[str, int]) -> None:
        for runtime, connection in list(self._runtimes.items()):
            if runtimes.get(runtime) != connection.hold:
                self._leave(runtime)
        for runtime, hold in runtimes.items():
            if self._lines.connected.learn(runtime, hold, self._other.id) and runtime not in self._runtimes:
                connection = self._runtimes[runtime] = RuntimeConnection(runtime, hold=hold)
                self._pumps[runtime] = asyncio.create_task(self._pump(connection), name=f"replica-pump-{runtime}")
                self._lines.connected.lead_elsewhere(connection)

    def _leave(self, runtime: str) -> None:
        self._pumps.pop(runtime).cancel()
        self._lines.connected.leave_elsewhere(self._runtimes.pop(runtime))

    async def _pump(self, connection: RuntimeConnection) -> None:
        with suppress(ConnectionClosed):  # the reader meets it too, and ends the line
            while True:
                message = await connection.outbox.get()
                if isinstance(message, Request | Cancel):
                    await self._socket.send(encode(Asked(connection.runtime, message)))
