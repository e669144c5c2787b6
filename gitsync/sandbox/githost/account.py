"""Who may read and write which repository."""

import binascii
import enum
import hashlib
import hmac
import secrets
from base64 import b64decode


class Access(enum.IntEnum):
    """Ordered: who may write may read."""

    NONE = 0
    READ = 1
    WRITE = 2


class Accounts:
    """Users with their passwords and tokens, and their rights. Secrets are kept as keyed digests only."""

    def __init__(self) -> None:
        self._digest_key = secrets.token_bytes(32)
        self._secrets: dict[str, set[bytes]] = {}
        self._access: dict[str, dict[str, Access]] = {}
        self._public: set[str] = set()

    def add_user(self, user: str, password: str) -> None:
        """Adds the user, or gives them one password (or token) more."""
        self._secrets.setdefault(user, set()).add(self._digest(password))

    def remove_secret(self, user: str, password: str) -> None:
        """Revokes one password or token."""
        self._secrets.get(user, set()).discard(self._digest(password))

    def set_access(self, repository: str, user: str, access: Access) -> None:
        self._access.setdefault(repository, {})[user] = access

    def set_public(self, repository: str, *, public: bool) -> None:
        """A public repository is read without signing in."""
        (self._public.add if public else self._public.discard)(repository)

    def access(self, repository: str, user: str | None) -> Access:
        granted = self._access.get(repository, {}).get(user, Access.NONE) if user is not None else Access.NONE
        return max(granted, Access.READ) if repository in self._public else granted

    def identify(self, authorization: str | None) -> str | None:
        """The user that a Basic `Authorization` header proves, or None. A token may stand for the password."""
        scheme, _, encoded = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, colon, password = b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return user if colon and self._proves(user, password) else None

    def _proves(self, user: str, password: str) -> bool:
        digest = self._digest(password)
        return any([hmac.compare_digest(digest, known) for known in self._secrets.get(user, set())])

    def _digest(self, password: str) -> bytes:
        return hashlib.blake2b(password.encode(), key=self._digest_key).digest()
