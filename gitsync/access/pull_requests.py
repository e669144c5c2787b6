"""Opens pull requests in the name of a person: GitHub, GitLab, Gitea, Bitbucket Cloud and Server.

Which of them a host is follows from its name, else from what it answers. A host that is none of them gets the branch
alone; somebody opens the pull request by hand.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from gitsync.access.secret import Credential, comparable_url, host_of
from gitsync.errors import Failed


class PullRequestRefused(Failed):
    """The host took the branch and not the pull request."""


class Provider(enum.StrEnum):
    GITHUB = "GITHUB"
    GITLAB = "GITLAB"
    GITEA = "GITEA"
    BITBUCKET = "BITBUCKET"
    BITBUCKET_SERVER = "BITBUCKET_SERVER"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """`head` is the new branch, `base` where it is to go."""

    title: str
    body: str
    head: str
    base: str


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request, and where in the answer the page of the pull request is."""

    url: str
    headers: dict[str, str]
    json: dict[str, Any]
    page: Callable[[Any], str]
    basic: bool = False


_WORDS = (
    ("github", Provider.GITHUB),
    ("gitlab", Provider.GITLAB),
    ("bitbucket.org", Provider.BITBUCKET),
    ("bitbucket", Provider.BITBUCKET_SERVER),
    ("gitea", Provider.GITEA),
    ("forgejo", Provider.GITEA),
    ("codeberg.org", Provider.GITEA),
)


def provider_by_name(url: str) -> Provider | None:
    """What the host's name says."""
    host = urlsplit(comparable_url(url)).hostname or ""
    return next((provider for word, provider in _WORDS if word in host), None)


def call_for(provider: Provider, url: str, credential: Credential, wanted: PullRequest) -> Call:
    """The request that opens it. Pure."""
    root, path = host_of(url), urlsplit(comparable_url(url)).path.strip("/")
    token, title, text = credential.password, wanted.title[:250], wanted.body
    plain = {"title": title, "body": text, "head": wanted.head, "base": wanted.base}
    match provider:
        case Provider.GITHUB:
            api = "https://api.github.com" if root == "https://github.com" else f"{root}/api/v3"
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
            return Call(f"{api}/repos/{path}/pulls", headers, plain, lambda answer: str(answer["html_url"]))
        case Provider.GITEA:
            address = f"{root}/api/v1/repos/{path}/pulls"
            return Call(address, {}, plain, lambda answer: str(answer["html_url"]), basic=True)
        case Provider.GITLAB:
            address = f"{root}/api/v4/projects/{quote(path, safe='')}/merge_requests"
            branches = {"source_branch": wanted.head, "target_branch": wanted.base}
            request = {"title": title, "description": text, **branches}
            return Call(address, {"PRIVATE-TOKEN": token}, request, lambda answer: str(answer["web_url"]))
        case Provider.BITBUCKET:
            address = f"https://api.bitbucket.org/2.0/repositories/{path}/pullrequests"
            body: dict[str, Any] = {
                "title": title,
                "description": text,
                "source": {"branch": {"name": wanted.head}},
                "destination": {"branch": {"name": wanted.base}},
            }
            return Call(address, {}, body, lambda answer: str(answer["links"]["html"]["href"]), basic=True)
        case Provider.BITBUCKET_SERVER:
            project, _, name = path.removeprefix("scm/").rpartition("/")
            address = f"{root}/rest/api/1.0/projects/{project}/repos/{name}/pull-requests"
            body = {
                "title": title,
                "description": text,
                "fromRef": {"id": f"refs/heads/{wanted.head}"},
                "toRef": {"id": f"refs/heads/{wanted.base}"},
            }
            return Call(address, {}, body, lambda answer: str(answer["links"]["self"][0]["href"]), basic=True)


def repository_call(provider: Provider, url: str, credential: Credential) -> Call | None:
    """The request that makes a repository; None where the address does not say enough. Pure."""
    root, path = host_of(url), urlsplit(comparable_url(url)).path.strip("/")
    owner, _, name = path.rpartition("/")
    own = owner == credential.username
    match provider:
        case Provider.GITHUB:
            api = "https://api.github.com" if root == "https://github.com" else f"{root}/api/v3"
            headers = {"Authorization": f"Bearer {credential.password}", "Accept": "application/vnd.github+json"}
            address = f"{api}/user/repos" if own else f"{api}/orgs/{owner}/repos"
            return Call(address, headers, {"name": name, "private": True, "auto_init": True}, str)
        case Provider.GITEA:
            address = f"{root}/api/v1/user/repos" if own else f"{root}/api/v1/orgs/{owner}/repos"
            body = {"name": name, "private": True, "auto_init": True, "default_branch": "main"}
            return Call(address, {}, body, str, basic=True)
        case _:
            return None


class PullRequests:
    """One per runtime."""

    def __init__(self, *, timeout_seconds: float = 8.0, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(timeout=timeout_seconds, trust_env=False, transport=transport)
        self._providers: dict[str, Provider | None] = {}

    async def close(self) -> None:
        await self._client.aclose()

    async def open(self, url: str, credential: Credential, wanted: PullRequest) -> str | None:
        """Address of its page; None where the host has no pull requests that we know of. Raises PullRequestRefused."""
        provider = await self._provider(url)
        if provider is None:
            return None
        call = call_for(provider, url, credential, wanted)
        auth = httpx.BasicAuth(credential.username, credential.password) if call.basic else httpx.Auth()
        try:
            answer = await self._client.post(call.url, headers=call.headers, json=call.json, auth=auth)
            if answer.status_code in (200, 201):
                return call.page(answer.json())
            reason = f"{answer.status_code} {answer.text[:300]}"
        except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError) as error:
            reason = str(error) or type(error).__name__
        raise PullRequestRefused(
            f"the branch {wanted.head} is pushed, but {host_of(url)} did not open a pull request: {reason}",
            suggestion=f"Open it by hand from {wanted.head} to {wanted.base}.",
        )

    async def create_repository(self, url: str, credential: Credential) -> bool:
        """Makes a private repository; False where the host has no way that we know of. Raises PullRequestRefused."""
        provider = await self._provider(url)
        call = repository_call(provider, url, credential) if provider else None
        if call is None:
            return False
        auth = httpx.BasicAuth(credential.username, credential.password) if call.basic else httpx.Auth()
        try:
            answer = await self._client.post(call.url, headers=call.headers, json=call.json, auth=auth)
            if answer.status_code in (200, 201):
                return True
            reason = f"{answer.status_code} {answer.text[:300]}"
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
        raise PullRequestRefused(
            f"{host_of(url)} did not make the repository: {reason}",
            suggestion="Check that your Git token may make repositories there, or make it by hand.",
        )

    async def _provider(self, url: str) -> Provider | None:
        host = host_of(url)
        if host not in self._providers:
            self._providers[host] = provider_by_name(url) or await self._asked(host)
        return self._providers[host]

    async def _asked(self, host: str) -> Provider | None:
        try:
            answer = await self._client.get(f"{host}/api/v1/version")
            return Provider.GITEA if answer.status_code == 200 and "version" in answer.json() else None
        except (httpx.HTTPError, ValueError, TypeError):
            return None
