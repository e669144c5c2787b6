"""What a Git host's REST API says a person may do with a repository: addresses, headers, reading of answers. Pure.

The person's own token asks, so the answer is the host's word on exactly what that token
may do. `gitsync.access.provider_client` does the asking.
"""

import base64
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from gitsync.access.secret import Credential, comparable_url


class ProviderKind(enum.StrEnum):
    GITHUB = "GITHUB"
    GITLAB = "GITLAB"
    GITEA = "GITEA"
    BITBUCKET = "BITBUCKET"
    BITBUCKET_SERVER = "BITBUCKET_SERVER"


@dataclass(frozen=True, slots=True)
class Provider:
    """A Git host with an API. `api` has no slash at its end."""

    kind: ProviderKind
    api: str


@dataclass(frozen=True, slots=True)
class RepositoryPath:
    """A repository as its host names it: `owner` may have several parts on GitLab."""

    owner: str
    name: str

    @property
    def full(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class Question:
    """One request: GET, or POST of `body` as JSON or of `form`."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Rights:
    """What the host says. `why_not` explains a missing right in the host's terms."""

    read: bool
    write: bool
    why_not: str = ""


_WELL_KNOWN = {
    "github.com": Provider(ProviderKind.GITHUB, "https://api.github.com"),
    "gitlab.com": Provider(ProviderKind.GITLAB, "https://gitlab.com/api/v4"),
    "bitbucket.org": Provider(ProviderKind.BITBUCKET, "https://api.bitbucket.org/2.0"),
    "codeberg.org": Provider(ProviderKind.GITEA, "https://codeberg.org/api/v1"),
}
_API_PATHS = {
    ProviderKind.GITHUB: "/api/v3",
    ProviderKind.GITLAB: "/api/v4",
    ProviderKind.GITEA: "/api/v1",
    ProviderKind.BITBUCKET_SERVER: "/rest/api/1.0",
}
_GITLAB_REPORTER, _GITLAB_DEVELOPER = 20, 30


def well_known(url: str) -> Provider | None:
    """The provider of a repository on a public host."""
    return _WELL_KNOWN.get(urlsplit(comparable_url(url)).hostname or "")


def on_host(kind: ProviderKind, host: str) -> Provider:
    """A provider of this kind on a host of one's own; `host` is `scheme://name:port`."""
    return Provider(kind, host + _API_PATHS[kind])


def detection_questions(host: str) -> tuple[tuple[ProviderKind, Question], ...]:
    """What to ask a host, without a credential, to find out of which kind it is."""
    return (
        (ProviderKind.GITEA, Question(f"{host}/api/v1/version", {})),
        (ProviderKind.GITLAB, Question(f"{host}/api/v4/version", {})),
        (ProviderKind.GITHUB, Question(f"{host}/api/v3/meta", {})),
        (ProviderKind.BITBUCKET_SERVER, Question(f"{host}/rest/api/1.0/application-properties", {})),
    )


def is_of_kind(kind: ProviderKind, status: int, headers: Mapping[str, str], body: Any) -> bool:
    """Whether the answer to a detection question is one that only this kind gives."""
    match kind:
        case ProviderKind.GITEA:
            return status == 200 and isinstance(body, dict) and isinstance(body.get("version"), str) and len(body) == 1
        case ProviderKind.GITLAB:
            told = isinstance(body, dict) and ("message" in body or "revision" in body)
            return (status in (200, 401) and told) and ("x-gitlab-meta" in headers or "x-request-id" in headers)
        case ProviderKind.GITHUB:
            return "x-github-request-id" in headers or "x-github-enterprise-version" in headers
        case ProviderKind.BITBUCKET_SERVER:
            return status == 200 and isinstance(body, dict) and body.get("displayName") in ("Bitbucket", "Stash")
    return False


def repository_path(provider: Provider, url: str) -> RepositoryPath | None:
    """None when the URL names no repository of such a host."""
    parts = [part for part in urlsplit(comparable_url(url)).path.split("/") if part]
    if provider.kind is ProviderKind.BITBUCKET_SERVER and parts[:1] == ["scm"]:
        parts = parts[1:]
    if len(parts) < 2 or (len(parts) > 2 and provider.kind is not ProviderKind.GITLAB):
        return None
    return RepositoryPath("/".join(parts[:-1]), parts[-1])


def rights_question(
    provider: Provider, path: RepositoryPath, credential: Credential, *, only_read: bool = False
) -> Question:
    """`only_read`: the second question to a host that answers for one right at a time."""
    headers = api_headers(provider, credential)
    owner, name = quote(path.owner, safe=""), quote(path.name, safe="")
    match provider.kind:
        case ProviderKind.GITHUB | ProviderKind.GITEA:
            return Question(f"{provider.api}/repos/{owner}/{name}", headers)
        case ProviderKind.GITLAB:
            return Question(f"{provider.api}/projects/{quote(path.full, safe='')}", headers)
        case ProviderKind.BITBUCKET:
            wanted = {"q": f'repository.full_name="{path.full}"'}
            return Question(f"{provider.api}/user/permissions/repositories", headers, wanted)
        case ProviderKind.BITBUCKET_SERVER:
            permission = "REPO_READ" if only_read else "REPO_WRITE"
            wanted = {"projectkey": path.owner, "name": path.name, "permission": permission, "limit": "100"}
            return Question(f"{provider.api}/repos", headers, wanted)


def read_rights(provider: Provider, path: RepositoryPath, body: Any) -> Rights | None:
    """The rights in a good answer; None when it does not say. Unexpected shapes say nothing."""
    if not isinstance(body, dict):
        return None
    match provider.kind:
        case ProviderKind.GITHUB | ProviderKind.GITEA:
            return _of_permissions(body)
        case ProviderKind.GITLAB:
            return _of_gitlab(body)
        case ProviderKind.BITBUCKET:
            return _of_bitbucket(body)
        case ProviderKind.BITBUCKET_SERVER:
            return _of_bitbucket_server(body, path)


def api_headers(provider: Provider, credential: Credential) -> dict[str, str]:
    """Where a host takes user and token both, they go together: some of its tokens count only with their user."""
    headers = {"Accept": "application/json", "User-Agent": "argosy"}
    if provider.kind in (ProviderKind.GITHUB, ProviderKind.GITLAB):
        headers["Authorization"] = f"Bearer {credential.password}"
    else:
        pair = f"{credential.username}:{credential.password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return headers


def _of_permissions(body: dict[str, Any]) -> Rights | None:
    permissions = body.get("permissions")
    if not isinstance(permissions, dict):
        return None
    read, write = permissions.get("pull") is True, permissions.get("push") is True
    if body.get("archived") is True or body.get("mirror") is True:
        state = "archived" if body.get("archived") is True else "a mirror of another one"
        return Rights(read, False, f"the repository is {state}")
    return Rights(read, write)


def _of_gitlab(body: dict[str, Any]) -> Rights | None:
    permissions = body.get("permissions")
    if not isinstance(permissions, dict):
        return None
    level = 0
    for name in ("project_access", "group_access"):
        access = permissions.get(name)
        if isinstance(access, dict) and isinstance(access.get("access_level"), int):
            level = max(level, access["access_level"])
    code_is_open = body.get("visibility") in ("public", "internal") and body.get("repository_access_level") != "private"
    read = level >= _GITLAB_REPORTER or code_is_open
    if body.get("archived") is True:
        return Rights(read, False, "the project is archived")
    return Rights(read, level >= _GITLAB_DEVELOPER)


def _of_bitbucket(body: dict[str, Any]) -> Rights | None:
    values = body.get("values")
    if not isinstance(values, list):
        return None
    granted = {value.get("permission") for value in values if isinstance(value, dict)}
    return Rights(bool(granted & {"read", "write", "admin"}), bool(granted & {"write", "admin"}))


def _of_bitbucket_server(body: dict[str, Any], path: RepositoryPath) -> Rights | None:
    """Whether the repository is in the list of those with the permission that was asked for."""
    values = body.get("values")
    if not isinstance(values, list):
        return None
    projects = [(value, value.get("project")) for value in values if isinstance(value, dict)]
    names = {
        f"{project.get('key')}/{value.get('slug')}".lower() for value, project in projects if isinstance(project, dict)
    }
    listed = path.full.lower() in names
    return Rights(listed, listed)
