"""The messages of `model.link` about people's own Git credentials. A token goes one way only: to the runtime."""

from datetime import datetime

import msgspec


class _Message(msgspec.Struct, frozen=True, tag_field="_", tag=True, omit_defaults=True):
    """Settings that all messages share: the class name is the tag."""


class GitTokenInfo(_Message, frozen=True):
    """One credential of a person, without its secret. `status` is VALID, INVALID or UNKNOWN, `message` says why."""

    id: str
    url: str
    username: str
    status: str
    message: str = ""
    checked_at: datetime | None = None


class ListGitTokens(_Message, frozen=True):
    """-> GitTokensAnswer: the person's own, each asked of its host whether it is still good."""

    person: str


class PutGitToken(_Message, frozen=True):
    """-> GitTokensAnswer. Replaces the person's token for the same URL; one that the host refuses is not kept.

    `checked`: it was given by the host itself a moment ago, so the host is not asked.
    """

    person: str
    url: str
    username: str
    token: str
    checked: bool = False

    def __repr__(self) -> str:
        return f"PutGitToken(person={self.person!r}, url={self.url!r})"


class RemoveGitToken(_Message, frozen=True):
    """-> GitTokensAnswer. What is not there any more is removed already."""

    person: str
    id: str


class GitTokensAnswer(_Message, frozen=True):
    tokens: tuple[GitTokenInfo, ...]


AccessRequest = ListGitTokens | PutGitToken | RemoveGitToken
