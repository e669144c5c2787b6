"""Telling others about a push: POST, GitHub's words, signed, tried again a few times, forgotten.

A webhook is a hint. Whoever must not miss a push lists the refs now and then, so a delivery that fails for good is
dropped.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from gitsync.sandbox.githost.push import ZERO_ID, Push, RefMove

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to POST. `repository` None means every repository."""

    url: str
    secret: str = ""
    repository: str | None = None


class WebhookSender:
    """Delivers in the background; owns its tasks until `close`."""

    def __init__(
        self, *, attempts: int = 3, attempt_seconds: float = 5.0, backoff_seconds: Sequence[float] = (0.5, 2.0)
    ) -> None:
        self._attempts = attempts
        self._attempt_seconds = attempt_seconds
        self._backoff_seconds = tuple(backoff_seconds) or (0.0,)
        self._webhooks: list[Webhook] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    def add(self, webhook: Webhook) -> None:
        self._webhooks.append(webhook)

    def pushed(self, push: Push, *, clone_url: str) -> None:
        """Starts the deliveries; returns at once."""
        for webhook in self._webhooks:
            if webhook.repository in (None, push.repository):
                for move in push.moves:
                    body = json.dumps(payload(push, move, clone_url=clone_url)).encode()
                    task = asyncio.create_task(self._deliver(webhook, body), name=f"webhook {webhook.url}")
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Gives up what is under way."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _deliver(self, webhook: Webhook, body: bytes) -> None:
        headers = request_headers(body, webhook.secret)
        for attempt in range(self._attempts):
            if attempt:
                await asyncio.sleep(self._backoff_seconds[min(attempt, len(self._backoff_seconds)) - 1])
            if await self._post(webhook.url, body, headers):
                return
        _log.warning("webhook %s not delivered after %d attempts", webhook.url, self._attempts)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> bool:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._attempt_seconds))
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                return response.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


def payload(push: Push, move: RefMove, *, clone_url: str) -> dict[str, object]:
    """GitHub's push event, as far as a receiver may rely on it."""
    return {
        "ref": move.ref,
        "before": move.before,
        "after": move.after,
        "created": move.before == ZERO_ID,
        "deleted": move.after == ZERO_ID,
        "head_commit": None if move.after == ZERO_ID else {"id": move.after},
        "pusher": {"name": push.pusher},
        "repository": {
            "name": push.repository,
            "full_name": push.repository,
            "clone_url": clone_url,
            "html_url": clone_url.removesuffix(".git"),
            "default_branch": "main",
        },
    }


def request_headers(body: bytes, secret: str) -> dict[str, str]:
    """GitHub's headers; signed when there is a secret."""
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": str(uuid.uuid4()),
    }
    if secret:
        headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return headers
