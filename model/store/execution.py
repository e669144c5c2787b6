"""Executions of workflows: keeping what is reported, dropping what is old."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from model.store.moment import to_micros
from model.store.ruler import number_rulers
from model.store.statement import upsert
from model.tables.execution import ExecutionRow
from model.workflow import KEPT, ExecutionPhase, WorkflowExecution


async def put(session: AsyncSession, runtime: str, executions: Collection[WorkflowExecution]) -> None:
    """Keeps each once: one that is told again takes the place of what was told before."""
    if not executions:
        return
    pairs = {(runtime, url) for one in executions for url in _both(one)}
    rulers = await number_rulers(session, pairs)
    await upsert(session, ExecutionRow, [_row(runtime, one, rulers) for one in executions])


async def drop_old(session: AsyncSession, *, now: datetime) -> None:
    """What is older than anybody compares with."""
    await session.execute(delete(ExecutionRow).where(to_micros(now - KEPT) > col(ExecutionRow.finished_micros)))


def _both(execution: WorkflowExecution) -> tuple[str, str]:
    """The repositories that rule it, both of which have to be readable; where one is not known, administrators do."""
    urls = execution.access_repo_urls
    return ("", "") if not urls or len(urls) > 2 or "" in urls else (urls[0], urls[-1])


def _row(runtime: str, execution: WorkflowExecution, rulers: dict[tuple[str, str], int]) -> dict[str, Any]:
    first, second = _both(execution)
    return {
        "runtime": runtime,
        "uid": execution.uid,
        "ruler": rulers[runtime, first],
        "second_ruler": rulers[runtime, second],
        "cluster": execution.cluster,
        "cluster_name": execution.cluster_name,
        "namespace": execution.namespace,
        "name": execution.name,
        "pipeline": execution.pipeline,
        "phase": execution.phase.value,
        "succeeded": int(execution.phase is ExecutionPhase.SUCCEEDED),
        "finished_micros": to_micros(execution.finished),
        "duration_micros": execution.duration // timedelta(microseconds=1),
        "event": execution.event.value,
        "repository": execution.repository,
        "branch": execution.branch,
        "commit": execution.commit,
        "initiator": execution.initiator,
    }
