"""Bitbucket Cloud's REST API."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from gitsync.appset.errors import ProviderFailed
from gitsync.appset.providers.api import Api, NotThere
from gitsync.appset.providers.values import HostedBranch, HostedRepository, PullRequest
from gitsync.manifest.object import JsonObject

ADDRESS = "https://api.bitbucket.org/2.0"
_MOST_PAGES = 200


async def _paged(api: Api, path: str, query: dict[str, str]) -> AsyncIterator[Any]:
    answer = (await api.get(path, query)).value
    for _ in range(_MOST_PAGES):
        for entry in answer.get("values") or ():
            yield entry
        if not answer.get("next"):
            return
        answer = (await api.get(answer["next"])).value
    raise ProviderFailed("Bitbucket has more pages than are read", suggestion="Narrow the generator.")


class Bitbucket:
    """`gitsync.appset.providers.scm.ScmHost` of a workspace."""

    def __init__(self, api: Api, settings: JsonObject) -> None:
        self.api = api
        self._owner = str(settings.get("owner") or "")

    async def repositories(self) -> AsyncIterator[HostedRepository]:
        async for body in _paged(self.api, f"/repositories/{quote(self._owner, safe='')}", {"pagelen": "100"}):
            slug = body.get("slug") or body["name"]
            links = {one.get("name"): one.get("href") or "" for one in (body.get("links") or {}).get("clone") or ()}
            yield HostedRepository(
                organization=self._owner,
                name=slug,
                key=f"{quote(self._owner, safe='')}/{quote(slug, safe='')}",
                id=str(body.get("uuid") or ""),
                default_branch=(body.get("mainbranch") or {}).get("name") or "",
                clone_urls={"https": links.get("https", ""), "ssh": links.get("ssh", "")},
            )

    async def branch(self, repository: HostedRepository, name: str) -> HostedBranch:
        if not name:
            raise NotThere(f"repository {repository.name} is empty")
        return _branch((await self.api.get(f"/repositories/{repository.key}/refs/branches/{quote(name)}")).value)

    async def branches(self, repository: HostedRepository) -> AsyncIterator[HostedBranch]:
        async for body in _paged(self.api, f"/repositories/{repository.key}/refs/branches", {"pagelen": "100"}):
            yield _branch(body)

    async def has(self, repository: HostedRepository, branch: HostedBranch, path: str) -> bool:
        place = f"/repositories/{repository.key}/src/{branch.sha}/{quote(path.strip('/'))}"
        return await self.api.exists(place, {"format": "meta"})


def _branch(body: JsonObject) -> HostedBranch:
    return HostedBranch(body["name"], body["target"]["hash"])


async def pull_requests(api: Api, settings: JsonObject) -> list[PullRequest]:
    """Open ones. Bitbucket has no labels."""
    place = f"/repositories/{quote(settings.get('owner') or '', safe='')}/{quote(settings.get('repo') or '', safe='')}"
    return [
        PullRequest(
            number=str(body["id"]),
            title=body.get("title") or "",
            branch=body["source"]["branch"]["name"],
            target_branch=body["destination"]["branch"]["name"],
            sha=(body["source"].get("commit") or {}).get("hash") or "",
            labels=(),
            author=str((body.get("author") or {}).get("nickname") or ""),
        )
        async for body in _paged(api, f"{place}/pullrequests", {"state": "OPEN", "pagelen": "50"})
    ]
