"""Who may sign in, and API tokens, with which programs ask in a person's name. Both are in the database, not in Git."""

import asyncio
import re
import secrets
from datetime import timedelta

from api.access.passwords import hash_password
from api.access.secret_token import API, hash_token, new_token
from api.access.sign_in import MAX_PASSWORD_CHARACTERS
from api.access.viewer import Viewer
from api.errors import Forbidden, Invalid, NotVisible, Unauthorized
from api.live.tidings import SignInEnded
from api.plane import ControlPlane
from model.errors import Conflict
from model.person import ApiToken, Person
from model.store import person as person_store

MOST_DAYS = 366
MOST_TOKENS = 100
SHORTEST_PASSWORD = 10
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


async def people(plane: ControlPlane, viewer: Viewer) -> list[Person]:
    """Raises Forbidden."""
    _require_admin(viewer)
    async with plane.database.read() as session:
        return await person_store.all_people(session)


async def add_person(
    plane: ControlPlane, viewer: Viewer, name: str, *, password: str, email: str, is_admin: bool
) -> None:
    """Raises Forbidden or Invalid."""
    _require_admin(viewer)
    if not _NAME.fullmatch(name):
        raise Invalid("a name has small letters, digits, dots and dashes, at most 63 of them", field="name")
    _require_good(password)
    hashed = await asyncio.to_thread(hash_password, password)
    try:
        async with plane.database.write() as session:
            await person_store.add(session, name, hashed=hashed, email=email.strip(), is_admin=is_admin)
    except Conflict as error:
        raise Invalid(str(error), field="name") from error


async def change_password(plane: ControlPlane, viewer: Viewer, *, current: str, new: str) -> None:
    """Of the viewer; ends their sessions and tokens, this one too. Raises Invalid or TooMany."""
    _require_good(new)
    try:
        await plane.sign_in.confirm_password(viewer.name, current)
    except Unauthorized as error:  # of the form, not of the session
        raise Invalid(str(error), field="current", suggestion="an administrator can set a new one") from error
    hashed = await asyncio.to_thread(hash_password, new)
    async with plane.database.write() as session:
        await person_store.set_password(session, viewer.name, hashed)
    plane.tidings.tell(SignInEnded(viewer.name))


async def remove_person(plane: ControlPlane, viewer: Viewer, name: str) -> None:
    """Ends their sessions and tokens too. Raises Forbidden, Invalid or NotVisible."""
    _require_admin(viewer)
    if name == viewer.name:
        raise Invalid("you cannot remove yourself", suggestion="let another administrator do it", field="name")
    async with plane.database.write() as session:
        if not await person_store.remove(session, name):
            raise NotVisible(f"there is no user {name[:80]!r}")
    plane.tidings.tell(SignInEnded(name))


async def api_tokens(plane: ControlPlane, viewer: Viewer) -> list[ApiToken]:
    """The viewer's own."""
    async with plane.database.read() as session:
        return [one for one in await person_store.tokens(session) if one.person == viewer.name]


async def create_api_token(plane: ControlPlane, viewer: Viewer, name: str, *, days: int) -> tuple[ApiToken, str]:
    """The token and its secret, which is not kept. Raises Invalid."""
    name = name.strip()
    if not 0 < len(name) <= 100:
        raise Invalid("say what the token is for", field="name")
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"a token lasts at least a day and at most {MOST_DAYS}", field="days")
    if len(await api_tokens(plane, viewer)) >= MOST_TOKENS:
        raise Invalid(f"at most {MOST_TOKENS} tokens a person", suggestion="revoke those that nobody uses")
    now, secret, token_id = plane.clock(), new_token(API), secrets.token_hex(6)
    expires = now + timedelta(days=days)
    async with plane.database.write() as session:
        person = await person_store.get(session, viewer.name)
        if person is None:
            raise NotVisible(f"there is no user {viewer.name!r}")
        await person_store.add_token(
            session, person, token_id=token_id, name=name, token_hash=hash_token(secret), now=now, expires=expires
        )
    return ApiToken(token_id, viewer.name, name, now, expires), secret


async def revoke_api_token(plane: ControlPlane, viewer: Viewer, token_id: str) -> None:
    """One's own; it is void at once, and streams that it opened end. Raises NotVisible."""
    if all(one.id != token_id for one in await api_tokens(plane, viewer)):
        raise NotVisible("there is no such token")
    async with plane.database.write() as session:
        await person_store.revoke_token(session, token_id)
    plane.tidings.tell(SignInEnded(token_id))  # wakes all guards, which look whether their token still holds


def _require_good(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise Invalid(f"a password has at least {SHORTEST_PASSWORD} characters", field="password")


def _require_admin(viewer: Viewer) -> None:
    if not viewer.is_admin:
        raise Forbidden("only administrators look after users", suggestion="ask an administrator")
