"""Remembers generations that failed, so that a program is not run again and again on what it refused.

A failure is kept under everything that it came from: whatever changes that gives the program another try at once.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from gitsync.render.errors import GenerationFailed

_MAX_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class _Failure:
    error: GenerationFailed
    count: int
    at: float


class Failures:
    """`clock` counts seconds. After `attempts` failures in a row there is a pause of `pause_seconds`."""

    def __init__(self, clock: Callable[[], float], *, attempts: int = 3, pause_seconds: float = 3600.0) -> None:
        self._clock = clock
        self._attempts = attempts
        self._pause_seconds = pause_seconds
        self._failures: OrderedDict[str, _Failure] = OrderedDict()

    def check(self, key: str) -> None:
        """Raises the remembered error while there is a pause."""
        failure = self._failures.get(key)
        if failure is None or failure.count < self._attempts:
            return
        if self._clock() - failure.at >= self._pause_seconds:
            del self._failures[key]
            return
        raise GenerationFailed(
            f"{failure.error.message} (failed {failure.count} times with the same inputs, not tried again for"
            f" {self._pause_seconds / 60:g} minutes)",
            suggestion=f"{failure.error.suggestion} A hard refresh tries again at once.",
        ) from failure.error

    def failed(self, key: str, error: GenerationFailed) -> None:
        known = self._failures.pop(key, None)
        self._failures[key] = _Failure(error, known.count + 1 if known else 1, self._clock())
        if len(self._failures) > _MAX_KEPT:
            self._failures.popitem(last=False)

    def forget(self, key: str) -> None:
        """It went well, or somebody wants it tried anew."""
        self._failures.pop(key, None)
