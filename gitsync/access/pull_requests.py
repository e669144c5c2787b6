"""Opens pull requests, and makes repositories, in the name of a person: GitHub, GitLab, Gitea, Bitbucket Cloud and
Server.

A host that is none of them gets the branch alone; somebody opens the pull request by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gitsync.access.provider import Provider, ProviderKind, Question, RepositoryPath, api_headers, repository_path
from gitsync.access.provider_client import Answered, ProviderClient, ProviderSilent
from gitsync.access.secret import Credential, host_of
from gitsync.errors import Failed

_MAX_TITLE = 250
_MADE = (200, 201)
_PERHAPS_THERE = (400, 409, 422)  # hosts refuse a second one from the same branch
_MAKING_SECONDS = 12.0  # hosts compare branches first, which takes them longer than a question


class PullRequestRefused(Failed):
    """The host took the branch and not the pull request."""


class HostSilent(PullRequestRefused):
    """The host does not answer now; it may do so later."""


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


def looking_for(provider: Provider, path: RepositoryPath, credential: Credential, wanted: PullRequest) -> Question:
    """The request that lists open ones from the same branch, or all open ones. Pure."""
    headers, place = api_headers(provider, credential), opening(provider, path, credential, wanted).url
    match provider.kind:
        case ProviderKind.GITHUB:
            return Question(place, headers, {"state": "open", "head": f"{path.owner}:{wanted.head}"})
        case ProviderKind.GITEA:
            return Question(place, headers, {"state": "open", "sort": "recentupdate"})
        case ProviderKind.GITLAB:
            return Question(place, headers, {"state": "opened", "source_branch": wanted.head})
        case ProviderKind.BITBUCKET:
            return Question(place, headers, {"state": "OPEN", "q": f'source.branch.name="{wanted.head}"'})
        case ProviderKind.BITBUCKET_SERVER:
            return Question(
                place, headers, {"state": "OPEN", "direction": "OUTGOING", "at": f"refs/heads/{wanted.head}"}
            )


def page_among(provider: Provider, body: Any, wanted: PullRequest) -> str:
    """Of listed pull requests the page of the one from the wanted branch, "" if none is. Pure."""
    listed = body.get("values") if isinstance(body, dict) else body
    for one in listed if isinstance(listed, list) else ():
        if _branch_of(provider, one) == wanted.head and (page := page_of(provider, one)):
            return page
    return ""


def _branch_of(provider: Provider, listed: Any) -> str:
    steps: dict[ProviderKind, tuple[str | int, ...]] = {
        ProviderKind.GITHUB: ("head", "ref"),
        ProviderKind.GITEA: ("head", "ref"),
        ProviderKind.GITLAB: ("source_branch",),
        ProviderKind.BITBUCKET: ("source", "branch", "name"),
        ProviderKind.BITBUCKET_SERVER: ("fromRef", "displayId"),
    }
    return _text_at(listed, steps[provider.kind])


def page_of(provider: Provider, body: Any) -> str:
    """Address of a pull request's page in the host's answer, "" when it does not say. Pure."""
    steps: dict[ProviderKind, tuple[str | int, ...]] = {
        ProviderKind.GITHUB: ("html_url",),
        ProviderKind.GITEA: ("html_url",),
        ProviderKind.GITLAB: ("web_url",),
        ProviderKind.BITBUCKET: ("links", "html", "href"),
        ProviderKind.BITBUCKET_SERVER: ("links", "self", 0, "href"),
    }
    return _text_at(body, steps[provider.kind])


def _text_at(body: Any, steps: Sequence[str | int]) -> str:
    """ "" for any other shape."""
    for step in steps:
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return ""
    return body if isinstance(body, str) else ""


def namespace_question(provider: Provider, path: RepositoryPath, credential: Credential) -> Question | None:
    """GitLab takes the number of a group or person to make a project below; None where the name is enough. Pure."""
    if provider.kind is not ProviderKind.GITLAB:
        return None
    return Question(f"{provider.api}/namespaces/{quote(path.owner, safe='')}", api_headers(provider, credential))


def namespace_number(body: Any, owner: str) -> int | None:
    """The number in GitLab's answer. A name of digits alone is read as a number there, so the path has the last word.
    Pure."""
    if _text_at(body, ("full_path",)).lower() != owner.lower():
        return None
    number = body.get("id")
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def repository_making(
    provider: Provider, path: RepositoryPath, credential: Credential, *, namespace: int | None = None
) -> Question:
    """The request that makes a private repository; `namespace` is the owner's number on GitLab. Pure."""
    headers = api_headers(provider, credential)
    own = path.owner == credential.username
    place = f"{provider.api}/user/repos" if own else f"{provider.api}/orgs/{quote(path.owner, safe='')}/repos"
    match provider.kind:
        case ProviderKind.GITHUB:
            return Question(place, headers, body={"name": path.name, "private": True, "auto_init": True})
        case ProviderKind.GITEA:
            body: dict[str, Any] = {"name": path.name, "private": True, "auto_init": True, "default_branch": "main"}
            return Question(place, headers, body=body)
        case ProviderKind.GITLAB:
            body = {"name": path.name, "path": path.name, "visibility": "private", "initialize_with_readme": True}
            return Question(f"{provider.api}/projects", headers, body={**body, "namespace_id": namespace})
        case ProviderKind.BITBUCKET:
            place = f"{provider.api}/repositories/{quote(path.owner, safe='')}/{quote(path.name, safe='')}"
            return Question(place, headers, body={"scm": "git", "is_private": True})
        case ProviderKind.BITBUCKET_SERVER:
            place = f"{provider.api}/projects/{quote(path.owner, safe='')}/repos"
            return Question(place, headers, body={"name": path.name, "scmId": "git"})


class PullRequests:
    """One per runtime. Asks through the same client as the questions about rights, so hosts are known once."""

    def __init__(self, providers: ProviderClient) -> None:
        self._providers = providers

    async def open(self, url: str, credential: Credential, wanted: PullRequest) -> str | None:
        """Address of its page, also if it is there already; None where the host has no pull requests that we know of.
        Raises PullRequestRefused."""
        try:
            provider = await self._providers.provider_of(url)
            path = repository_path(provider, url) if provider else None
            if provider is None or path is None:
                return None
            answer = await self._providers.ask(
                opening(provider, path, credential, wanted), timeout_seconds=_MAKING_SECONDS
            )
            page = page_of(provider, answer.body) if answer.status in _MADE else ""
            if not page and answer.status in _PERHAPS_THERE:
                present = await self._providers.ask(looking_for(provider, path, credential, wanted))
                page = page_among(provider, present.body, wanted)
            if page:
                return page
            refusal, reason = PullRequestRefused, _reason(answer)
        except ProviderSilent as silent:
            refusal, reason = HostSilent, str(silent)
        raise refusal(
            f"the branch {wanted.head} is pushed, but {host_of(url)} did not open a pull request: {reason}",
            suggestion=f"Open it by hand from {wanted.head} to {wanted.base}.",
        )

    async def create_repository(self, url: str, credential: Credential) -> bool:
        """Makes a private repository; False where the host has no way that we know of. Raises PullRequestRefused."""
        try:
            provider = await self._providers.provider_of(url)
            path = repository_path(provider, url) if provider else None
            if provider is None or path is None:
                return False
            namespace = await self._namespace(provider, path, credential)
            question = repository_making(provider, path, credential, namespace=namespace)
            answer = await self._providers.ask(question, timeout_seconds=_MAKING_SECONDS)
            if answer.status in _MADE:
                return True
            reason = _reason(answer)
        except ProviderSilent as silent:
            raise HostSilent(
                f"{host_of(url)} did not make the repository: {silent}", suggestion="Try again when it is back."
            ) from silent
        raise PullRequestRefused(
            f"{host_of(url)} did not make the repository: {reason}",
            suggestion="Check that your Git token may make repositories there, or make it by hand.",
        )

    async def _namespace(self, provider: Provider, path: RepositoryPath, credential: Credential) -> int | None:
        """Raises PullRequestRefused where GitLab shows no such group: a project that names no number would become the
        person's own, at another address."""
        question = namespace_question(provider, path, credential)
        if question is None:
            return None
        answer = await self._providers.ask(question)
        number = namespace_number(answer.body, path.owner) if answer.status == 200 else None
        if number is None:
            raise PullRequestRefused(
                f"{host_of(provider.api)} did not make the repository: it shows no group {path.owner!r:.200} to your "
                f"account ({_reason(answer)})",
                suggestion="Check the group's name, and that your Git token may use the API (scope `api`).",
            )
        return number


def _reason(answer: Answered) -> str:
    """What the host says, in the field that all of them have."""
    body = answer.body if isinstance(answer.body, dict) else {}
    said = body.get("message") or body.get("error") or ""
    return f"it answered {answer.status}" + (f": {said}"[:300] if said else "")
