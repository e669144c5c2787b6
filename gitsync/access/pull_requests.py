"""Opens pull requests, and makes repositories, in the name of a person: GitHub, GitLab, Gitea, Bitbucket Cloud and
Server.

A host that is none of them gets the branch alone; somebody opens the pull request by hand.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gitsync.access.provider import Provider, ProviderKind, Question, RepositoryPath, api_headers, repository_path
from gitsync.access.provider_client import Answered, ProviderClient, ProviderSilent
from gitsync.access.secret import Credential, host_of
from gitsync.errors import Failed

_MAX_TITLE = 250
_MADE = (200, 201)
_MAKING_SECONDS = 12.0  # hosts compare branches first, which takes them longer than a question


class PullRequestRefused(Failed):
    """The host took the branch and not the pull request."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """`head` is the new branch, `base` where it is to go."""

    title: str
    body: str
    head: str
    base: str


def opening(provider: Provider, path: RepositoryPath, credential: Credential, wanted: PullRequest) -> Question:
    """The request that opens it. Pure."""
    headers, title = api_headers(provider, credential), wanted.title[:_MAX_TITLE]
    owner, name = quote(path.owner, safe=""), quote(path.name, safe="")
    match provider.kind:
        case ProviderKind.GITHUB | ProviderKind.GITEA:
            body: dict[str, Any] = {"title": title, "body": wanted.body, "head": wanted.head, "base": wanted.base}
            return Question(f"{provider.api}/repos/{owner}/{name}/pulls", headers, body=body)
        case ProviderKind.GITLAB:
            address = f"{provider.api}/projects/{quote(path.full, safe='')}/merge_requests"
            branches = {"source_branch": wanted.head, "target_branch": wanted.base}
            return Question(address, headers, body={"title": title, "description": wanted.body, **branches})
        case ProviderKind.BITBUCKET:
            body = {
                "title": title,
                "description": wanted.body,
                "source": {"branch": {"name": wanted.head}},
                "destination": {"branch": {"name": wanted.base}},
            }
            return Question(f"{provider.api}/repositories/{owner}/{name}/pullrequests", headers, body=body)
        case ProviderKind.BITBUCKET_SERVER:
            body = {
                "title": title,
                "description": wanted.body,
                "fromRef": {"id": f"refs/heads/{wanted.head}"},
                "toRef": {"id": f"refs/heads/{wanted.base}"},
            }
            return Question(f"{provider.api}/projects/{owner}/repos/{name}/pull-requests", headers, body=body)


def page_of(provider: Provider, body: Any) -> str:
    """Address of a pull request's page in the host's answer, "" when it does not say. Pure."""
    steps: dict[ProviderKind, tuple[str | int, ...]] = {
        ProviderKind.GITHUB: ("html_url",),
        ProviderKind.GITEA: ("html_url",),
        ProviderKind.GITLAB: ("web_url",),
        ProviderKind.BITBUCKET: ("links", "html", "href"),
        ProviderKind.BITBUCKET_SERVER: ("links", "self", 0, "href"),
    }
    found = body
    for step in steps[provider.kind]:
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError):
            return ""
    return found if isinstance(found, str) else ""


def repository_making(provider: Provider, path: RepositoryPath, credential: Credential) -> Question | None:
    """The request that makes a private repository; None where the address does not say enough. Pure."""
    headers = api_headers(provider, credential)
    own = path.owner == credential.username
    place = f"{provider.api}/user/repos" if own else f"{provider.api}/orgs/{quote(path.owner, safe='')}/repos"
    match provider.kind:
        case ProviderKind.GITHUB:
            return Question(place, headers, body={"name": path.name, "private": True, "auto_init": True})
        case ProviderKind.GITEA:
            body = {"name": path.name, "private": True, "auto_init": True, "default_branch": "main"}
            return Question(place, headers, body=body)
        case _:
            return None


class PullRequests:
    """One per runtime. Asks through the same client as the questions about rights, so hosts are known once."""

    def __init__(self, providers: ProviderClient) -> None:
        self._providers = providers

    async def open(self, url: str, credential: Credential, wanted: PullRequest) -> str | None:
        """Address of its page; None where the host has no pull requests that we know of. Raises PullRequestRefused."""
        try:
            provider = await self._providers.provider_of(url)
            path = repository_path(provider, url) if provider else None
            if provider is None or path is None:
                return None
            answer = await self._providers.ask(
                opening(provider, path, credential, wanted), timeout_seconds=_MAKING_SECONDS
            )
            page = page_of(provider, answer.body) if answer.status in _MADE else ""
            if page:
                return page
            reason = _reason(answer)
        except ProviderSilent as silent:
            reason = str(silent)
        raise PullRequestRefused(
            f"the branch {wanted.head} is pushed, but {host_of(url)} did not open a pull request: {reason}",
            suggestion=f"Open it by hand from {wanted.head} to {wanted.base}.",
        )

    async def create_repository(self, url: str, credential: Credential) -> bool:
        """Makes a private repository; False where the host has no way that we know of. Raises PullRequestRefused."""
        try:
            provider = await self._providers.provider_of(url)
            path = repository_path(provider, url) if provider else None
            question = repository_making(provider, path, credential) if provider and path else None
            if question is None:
                return False
            answer = await self._providers.ask(question, timeout_seconds=_MAKING_SECONDS)
            if answer.status in _MADE:
                return True
            reason = _reason(answer)
        except ProviderSilent as silent:
            reason = str(silent)
        raise PullRequestRefused(
            f"{host_of(url)} did not make the repository: {reason}",
            suggestion="Check that your Git token may make repositories there, or make it by hand.",
        )


def _reason(answer: Answered) -> str:
    """What the host says, in the field that all of them have."""
    body = answer.body if isinstance(answer.body, dict) else {}
    said = body.get("message") or body.get("error") or ""
    return f"it answered {answer.status}" + (f": {said}"[:300] if said else "")
