"""GitLab's REST API."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from gitsync.appset.providers.api import Api, NotThere
from gitsync.appset.providers.values import HostedBranch, HostedRepository, PullRequest
from gitsync.manifest.object import JsonObject

ADDRESS = "https://gitlab.com"
_PAGE = {"per_page": "100"}


def headers(token: str) -> dict[str, str]:
    return {"PRIVATE-TOKEN": token} if token else {}


class GitLab:
    """`gitsync.appset.providers.scm.ScmHost` of a group. `api` begins at /api/v4."""

    def __init__(self, api: Api, settings: JsonObject) -> None:
        self.api = api
        self._group = str(settings.get("group") or "")
        self._query = {
            "include_subgroups": _flag(settings.get("includeSubgroups", False)),
            "with_shared": _flag(settings.get("includeSharedProjects", True)),
            **({"topic": str(settings["topic"])} if settings.get("topic") else {}),
            **_PAGE,
        }

    async def repositories(self) -> AsyncIterator[HostedRepository]:
        async for body in self.api.linked(f"/groups/{quote(self._group, safe='')}/projects", self._query):
            yield HostedRepository(
                organization=str((body.get("namespace") or {}).get("full_path") or self._group),
                name=body["path"],
                key=str(body["id"]),
                id=str(body["id"]),
                default_branch=body.get("default_branch") or "",
                clone_urls={"https": body.get("http_url_to_repo") or "", "ssh": body.get("ssh_url_to_repo") or ""},
                labels=tuple(body.get("topics") or body.get("tag_list") or ()),
            )

    async def branch(self, repository: HostedRepository, name: str) -> HostedBranch:
        if not name:
            raise NotThere(f"project {repository.name} is empty")
        path = f"/projects/{repository.key}/repository/branches/{quote(name, safe='')}"
        return _branch((await self.api.get(path)).value)

    async def branches(self, repository: HostedRepository) -> AsyncIterator[HostedBranch]:
        async for body in self.api.linked(f"/projects/{repository.key}/repository/branches", _PAGE):
            yield _branch(body)

    async def has(self, repository: HostedRepository, branch: HostedBranch, path: str) -> bool:
        """Files and directories are asked for in two ways."""
        clean, place = path.strip("/"), f"/projects/{repository.key}/repository"
        if await self.api.exists(f"{place}/files/{quote(clean, safe='')}", {"ref": branch.name}):
            return True
        try:
            found = (await self.api.get(f"{place}/tree", {"path": clean, "ref": branch.name, "per_page": "1"})).value
        except NotThere:
            return False
        return bool(found)


def _flag(value: object) -> str:
    return "true" if value else "false"


def _branch(body: JsonObject) -> HostedBranch:
    return HostedBranch(body["name"], body["commit"]["id"])


async def pull_requests(api: Api, settings: JsonObject) -> list[PullRequest]:
    """Merge requests, in all states unless the generator names one."""
    query = dict(_PAGE)
    if settings.get("labels"):
        query["labels"] = ",".join(settings["labels"])
    if settings.get("pullRequestState"):
        query["state"] = str(settings["pullRequestState"])
    place = f"/projects/{quote(str(settings.get('project') or ''), safe='')}/merge_requests"
    return [
        PullRequest(
            number=str(body["iid"]),
            title=body.get("title") or "",
            branch=body["source_branch"],
            target_branch=body["target_branch"],
            sha=body.get("sha") or "",
            labels=tuple(body.get("labels") or ()),
            author=str((body.get("author") or {}).get("username") or ""),
        )
        async for body in api.linked(place, query)
    ]
