"""The way into the home cluster at the start: without it nothing can be done, so it is tried until it is there."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from gitsync.kube.errors import ClusterError

log = structlog.get_logger("gitsync.runtime")

_CONNECT_MAX_SECONDS = 30.0


async def reach_home(prepare: Callable[[], Awaitable[None]]) -> None:
    """Returns when `prepare` has succeeded; the home cluster may come up after us."""
    wait_seconds = 0.5
    while True:
        try:
            return await prepare()
        except ClusterError as failure:
            log.warning("home cluster not usable yet", reason=failure.message)
        await asyncio.sleep(wait_seconds * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
        wait_seconds = min(wait_seconds * 2, _CONNECT_MAX_SECONDS)
