"""Conversations with Git hosts through libgit2, and what its failures mean."""

import re
import time
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import pygit2
from pygit2.enums import ConfigLevel, FetchPrune, ObjectType

from gitsync.git.address import redact
from gitsync.git.credentials import Answerer, CredentialRefused, GitCredential
from gitsync.git.errors import (
    AuthenticationRefused,
    MirrorDamaged,
    NoRoom,
    RepositoryError,
    RepositoryNotFound,
    RepositoryUnreachable,
)
from gitsync.git.refs import HEAD, RefListing
from gitsync.git.settings import GitSettings

_T = TypeVar("_T")
_STATUS = re.compile(r"unexpected http status code: (\d+)")
_PEELED = "^{}"
_NOT_FOUND = re.compile(r"repository .*not found|does not appear to be a git repository|no such repository", re.I)
_REFUSED = re.compile(r"auth|credential|permission denied|access denied", re.I)
_NO_ROOM = re.compile(r"no space left|disk quota|quota exceeded|file too large|read-only file system", re.I)
_DAMAGE = re.compile(
    r"object not found|failed to (?:lock|open|read|create|write|rename)|odb|corrupt|zlib|pack ?file|loose object"
    r"|doesn't exist on the repository",
    re.I,
)
_ASK = "Check the credentials of the repository Secret for this URL, and that they may read the repository."


class _TooLong(Exception):
    """The conversation went on past its deadline."""


class _Conversation(Answerer):
    """Callbacks of one conversation: credentials, and the deadline while objects arrive."""

    def __init__(self, credential: GitCredential | None, deadline: float) -> None:
        super().__init__(credential)
        self._deadline = deadline

    def transfer_progress(self, stats: object) -> None:
        self._check()

    def sideband_progress(self, string: str) -> None:
        self._check()

    def _check(self) -> None:
        if time.monotonic() > self._deadline:
            raise _TooLong


def configure(settings: GitSettings) -> None:
    """Settings of libgit2 that hold for the whole process. Its own default is to wait for ever."""
    pygit2.settings.server_connect_timeout = int(settings.connect_timeout_seconds * 1000)
    pygit2.settings.server_timeout = int(settings.silence_timeout_seconds * 1000)
    # A person's or machine's Git configuration (URL rewrites, extra headers) must not steer the engine.
    for level in (ConfigLevel.GLOBAL, ConfigLevel.XDG, ConfigLevel.SYSTEM):
        pygit2.settings.search_path[level] = ""
    # Directories of thousands of applications are read again and again; by default only small ones are remembered.
    pygit2.settings.cache_object_limit(ObjectType.TREE, 4_000_000)
    pygit2.settings.cache_max_size(64_000_000)
    # Volumes are often owned by another user than the one that the process runs as.
    pygit2.settings.owner_validation = False


def list_refs(url: str, credential: GitCredential | None, settings: GitSettings) -> RefListing:
    """The refs of a repository. Needs no copy of it."""

    def ask() -> RefListing:
        remote = pygit2.Repository().remotes.create_anonymous(url)
        heads = remote.list_heads(callbacks=Answerer(credential), proxy=proxy_of(settings))
        refs = {head.name: str(head.oid) for head in heads if head.name}
        for name in [name for name in refs if name.endswith(_PEELED)]:
            refs[name.removesuffix(_PEELED)] = refs.pop(name)
        default = next((head.symref_target for head in heads if head.name == HEAD), None)
        return RefListing(refs, default or "")

    return translated(url, ask)


def fetch(
    repository: pygit2.Repository,
    url: str,
    refspecs: Sequence[str],
    credential: GitCredential | None,
    settings: GitSettings,
) -> None:
    """Brings the refs, and all that they lead to, into the repository."""
    conversation = _Conversation(credential, time.monotonic() + settings.fetch_timeout_seconds)

    def bring() -> None:
        remote = repository.remotes.create_anonymous(url)
        remote.fetch(list(refspecs), callbacks=conversation, prune=FetchPrune.NO_PRUNE, proxy=proxy_of(settings))

    translated(url, bring)


def proxy_of(settings: GitSettings) -> Literal[True] | None:
    return True if settings.use_environment_proxy else None


def damaged(url: str) -> MirrorDamaged:
    return MirrorDamaged(
        f"the local copy of {redact(url)} cannot be read or written",
        suggestion="It is thrown away and fetched again; if this stays, check the disk of the runtime.",
    )


def translated(url: str, conversation: Callable[[], _T]) -> _T:
    try:
        return conversation()
    except CredentialRefused as error:
        raise AuthenticationRefused(f"{redact(url)} refuses the credentials", suggestion=_ASK) from error
    except _TooLong as error:
        raise RepositoryUnreachable(
            f"fetching from {redact(url)} took too long", suggestion="Check the Git host, or raise the time limit."
        ) from error
    except (pygit2.GitError, OSError, KeyError, ValueError) as error:
        raise _meaning_of(str(error), url) from error


def _meaning_of(text: str, url: str) -> RepositoryError:
    """libgit2 tells its failures apart by text alone."""
    place = redact(url)
    status = int(match[1]) if (match := _STATUS.search(text)) else 0
    if status in (401, 403) or (not status and _REFUSED.search(text)):
        return AuthenticationRefused(f"{place} refuses access" + (f" ({status})" if status else ""), suggestion=_ASK)
    if status in (404, 410) or _NOT_FOUND.search(text):
        return RepositoryNotFound(
            f"there is no repository at {place}, or these credentials may not see it",
            suggestion="Check the URL, and that the credentials of its repository Secret may read it.",
        )
    if not status and (why := _NO_ROOM.search(text)):
        return NoRoom(
            f"the local copy of {place} cannot be written: {why[0].lower()}",
            suggestion="Make room on the disk of the runtime; it is tried again by itself.",
        )
    if not status and _DAMAGE.search(text):
        return damaged(url)
    return RepositoryUnreachable(
        f"{place} cannot be reached: {redact(text)}",
        suggestion="Check that the Git host is up and that the runtime may connect to it.",
    )
