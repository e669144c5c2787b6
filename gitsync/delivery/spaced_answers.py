"""What a slow and rationed service said last about each Rollout: AWS limits who asks often."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from gitsync.rollout.defaults import VERIFY_RETRY_SECONDS

Answer = TypeVar("Answer")


class SpacedAnswers(Generic[Answer]):
    """At most one question a Rollout in ten seconds; until then the last answer stands."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._answers: dict[str, tuple[datetime, Answer]] = {}

    async def about(self, uid: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """`ask` is called where the last answer is too old, or missing."""
        known = self._answers.get(uid)
        if known is not None and self._now() < known[0] + timedelta(seconds=VERIFY_RETRY_SECONDS):
            return known[1]
        answer = await ask()
        self._answers[uid] = (self._now(), answer)
        return answer

    def forget(self, uid: str) -> None:
        self._answers.pop(uid, None)
