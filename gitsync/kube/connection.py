"""Whether a cluster can be reached: a state with a time and a reason, as Argo CD names it."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gitsync.kube.errors import ClusterError, TooManyRequests


class Reach(enum.StrEnum):
    UNKNOWN = "Unknown"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """`since` is when it became so; `attempted_at` when the cluster was last heard of or missed."""

    reach: Reach
    since: datetime
    attempted_at: datetime
    message: str = ""


class Connection:
    """Keeps the state. Listeners hear of changes between reached and not reached, not of each request."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._listeners: list[Callable[[ConnectionState], None]] = []
        now = clock()
        self.state = ConnectionState(Reach.UNKNOWN, now, now)

    def listen(self, callback: Callable[[ConnectionState], None]) -> None:
        self._listeners.append(callback)

    def succeeded(self) -> bool:
        """True when it could not be reached until now."""
        was_failed = self.state.reach is Reach.FAILED
        self._become(Reach.SUCCESSFUL, "")
        return was_failed

    def failed(self, error: ClusterError) -> None:
        asks = f". {error.suggestion}" if isinstance(error, TooManyRequests) else ""
        self._become(Reach.FAILED, f"{error.message}{asks}")

    def _become(self, reach: Reach, message: str) -> None:
        now = self._clock()
        changed = self.state.reach is not reach
        self.state = ConnectionState(reach, now if changed else self.state.since, now, message)
        if changed:
            for listener in tuple(self._listeners):
                listener(self.state)
