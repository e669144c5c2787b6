"""Keeps the audit log of one connected runtime: asks what comes after what is here, and writes it down.

A batch and the position after it are one transaction, and the next question names that position: whatever dies between
them, nothing is missed and nothing is counted twice. An empty database asks from the beginning.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from api.errors import ApiError, RuntimeUnavailable
from api.live.tidings import Noted
from api.runtimes.connection import RuntimeConnection
from model.audit import AuditAnswer, AuditPosition, ReadAudit
from model.database import Database
from model.store import audit as audit_store
from model.store import notification as notification_store

WAIT_SECONDS = 20.0
DEADLINE_SECONDS = 90.0
PAUSE_SECONDS = 15.0

log = structlog.get_logger(__name__)


async def follow_audit_log(
    database: Database,
    connection: RuntimeConnection,
    tell: Callable[[Noted], None],
    clock: Callable[[], datetime],
) -> None:
    """Until the connection ends. `tell` hears what people did lately, and of repositories that are new."""
    runtime = connection.runtime
    async with database.read() as session:
        known = {position.repo_url: position for position in await audit_store.positions(session, runtime)}
    while True:
        try:
            answer = await _ask(connection, known)
        except RuntimeUnavailable:
            await connection.gone.wait()
            return
        except ApiError as error:
            log.info("audit log is behind", runtime=runtime, reason=error.message)
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        for batch in answer.batches:
            async with database.write() as session:
                is_new = await audit_store.take_in(session, runtime, batch)
                told = await notification_store.take_commits(session, runtime, batch.entries, now=clock())
            known[batch.after.repo_url] = batch.after
            if is_new or told:
                tell(Noted(tuple(told), new_repository=is_new))


async def _ask(connection: RuntimeConnection, known: dict[str, AuditPosition]) -> AuditAnswer:
    question = ReadAudit(tuple(known.values()), WAIT_SECONDS)
    answer = await connection.request(question, deadline_seconds=DEADLINE_SECONDS)
    return answer if isinstance(answer, AuditAnswer) else AuditAnswer()
