"""Streams that heal: a subscription followed again and again for as long as a tab looks."""

import asyncio
from collections.abc import AsyncIterator

from web.graph import client

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0


async def follow(viewer: client.Viewer, name: str, variables: client.Variables) -> AsyncIterator[client.Answer | None]:
    """Events of a subscription; None each time it was lost, before it is tried again. Ends when the session is over."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            async with client.follow(viewer, name, variables) as events:
                async for event in events:
                    pause = FIRST_PAUSE_SECONDS
                    yield event
        except client.SignedOut:
            return
        except client.GraphFailure:
            yield None
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
