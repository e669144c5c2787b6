"""Opening the control plane's parts in order, and closing them in reverse."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypedDict

import structlog

from api.access.authorize import Authority
from api.access.favorites import Favorites
from api.access.oauth.client import OAuthClient
from api.access.passwords import hash_password
from api.access.sign_in import SignIn
from api.access.verdicts import Verdicts
from api.demo_history import fill_in_history
from api.housekeeping import keep_house
from api.live.activity import Activity
from api.live.applications import LiveApplications
from api.live.changes import Changes
from api.live.news import News
from api.live.streams import OpenStreams
from api.live.trees import Trees
from api.plane import ControlPlane
from api.runtimes.connected import ConnectedRuntimes
from api.runtimes.hosted import hosted_of, run_hosted
from api.runtimes.link import LinkServer
from api.settings import InitialUser, Settings
from api.supervisor import Supervisor
from model.database import Database
from model.store import person as person_store
from model.store import runtime as runtime_store

ADMIN = "admin"

log = structlog.get_logger(__name__)


class State(TypedDict):
    """What Starlette puts into `request.state`."""

    plane: ControlPlane


@asynccontextmanager
async def open_plane(
    settings: Settings, clock: Callable[[], datetime], monotonic: Callable[[], float]
) -> AsyncIterator[ControlPlane]:
    async with AsyncExitStack() as stack:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = await Database.open(settings.database)
        stack.push_async_callback(database.close)
        plane = _assemble(settings, database, clock, monotonic)
        stack.push_async_callback(plane.trees.close)
        stack.push_async_callback(plane.oauth.close)
        await _ensure_users(plane)
        stack.push_async_callback(plane.supervisor.stop)
        keep_house(plane)
        if settings.hosted_runtime is not None:
            await run_hosted(plane, settings.hosted_runtime)
        if settings.demo_history:
            filling = asyncio.create_task(fill_in_history(database), name="history of the demo")
            stack.push_async_callback(_end, filling)
        await _run_set_up(plane)
        yield plane


def _assemble(
    settings: Settings, database: Database, clock: Callable[[], datetime], monotonic: Callable[[], float]
) -> ControlPlane:
    connected = ConnectedRuntimes(News())
    changes = Changes()
    authority = Authority(database, Verdicts(connected, monotonic), monotonic)
    activity = Activity(authority)
    favorites = Favorites(database)
    sign_in = SignIn(database, clock, lifetime=timedelta(hours=settings.session_hours))
    return ControlPlane(
        settings=settings,
        clock=clock,
        database=database,
        connected=connected,
        changes=changes,
        activity=activity,
        live=LiveApplications(database, changes, authority, favorites),
        trees=Trees(connected),
        streams=OpenStreams(sign_in, clock),
        authority=authority,
        sign_in=sign_in,
        oauth=OAuthClient(time.time),
        favorites=favorites,
        link=LinkServer(
            database, connected, changes, activity, clock, notice=authority.notice, new_repository=authority.look_again
        ),
        supervisor=Supervisor(monotonic),
    )


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _run_set_up(plane: ControlPlane) -> None:
    """Starts the hosted runtimes that people set up earlier."""
    async with plane.database.read() as session:
        known = await runtime_store.all_runtimes(session)
    for runtime in known:
        if (hosted := hosted_of(plane.settings, runtime)) is not None:
            await run_hosted(plane, hosted)
        elif runtime.hosting is not None:
            log.warning("a hosted runtime stays down: no cluster is named for it", runtime=runtime.name)


async def _ensure_users(plane: ControlPlane) -> None:
    """Makes the users of the settings that do not exist yet, and at the first start an administrator."""
    settings = plane.settings
    async with plane.database.read() as session:
        known = {person.name for person in await person_store.all_people(session)}
    wanted = [user for user in settings.users if user.name not in known]
    if not known and not any(user.is_admin for user in wanted):
        password = settings.admin_password or secrets.token_urlsafe(12)
        wanted.append(InitialUser(ADMIN, password, is_admin=True))
        if settings.admin_password is None:
            print(f"first start: user {ADMIN}, password {password} (shown only now)", flush=True)
    for user in wanted:
        hashed = await asyncio.to_thread(hash_password, user.password)
        async with plane.database.write() as session:
            await person_store.add(session, user.name, hashed=hashed, email=user.email, is_admin=user.is_admin)


def utc_now() -> datetime:
    return datetime.now(UTC)
