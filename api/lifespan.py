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
from api.access.secret_token import REPLICA, new_token
from api.access.sign_in import SignIn
from api.access.verdicts import Verdicts
from api.demo_history import fill_in_history
from api.housekeeping import keep_house
from api.live.activity import Activity
from api.live.answers import SharedAnswers
from api.live.applications import LiveApplications
from api.live.changes import Changes
from api.live.news import News
from api.live.runtimes import LiveRuntimes
from api.live.streams import OpenStreams
from api.live.tidings import Tidings
from api.live.trees import Trees
from api.plane import ControlPlane
from api.replicas.dialled import LineServer
from api.replicas.line import Lines
from api.replicas.roster import Roster
from api.runtimes.connected import ConnectedRuntimes
from api.runtimes.hosted import HostedProcesses, settle_hosted
from api.runtimes.link import LinkServer
from api.settings import InitialUser, Settings
from api.supervisor import Supervisor
from model.database import Database
from model.errors import Conflict
from model.store import person as person_store
from model.store.moment import to_micros
from model.store.replica import Replica

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
        if settings.replica_address is not None:
            await _join(plane, stack)
        if settings.demo_history:
            filling = asyncio.create_task(fill_in_history(database), name="history of the demo")
            stack.push_async_callback(_end, filling)
        await settle_hosted(plane)
        yield plane


def _assemble(
    settings: Settings, database: Database, clock: Callable[[], datetime], monotonic: Callable[[], float]
) -> ControlPlane:
    own = Replica(to_micros(clock()), secrets.token_hex(6), settings.replica_address or "")
    changes = Changes()
    connected = ConnectedRuntimes(News(), replica=own.id, moved=changes.lose)
    authority = Authority(database, Verdicts(connected, monotonic), monotonic)
    activity = Activity(authority)
    favorites = Favorites(database)
    sign_in = SignIn(database, clock, lifetime=timedelta(hours=settings.session_hours))
    tidings = Tidings(
        changes=changes,
        activity=activity,
        runtimes=connected.news,
        revoked=sign_in.revoked,
        authority=authority,
        favorites=favorites,
        hint=connected.hint,
    )
    lines = Lines(connected, tidings, changes, new_token(REPLICA))
    roster = Roster(own, database, lines, clock, beat_seconds=settings.replica_beat_seconds)
    return ControlPlane(
        settings=settings,
        clock=clock,
        database=database,
        connected=connected,
        changes=changes,
        activity=activity,
        live=LiveApplications(database, changes, authority, favorites),
        live_runtimes=LiveRuntimes(database, connected, authority),
        answers=SharedAnswers(changes, connected.news, authority, favorites, monotonic),
        trees=Trees(connected),
        streams=OpenStreams(sign_in, clock),
        authority=authority,
        sign_in=sign_in,
        oauth=OAuthClient(time.time),
        favorites=favorites,
        link=LinkServer(database, connected, tidings, clock),
        tidings=tidings,
        lines=LineServer(own.id, database, connected, tidings, clock, roster.alive_within, roster.wake),
        roster=roster,
        hosted=HostedProcesses(),
        supervisor=Supervisor(monotonic),
    )


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _join(plane: ControlPlane, stack: AsyncExitStack) -> None:
    """From now on the other replicas know of this one, and it follows what they do."""
    await plane.roster.look()
    stack.push_async_callback(plane.roster.leave)

    async def keep(beat: Callable[[], None]) -> None:
        await plane.roster.work(beat, lambda: settle_hosted(plane))

    plane.supervisor.start("replicas", keep, beat_seconds=plane.settings.replica_beat_seconds)
    stack.push_async_callback(plane.supervisor.end, "replicas")


async def _ensure_users(plane: ControlPlane) -> None:
    """Makes the users of the settings that do not exist yet, and at the first start an administrator."""
    settings = plane.settings
    async with plane.database.read() as session:
        known = {person.name for person in await person_store.all_people(session)}
    wanted = [user for user in settings.users if user.name not in known]
    if not known and not any(user.is_admin for user in wanted):
        password = settings.admin_password or secrets.token_urlsafe(12)
        wanted.append(InitialUser(ADMIN, password, is_admin=True))
    hashes: dict[str, str] = {}  # those of the demo share a password, and it says so: hashing is slow on purpose
    for user in wanted:
        if user.password not in hashes:
            hashes[user.password] = await asyncio.to_thread(hash_password, user.password)
        try:
            async with plane.database.write() as session:
                await person_store.add(
                    session, user.name, hashed=hashes[user.password], email=user.email, is_admin=user.is_admin
                )
        except Conflict:  # another replica that starts at the same time was faster, and tells the password
            continue
        if user not in settings.users and settings.admin_password is None:
            print(f"first start: user {ADMIN}, password {user.password} (shown only now)", flush=True)


def utc_now() -> datetime:
    return datetime.now(UTC)
