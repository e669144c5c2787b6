"""Encrypts people's Git tokens before they are kept. Pure but for the randomness that encryption takes.

What is sealed names the person and the URL that it is for: copied into a Secret for somebody else or for another host
it does not open.
"""

import msgspec
from cryptography.fernet import Fernet, InvalidToken

from gitsync.access.secret import SecretUnreadable


class _Sealed(msgspec.Struct, frozen=True):
    person: str
    url: str
    token: str


def new_key() -> str:
    return Fernet.generate_key().decode()


class Seal:
    """Seals and opens with one key. Raises SecretUnreadable for a key that is none."""

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key.encode())
        except ValueError as error:
            raise SecretUnreadable(
                "the key for people's Git tokens is none",
                suggestion="delete its Secret: a new one is made, and people enter their tokens again",
            ) from error

    def close(self, person: str, url: str, token: str) -> str:
        return self._fernet.encrypt(msgspec.json.encode(_Sealed(person, url, token))).decode()

    def open(self, person: str, url: str, sealed: str) -> str:
        """The token. Raises SecretUnreadable when it was sealed with another key, or for something else."""
        try:
            found = msgspec.json.decode(self._fernet.decrypt(sealed.encode()), type=_Sealed)
        except (InvalidToken, msgspec.DecodeError) as error:
            raise _unreadable() from error
        if (found.person, found.url) != (person, url):
            raise _unreadable()
        return found.token


def _unreadable() -> SecretUnreadable:
    return SecretUnreadable(
        "a Git token was sealed with another key, or for another person or host",
        suggestion="remove it and enter the token again",
    )
