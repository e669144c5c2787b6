"""Pull requests as GitHub lists them, and Gitea in the same shape."""

from urllib.parse import quote

from gitsync.appset.providers.api import Api
from gitsync.appset.providers.values import PullRequest
from gitsync.manifest.object import JsonObject


async def open_pull_requests(api: Api, settings: JsonObject, page: dict[str, str]) -> list[PullRequest]:
    """Open ones that have all labels of the generator. `page` says how long pages are in the host's own words."""
    wanted = set(settings.get("labels") or ())
    place = f"/repos/{quote(settings.get('owner') or '', safe='')}/{quote(settings.get('repo') or '', safe='')}"
    found = []
    async for body in api.linked(f"{place}/pulls", {"state": "open", **page}):
        labels = tuple(label["name"] for label in body.get("labels") or ())
        if wanted <= set(labels):
            found.append(
                PullRequest(
                    number=str(body["number"]),
                    title=body.get("title") or "",
                    branch=body["head"]["ref"],
                    target_branch=body["base"]["ref"],
                    sha=body["head"]["sha"],
                    labels=labels,
                    author=str((body.get("user") or {}).get("login") or ""),
                )
            )
    return found
