"""One operation under way, and its time limit."""

import asyncio
from dataclasses import dataclass, field

from gitsync.application.record import Record
from gitsync.configuration.command_parameters import SyncLimit
from gitsync.execute.apply_plan import Execution, Outcome
from gitsync.execute.hooks import Earlier
from gitsync.manifest.object import JsonObject
from model.kinds.application import Operation, OperationState, SyncOperation


@dataclass(slots=True)
class Run:
    """One operation under way. `raw` is the operation as it stands in the object; None: it is not from there.

    `revisions` has one for each of several sources, as in Argo CD's status.
    """

    record: Record
    operation: Operation
    state: OperationState
    raw: JsonObject | None = None
    revision: str = ""
    revisions: tuple[str, ...] = ()
    source: JsonObject = field(default_factory=dict)
    earlier: Earlier | None = None
    execution: Execution | None = None
    superseded_by: str = ""
    terminating: bool = False
    blocked: bool = False
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def sync(self) -> SyncOperation:
        return self.operation.sync or SyncOperation()

    @property
    def automated(self) -> bool:
        return self.operation.initiated_by is not None and self.operation.initiated_by.automated


async def within(limit: SyncLimit, run: Run, execution: Execution) -> Outcome:
    """Runs it; stops it at the limit, saying what it was waiting for."""
    if not limit.seconds:
        return await execution.run()

    def late() -> None:
        run.stirred.set()
        execution.stop(f"timed out after {limit.seconds:g} s ({limit.said_by}) while {execution.message}")

    handle = asyncio.get_running_loop().call_later(limit.seconds, late)
    try:
        return await execution.run()
    finally:
        handle.cancel()
