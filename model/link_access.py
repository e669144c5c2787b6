"""The messages of `model.link` about people's own Git credentials. A token goes one way only: to the runtime."""

from datetime import datetime

from model.identity import ApplicationKey
from model.link_message import Message


class GitTokenInfo(Message, frozen=True):
    """One credential of a person, without its secret. `status` is VALID, INVALID or UNKNOWN, `message` says why."""

    id: str
    url: str
    username: str
    status: str
    message: str = ""
    checked_at: datetime | None = None


class ListGitTokens(Message, frozen=True):
    """-> GitTokensAnswer: the person's own, each asked of its host whether it is still good."""

    person: str


class Renewal(Message, frozen=True):
    """How a token that ends is made anew: asked of `token_url` with the refresh token, in the name of the application
    that it was given to."""

    refresh_token: str
    expires_at: datetime
    token_url: str
    client_id: str
    client_secret: str = ""

    def __repr__(self) -> str:
        return f"Renewal(expires_at={self.expires_at!r}, token_url={self.token_url!r})"


class PutGitToken(Message, frozen=True):
    """-> GitTokensAnswer. Replaces the person's token for the same URL; one that the host refuses is not kept.

    `checked`: it was given by the host itself a moment ago, so the host is not asked.
    """

    person: str
    url: str
    username: str
    token: str
    checked: bool = False
    renewal: Renewal | None = None

    def __repr__(self) -> str:
        return f"PutGitToken(person={self.person!r}, url={self.url!r})"


class RemoveGitToken(Message, frozen=True):
    """-> GitTokensAnswer. What is not there any more is removed already."""

    person: str
    id: str


class GitTokensAnswer(Message, frozen=True):
    tokens: tuple[GitTokenInfo, ...]


class GetManifestReview(Message, frozen=True):
    """-> ManifestReview, as the Git host tells this person"""

    application: ApplicationKey
    person: str


class ManifestReview(Message, frozen=True):
    """What a change of an application's manifest has to pass. None where the Git host does not say."""

    branch: str = ""
    path: str = ""
    owners: tuple[str, ...] = ()
    protected: bool | None = None
    may_push: bool | None = None
    required_approvals: int | None = None


AccessRequest = GetManifestReview | ListGitTokens | PutGitToken | RemoveGitToken
AccessAnswers = GitTokensAnswer | ManifestReview
