"""Gitea's (and Forgejo's) REST API."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from gitsync.appset.providers.api import Api
from gitsync.appset.providers.pulls import open_pull_requests
from gitsync.appset.providers.values import HostedBranch, HostedRepository, PullRequest
from gitsync.manifest.object import JsonObject

_PAGE = {"limit": "50"}


def headers(token: str) -> dict[str, str]:
    return {"Authorization": f"token {token}"} if token else {}


class Gitea:
    """`gitsync.appset.providers.scm.ScmHost` of an organization. `api` begins at /api/v1."""

    def __init__(self, api: Api, settings: JsonObject) -> None:
        self.api = api
        self._owner = str(settings.get("owner") or "")

    async def repositories(self) -> AsyncIterator[HostedRepository]:
        async for body in self.api.linked(f"/orgs/{quote(self._owner, safe='')}/repos", _PAGE):
            if not body.get("empty"):
                yield await self._repository(body)

    async def _repository(self, body: JsonObject) -> HostedRepository:
        owner = str((body.get("owner") or {}).get("login") or self._owner)
        key = f"{quote(owner, safe='')}/{quote(body['name'], safe='')}"
        topics = (await self.api.get(f"/repos/{key}/topics")).value
        return HostedRepository(
            organization=owner,
            name=body["name"],
            key=key,
            id=str(body.get("id") or ""),
            default_branch=body.get("default_branch") or "",
            clone_urls={"https": body.get("clone_url") or "", "ssh": body.get("ssh_url") or ""},
            labels=tuple((topics or {}).get("topics") or ()),
        )

    async def branch(self, repository: HostedRepository, name: str) -> HostedBranch:
        return _branch((await self.api.get(f"/repos/{repository.key}/branches/{quote(name, safe='')}")).value)

    async def branches(self, repository: HostedRepository) -> AsyncIterator[HostedBranch]:
        async for body in self.api.linked(f"/repos/{repository.key}/branches", _PAGE):
            yield _branch(body)

    async def has(self, repository: HostedRepository, branch: HostedBranch, path: str) -> bool:
        return await self.api.exists(f"/repos/{repository.key}/contents/{quote(path.strip('/'))}", {"ref": branch.name})


def _branch(body: JsonObject) -> HostedBranch:
    return HostedBranch(body["name"], body["commit"]["id"])


async def pull_requests(api: Api, settings: JsonObject) -> list[PullRequest]:
    return await open_pull_requests(api, settings, _PAGE)
