"""How long to wait before trying again: doubling, bounded, spread."""

import random
from dataclasses import dataclass

from gitsync.kube.errors import ClusterError, TooManyRequests


@dataclass(frozen=True, slots=True)
class Pace:
    """`first_seconds` doubles with each failure in a row up to `most_seconds`; each wait is spread by half."""

    first_seconds: float = 0.2
    most_seconds: float = 30.0


class Backoff:
    """Counts the failures in a row."""

    def __init__(self, pace: Pace, jitter: random.Random) -> None:
        self._pace = pace
        self._jitter = jitter
        self._failures = 0

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, error: ClusterError | None = None) -> float:
        """Seconds to wait after this failure; not fewer than a cluster asks for that wants patience."""
        wait = min(self._pace.first_seconds * 2.0 ** min(self._failures, 30), self._pace.most_seconds)
        self._failures += 1
        wait *= self._jitter.uniform(0.5, 1.5)
        if isinstance(error, TooManyRequests):
            return max(wait, error.retry_after_seconds * self._jitter.uniform(1.0, 1.5))
        return wait
