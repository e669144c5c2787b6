"""A copy of the audit log as a control plane would keep it, fed by an `AuditLog`."""

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field

from gitsync.audit.log import AuditLog
from gitsync.git.repositories import Repositories
from model.audit import AuditBatch, AuditEntry, AuditPosition


def spawn(name: str, work: Awaitable[None]) -> asyncio.Task[None]:
    async def run() -> None:
        await work

    return asyncio.create_task(run(), name=name)


def audit_log(repositories: Repositories, urls: Iterable[str], *, batch_entries: int = 1000) -> AuditLog:
    known = tuple(urls)
    return AuditLog(repositories, lambda: known, spawn, batch_entries=batch_entries)


@dataclass
class Reader:
    """`entries` by (repository, commit), in the order in which they came."""

    log: AuditLog
    entries: dict[tuple[str, str], AuditEntry] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    positions: dict[str, AuditPosition] = field(default_factory=dict)
    batches: int = 0

    async def step(self, *, wait_seconds: float = 0.0) -> tuple[AuditBatch, ...]:
        batches = await self.log.read(self.positions.values(), wait_seconds=wait_seconds)
        for batch in batches:
            self.take(batch)
        return batches

    async def catch_up(self) -> None:
        """Until everything has been told."""
        while await self.step() or not self.log.settled:  # noqa: ASYNC110 - only asking starts the reading
            await asyncio.sleep(0.002)

    def take(self, batch: AuditBatch) -> None:
        repo = batch.after.repo_url
        self.batches += 1
        if batch.anew:
            self.entries = {key: one for key, one in self.entries.items() if key[0] != repo}
        for sha in batch.removed:
            self.entries.pop((repo, sha), None)
        for entry in batch.entries:
            self.entries[repo, entry.commit.sha] = entry
            self.outcomes[entry.commit.sha] = entry.outcome
        self.outcomes.update(dict(batch.outcomes))
        self.positions[repo] = batch.after

    @property
    def shas(self) -> set[str]:
        return {sha for _, sha in self.entries}
