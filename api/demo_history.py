"""Fills the history of releases of a demo that starts, with what the first commits of its repositories say.

Waits until the runtime has told of these commits and of the applications, writes once, and is done; see
`model.demo_data`. A demo that is started again has its history already.
"""

import asyncio

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from model.audit import AuditEntry, AuditFilter
from model.database import Database
from model.demo_data import UID, is_demo_data, past_releases
from model.paging import PageRequest
from model.store import application as application_store
from model.store import audit as audit_store
from model.store import release as release_store

LOOK_SECONDS = 1.0
MOST_LOOKS = 300
_MOST_COMMITS = 500

log = structlog.get_logger(__name__)


async def fill_in_history(database: Database) -> None:
    """Returns when the history is there, or when it does not come."""
    for _ in range(MOST_LOOKS):
        if await fill_in_what_is_told(database):
            return
        await asyncio.sleep(LOOK_SECONDS)
    log.warning("no history of the demo", reason="the runtime did not tell of its commits and applications in time")


async def fill_in_what_is_told(database: Database) -> bool:
    """False: commits or applications are not known yet."""
    async with database.read() as session:
        runtime, entries = await _commits(session)
        names = {path.partition("/")[0] for entry in entries for path in entry.files}
        applications = [one for name in sorted(names) for one in await application_store.find(session, runtime, name)]
        if not names or len(applications) < len(names):
            return False
        if await release_store.get(session, applications[0].id, UID, 1) is not None:
            return True
    async with database.write() as session:
        for application in applications:
            await release_store.put(session, past_releases(application, entries))
    return True


async def _commits(session: AsyncSession) -> tuple[str, list[AuditEntry]]:
    """The runtime that told of them, and those that say what was deployed, oldest first."""
    places = tuple(await audit_store.repositories(session))
    selection = audit_store.AuditSelection(places, AuditFilter(search="Demo-Data:"))
    listed = [one for _, one in (await audit_store.page(session, selection, PageRequest(_MOST_COMMITS))).rows]
    told = [one for one in listed if is_demo_data(one.entry)]
    return (told[0].runtime if told else "", [one.entry for one in reversed(told)])
