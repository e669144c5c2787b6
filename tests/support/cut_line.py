"""A line to a server that a test can cut and mend: a small TCP relay in threads."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

CHUNK_BYTES = 65_536


@dataclass(frozen=True)
class Stop:
    """The first request with `words` in it goes no further than this: not to the server or, `answered`, the answer not
    back. Its connection ends with the stop, so what was held is heard by nobody."""

    words: bytes
    answered: bool
    met: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


class CutLine:
    """Relays `port` to the server's port; while it is cut, nobody answers there, and while it is held, nothing gets
    through and nobody is told.
    """

    def __init__(self, server_port: int, *, address: str = "127.0.0.1") -> None:
        self._server_port = server_port
        self._open: set[socket.socket] = set()
        self._cut = threading.Event()
        self._free = threading.Event()
        self._free.set()
        self._stop: Stop | None = None
        self._stopped: set[socket.socket] = set()  # whose answer is held back
        self._one_at_a_time = threading.Lock()
        self._listener = socket.create_server((address, 0))
        self.port: int = self._listener.getsockname()[1]

    @contextmanager
    def running(self) -> Iterator["CutLine"]:
        """Relays until the block ends."""
        threading.Thread(target=self._accept, name="cut line", daemon=True).start()
        try:
            yield self
        finally:
            self._listener.close()
            self.cut()
            self._free.set()
            if self._stop is not None:
                self._stop.over.set()

    @contextmanager
    def stopping(self, words: bytes, *, answered: bool = False) -> Iterator[Stop]:
        """Holds one request until the block ends."""
        self._stop = Stop(words, answered)
        try:
            yield self._stop
        finally:
            self._stop.over.set()
            self._stop = None
            self._stopped.clear()

    def lead_to(self, server_port: int) -> None:
        """New connections go to another server, as behind a load balancer."""
        self._server_port = server_port

    def cut(self) -> None:
        """Drops every connection and refuses new ones."""
        self._cut.set()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def hold(self) -> None:
        """Leaves every connection open, new ones too, and passes nothing on."""
        self._free.clear()

    def mend(self) -> None:
        """Relays again; what was held back arrives."""
        self._cut.clear()
        self._free.set()

    def _accept(self) -> None:
        while True:
            try:
                person, _ = self._listener.accept()
            except OSError:
                return
            if self._cut.is_set():
                person.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:  # nobody there: as refused
                person.close()
                continue
            self._open |= {person, server}
            if self._cut.is_set():  # meanwhile
                self.cut()
            for source, target in ((person, server), (server, person)):
                threading.Thread(target=self._relay, args=(source, target), daemon=True).start()

    def _relay(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                self._free.wait()
                self._hold(source, target, data)
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        self._open.discard(source)
        source.close()

    def _hold(self, source: socket.socket, target: socket.socket, data: bytes) -> None:
        """Raises ConnectionAbortedError after a stop."""
        with self._one_at_a_time:
            stop = self._stop
            if stop is None or stop.met.is_set():
                return
            if source not in self._stopped:
                if stop.words not in data:
                    return
                if stop.answered:
                    self._stopped.add(target)
                    return
            stop.met.set()
        stop.over.wait()
        raise ConnectionAbortedError
