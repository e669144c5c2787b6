"""Sign-in with name and password, sessions, and recognising who presents a token.

Errors and timing are the same for an unknown name and a wrong password. Failures are counted in the database, per
address and per name at an address, so neither a restart nor many names reset the limit, and nobody can lock out
somebody else from another address.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from api.access.passwords import hash_password, needs_rehash, verify_password
from api.access.secret_token import SESSION, hash_token, new_token
from api.access.viewer import Viewer
from api.errors import TooMany, Unauthorized
from api.live.news import News
from model.database import Database
from model.store import identity as identity_store
from model.store import person as person_store

FAILURES_PER_NAME = 10
FAILURES_PER_ADDRESS = 50
FAILURE_WINDOW = timedelta(minutes=5)
MAX_PASSWORD_CHARACTERS = 1024
Proof = TypeVar("Proof")


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str
    lifetime: timedelta


class SignIn:
    """`revoked` tells that sessions, tokens or rights ended; open streams look at once whether they may stay."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, lifetime: timedelta) -> None:
        self.revoked = News()
        self._database = database
        self._clock = clock
        self._lifetime = lifetime

    async def sign_in(self, name: str, password: str, *, address: str) -> SignedIn:
        """Raises Unauthorized, or TooMany after too many failures."""
        subjects = {_digest(address): FAILURES_PER_ADDRESS, _digest(address, name): FAILURES_PER_NAME}
        await self._refuse_if_too_many(subjects)
        async with self._database.read() as session:
            hashed = await person_store.password_hash(session, name)
        valid = len(password) <= MAX_PASSWORD_CHARACTERS and await verify_password(hashed, password)
        if not valid or hashed is None:
            await self._note_failure(subjects)
            raise Unauthorized("the name or the password is wrong")
        return await self._start(name, password, hashed, _digest(address, name))

    async def confirm_password(self, name: str, password: str) -> None:
        """That it is the person's own. Raises Unauthorized, or TooMany: who holds a session may not guess on."""
        subjects = {_digest("own password", name): FAILURES_PER_NAME}
        await self._refuse_if_too_many(subjects)
        async with self._database.read() as session:
            hashed = await person_store.password_hash(session, name)
        if len(password) > MAX_PASSWORD_CHARACTERS or not await verify_password(hashed, password):
            await self._note_failure(subjects)
            raise Unauthorized("the present password is another one")

    async def limited(self, address: str, attempt: Callable[[], Awaitable[Proof]]) -> Proof:
        """What proves somebody's account. Raises what the attempt raises, or TooMany after too many that failed."""
        subjects = {_digest(address): FAILURES_PER_ADDRESS}
        await self._refuse_if_too_many(subjects)
        try:
            return await attempt()
        except Unauthorized:
            await self._note_failure(subjects)
            raise

    async def sign_in_account(self, provider: str, subject: str, name: str, *, email: str, is_admin: bool) -> SignedIn:
        """Signs in who proved to own an account elsewhere; `name` is for a person who comes for the first time.

        Raises Unauthorized when somebody else has that name: an account elsewhere never becomes a person of here.
        """
        token = new_token(SESSION)
        async with self._database.write() as session:
            known = await identity_store.person_of(session, provider, subject)
            if known is None and await person_store.get(session, name) is not None:
                raise Unauthorized(f"somebody else is called {name!r} here; ask an administrator")
            person = await identity_store.keep(
                session, provider, subject, known.name if known else name, email=email, is_admin=is_admin
            )
            await person_store.start_session(
                session, person, token_hash=hash_token(token), now=self._clock(), lifetime=self._lifetime
            )
        return SignedIn(token, self._lifetime)

    async def sign_out(self, token: str) -> None:
        token_hash = hash_token(token)
        async with self._database.write() as session:
            await person_store.end_session(session, token_hash)
        self.revoked.tell(token_hash)

    async def recognise(self, token: str) -> Viewer | None:
        return await self._viewer(hash_token(token)) if token else None

    async def still_valid(self, viewer: Viewer) -> bool:
        """False once the token has ended, was revoked, or its person lost rights that it was given with."""
        return await self._viewer(viewer.token_hash) == viewer

    async def _viewer(self, token_hash: str) -> Viewer | None:
        async with self._database.read() as session:
            credential = await person_store.credential(session, token_hash, self._clock())
        return Viewer.of(credential, token_hash) if credential else None

    async def _start(self, name: str, password: str, hashed: str, subject: str) -> SignedIn:
        token = new_token(SESSION)
        stronger = await asyncio.to_thread(hash_password, password) if needs_rehash(hashed) else None
        async with self._database.write() as session:
            person = await person_store.get(session, name)
            if person is None:
                raise Unauthorized("the name or the password is wrong")
            if stronger is not None:
                await person_store.set_hash(session, name, stronger)
            await person_store.forget_failures(session, subject)
            await person_store.start_session(
                session, person, token_hash=hash_token(token), now=self._clock(), lifetime=self._lifetime
            )
        return SignedIn(token, self._lifetime)

    async def _refuse_if_too_many(self, subjects: dict[str, int]) -> None:
        now = self._clock()
        async with self._database.read() as session:
            for subject, limit in subjects.items():
                count, ends = await person_store.failures(session, subject, now)
                if ends is not None and count >= limit:
                    wait_seconds = (ends - now).total_seconds()
                    raise TooMany("too many failed sign-ins", retry_after_seconds=wait_seconds)

    async def _note_failure(self, subjects: dict[str, int]) -> None:
        async with self._database.write() as session:
            for subject in subjects:
                await person_store.note_failure(session, subject, self._clock(), FAILURE_WINDOW)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
