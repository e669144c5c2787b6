"""Faults on demand: what a client must survive, injected at the border of the API."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from gitsync.sandbox.errors import BadRequestError


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """What happens to matching requests. `method` and `path` are regular expressions (path: found anywhere).

    `delay_seconds` comes first; then `status` answers an error (429 with `retry_after_seconds`), `gone` answers a
    watch or list with 410, `drop_after_events` cuts a watch, `disconnect` closes the connection, and nothing is done.
    `answer_delay_seconds` lets the request be carried out, and keeps the answer back.
    """

    method: str = ".*"
    path: str = ".*"
    count: int | None = None
    delay_seconds: float = 0
    status: int | None = None
    retry_after_seconds: int | None = None
    gone: bool = False
    drop_after_events: int | None = None
    disconnect: bool = False
    watch_only: bool = False
    answer_delay_seconds: float = 0


@dataclass(slots=True)
class _Armed:
    fault: Fault
    left: int | None
    used: int = 0


@dataclass(slots=True)
class FaultInjector:
    """Keeps the faults; the server asks it once per request."""

    _armed: list[_Armed] = field(default_factory=list)
    _open_watches: dict[int, tuple[str, Callable[[], None]]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    carried_out: int = 0  # requests whose answers were kept back

    def add(self, fault: Fault) -> None:
        try:
            re.compile(fault.method)
            re.compile(fault.path)
        except re.error as error:
            raise BadRequestError(f"the fault's pattern is no regular expression: {error}") from error
        self._armed.append(_Armed(fault, fault.count))

    def clear(self) -> None:
        self._armed.clear()

    def take(self, verb: str, method: str, path: str) -> Fault | None:
        """The first armed fault for this request; counts it down. Counts the request too."""
        self.requests[verb] = self.requests.get(verb, 0) + 1
        for armed in self._armed:
            fault = armed.fault
            if armed.left == 0 or (fault.watch_only and verb != "watch"):
                continue
            if re.fullmatch(fault.method, method) and re.search(fault.path, path):
                armed.used += 1
                if armed.left is not None:
                    armed.left -= 1
                return fault
        return None

    def drop_watches(self, path: str = ".*") -> int:
        """Cuts open watches now. Returns how many."""
        dropped = [close for opened, close in self._open_watches.values() if re.search(path, opened)]
        for close in dropped:
            close()
        return len(dropped)

    def watch_opened(self, path: str, close: Callable[[], None]) -> Callable[[], None]:
        """Tells of an open watch. Returns what to call when it ends."""
        key = id(close)
        self._open_watches[key] = (path, close)
        return lambda: self._open_watches.pop(key, None) and None

    @property
    def open_watches(self) -> int:
        return len(self._open_watches)

    def describe(self) -> list[dict[str, Any]]:
        return [
            {"fault": msgspec.to_builtins(armed.fault), "left": armed.left, "used": armed.used} for armed in self._armed
        ]
