"""Passwords of local users: argon2id, in threads, so that hashing never holds up the event loop."""

import asyncio
import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_hasher = PasswordHasher()
_at_once = asyncio.Semaphore(2)  # each takes 64 MiB and a core for a moment


def _hash_of_nothing() -> str:
    """Made up, since hashing would delay every start; has the form of one, so that verifying takes as long as ever."""
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (_hasher.salt_len, _hasher.hash_len)
    )
    return f"$argon2id$v=19${cost}${salt}${digest}"


_NOBODY = _hash_of_nothing()


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
