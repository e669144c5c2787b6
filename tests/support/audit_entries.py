"""Audit entries for tests of the API, as a runtime would read them from Git."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from model.audit import AuditBatch, AuditEntry, AuditPosition
from model.report import CommitInfo

BEGAN = datetime(2026, 1, 1, 8, tzinfo=UTC)


def entry(number: int, *, repo: str, message: str = "", **fields: str) -> AuditEntry:
    commit = CommitInfo(
        sha=f"{number:040x}",
        message=message or f"Change {number}",
        author_name="dana",
        author_email="dana@example.com",
        date=BEGAN + timedelta(minutes=number),
        repo_url=repo,
    )
    given = {
        "action": "SYNC",
        "entity_kind": "Application",
        "entity_name": "cart",
        "runtime": "demo",
        "actor_name": "dana",
        "actor_email": "dana@example.com",
        "operation_id": f"op-{number}",
        **fields,
    }
    return AuditEntry(commit=commit, files=(f"apps/{number}.yaml",), files_total=1, **given)  # type: ignore[arg-type]


def batch(*entries: AuditEntry) -> AuditBatch:
    last = entries[-1].commit
    return AuditBatch(after=AuditPosition(last.repo_url, (last.sha,)), entries=entries)


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float = 60) -> None:
    """Returns as soon as it holds; what is waited for happens in another task, without an event to wait on."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)
