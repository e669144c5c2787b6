"""Ports for processes that a test starts: free now, and nobody else's before the process has begun to listen.

A port that the system itself chose may be given to the next connection, whoever makes it, in the seconds that a process
takes to start; what then answers there is another server. So these lie below those that the system chooses from.
"""

import secrets
import socket

_FIRST, _AFTER_LAST = 10_000, 32_000
_ATTEMPTS = 100


def free_port() -> int:
    for _ in range(_ATTEMPTS):
        port = _FIRST + secrets.randbelow(_AFTER_LAST - _FIRST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no port is free between {_FIRST} and {_AFTER_LAST}")
