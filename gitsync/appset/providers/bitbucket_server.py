"""The REST API of Bitbucket Server and Data Center."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from gitsync.appset.errors import ProviderFailed
from gitsync.appset.providers.api import Api, NotThere
from gitsync.appset.providers.values import HostedBranch, HostedRepository, PullRequest
from gitsync.manifest.object import JsonObject

_MOST_PAGES = 200


async def _paged(api: Api, path: str, query: dict[str, str]) -> AsyncIterator[Any]:
    start = 0
    for _ in range(_MOST_PAGES):
        answer = (await api.get(path, {**query, "limit": "100", "start": str(start)})).value
        for entry in answer.get("values") or ():
            yield entry
        if answer.get("isLastPage", True):
            return
        start = int(answer.get("nextPageStart") or 0)
    raise ProviderFailed("Bitbucket has more pages than are read", suggestion="Narrow the generator.")


class BitbucketServer:
    """`gitsync.appset.providers.scm.ScmHost` of a project. `api` begins at /rest."""

    def __init__(self, api: Api, settings: JsonObject) -> None:
        self.api = api
        self._project = str(settings.get("project") or "")

    async def repositories(self) -> AsyncIterator[HostedRepository]:
        async for body in _paged(self.api, f"/api/1.0/projects/{quote(self._project, safe='')}/repos", {}):
            links = {one.get("name"): one.get("href") or "" for one in (body.get("links") or {}).get("clone") or ()}
            project = str((body.get("project") or {}).get("key") or self._project)
            yield HostedRepository(
                organization=project,
                name=body.get("name") or body["slug"],
                key=f"{quote(project, safe='')}/repos/{quote(body['slug'], safe='')}",
                id=str(body.get("id") or ""),
                default_branch="",
                clone_urls={"https": links.get("http", ""), "ssh": links.get("ssh", "")},
            )

    async def branch(self, repository: HostedRepository, name: str) -> HostedBranch:
        """The host knows the default branch by another question than others."""
        answer = (await self.api.get(f"/api/1.0/projects/{repository.key}/branches/default")).value
        if not answer:
            raise NotThere(f"repository {repository.name} is empty")
        return _branch(answer)

    async def branches(self, repository: HostedRepository) -> AsyncIterator[HostedBranch]:
        async for body in _paged(self.api, f"/api/1.0/projects/{repository.key}/branches", {}):
            yield _branch(body)

    async def has(self, repository: HostedRepository, branch: HostedBranch, path: str) -> bool:
        place = f"/api/1.0/projects/{repository.key}/browse/{quote(path.strip('/'))}"
        return await self.api.exists(place, {"at": f"refs/heads/{branch.name}", "type": "true"})


def _branch(body: JsonObject) -> HostedBranch:
    return HostedBranch(body["displayId"], body["latestCommit"])


async def pull_requests(api: Api, settings: JsonObject) -> list[PullRequest]:
    """Open ones. The host has no labels."""
    project, name = str(settings.get("project") or ""), str(settings.get("repo") or "")
    place = f"/api/1.0/projects/{quote(project, safe='')}/repos/{quote(name, safe='')}/pull-requests"
    return [
        PullRequest(
            number=str(body["id"]),
            title=body.get("title") or "",
            branch=body["fromRef"]["displayId"],
            target_branch=body["toRef"]["displayId"],
            sha=body["fromRef"]["latestCommit"],
            labels=(),
            author=str(((body.get("author") or {}).get("user") or {}).get("name") or ""),
        )
        async for body in _paged(api, place, {"state": "OPEN"})
    ]
