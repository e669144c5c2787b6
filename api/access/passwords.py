"""Passwords of local users: argon2id, in threads, so that hashing never holds up the event loop."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_hasher = PasswordHasher()
_at_once = asyncio.Semaphore(2)  # each takes 64 MiB and a core for a moment
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    return _hasher.hash(password)


async def verify_password(hashed: str | None, password: str) -> bool:
    """`hashed` None: there is no such user; takes as long as if there were, and says no."""
    async with _at_once:
        matches = await asyncio.to_thread(_verify, hashed or _NOBODY, password)
    return matches and hashed is not None


def needs_rehash(hashed: str) -> bool:
    return _hasher.check_needs_rehash(hashed)


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
