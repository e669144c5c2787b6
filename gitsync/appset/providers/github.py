"""GitHub's REST API."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from gitsync.appset.providers.api import Api, NotThere
from gitsync.appset.providers.pulls import open_pull_requests
from gitsync.appset.providers.values import HostedBranch, HostedRepository, PullRequest
from gitsync.manifest.object import JsonObject

ADDRESS = "https://api.github.com"
_PAGE = {"per_page": "100"}


def headers(token: str) -> dict[str, str]:
    told = {"X-GitHub-Api-Version": "2022-11-28", "Accept": "application/vnd.github+json"}
    return {**told, "Authorization": f"Bearer {token}"} if token else told


class GitHub:
    """`gitsync.appset.providers.scm.ScmHost` of an organization, or of a person who has none."""

    def __init__(self, api: Api, settings: JsonObject) -> None:
        self.api = api
        self._organization = str(settings.get("organization") or "")

    async def repositories(self) -> AsyncIterator[HostedRepository]:
        name = quote(self._organization, safe="")
        try:
            async for body in self.api.linked(f"/orgs/{name}/repos", _PAGE):
                yield _repository(body)
        except NotThere:
            async for body in self.api.linked(f"/users/{name}/repos", _PAGE):
                yield _repository(body)

    async def branch(self, repository: HostedRepository, name: str) -> HostedBranch:
        return _branch((await self.api.get(f"/repos/{repository.key}/branches/{quote(name, safe='')}")).value)

    async def branches(self, repository: HostedRepository) -> AsyncIterator[HostedBranch]:
        async for body in self.api.linked(f"/repos/{repository.key}/branches", _PAGE):
            yield _branch(body)

    async def has(self, repository: HostedRepository, branch: HostedBranch, path: str) -> bool:
        return await self.api.exists(f"/repos/{repository.key}/contents/{quote(path.strip('/'))}", {"ref": branch.name})


def _repository(body: JsonObject) -> HostedRepository:
    owner = str((body.get("owner") or {}).get("login") or "")
    return HostedRepository(
        organization=owner,
        name=body["name"],
        key=f"{quote(owner, safe='')}/{quote(body['name'], safe='')}",
        id=str(body.get("id") or ""),
        default_branch=body.get("default_branch") or "",
        clone_urls={"https": body.get("clone_url") or "", "ssh": body.get("ssh_url") or ""},
        labels=tuple(body.get("topics") or ()),
    )


def _branch(body: JsonObject) -> HostedBranch:
    return HostedBranch(body["name"], body["commit"]["sha"])


async def pull_requests(api: Api, settings: JsonObject) -> list[PullRequest]:
    return await open_pull_requests(api, settings, _PAGE)
