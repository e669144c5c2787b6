"""How long to wait before trying again: doubling, bounded, spread."""

import random
from dataclasses import dataclass


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

    def failed(self) -> float:
        """Seconds to wait after this failure."""
        wait = min(self._pace.first_seconds * 2.0 ** min(self._failures, 30), self._pace.most_seconds)
        self._failures += 1
        return wait * self._jitter.uniform(0.5, 1.5)
