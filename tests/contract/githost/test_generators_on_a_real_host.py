"""The SCM provider and pull request generators against a real Gitea."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from gitsync.appset.errors import ProviderFailed
from gitsync.appset.providers.api import Connections
from gitsync.appset.providers.ask import Asking, ask_host
from tests.support.real_git_host import RealGitHost, running_git_host

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

REFERENCE = {"secretName": "s", "key": "token"}


class Vault:
    def __init__(self, token: str) -> None:
        self._token = token

    async def secret(self, name: str, key: str) -> str:
        return self._token

    async def config_map(self, name: str) -> Mapping[str, str]:
        return {}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def host(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealGitHost]:
    async with running_git_host(tmp_path_factory.mktemp("gitea"), "dana", "victor") as host:
        await _fill(host)
        yield host


async def _fill(host: RealGitHost) -> None:
    await host.api("dana", "POST", "/orgs", {"username": "shop"})
    for name in ("web", "api", "docs"):
        await host.api("dana", "POST", "/orgs/shop/repos", {"name": name, "private": True, "auto_init": True})
    await host.api("dana", "POST", "/orgs/shop/repos", {"name": "empty", "private": True})
    await host.api("dana", "PUT", "/repos/shop/web/topics", {"topics": ["team-a"]})
    file = {"content": "YQ==", "branch": "main", "new_branch": "feat/Shop_1", "message": "m"}
    await host.api("dana", "POST", "/repos/shop/web/contents/chart/Chart.yaml", file)
    label = await host.api("dana", "POST", "/repos/shop/web/labels", {"name": "preview", "color": "#00aabb"})
    pull = {"head": "feat/Shop_1", "base": "main", "title": "Add a shop", "labels": [label["id"]]}
    await host.api("dana", "POST", "/repos/shop/web/pulls", pull)


async def ask(host: RealGitHost, person: str, kind: str, generator: dict[str, Any]) -> list[dict[str, Any]]:
    connections = Connections()
    try:
        return await ask_host(Asking(connections, Vault(host.tokens.get(person, ""))), kind, generator, "set")
    finally:
        await connections.close()


async def test_repositories_of_an_organization(host: RealGitHost) -> None:
    settings = {"owner": "shop", "api": host.url, "tokenRef": REFERENCE}
    found = await ask(host, "dana", "scmProvider", {"gitea": settings, "cloneProtocol": "https"})
    assert sorted(one["repository"] for one in found) == ["api", "docs", "web"]
    (web,) = [one for one in found if one["repository"] == "web"]
    assert (web["organization"], web["branch"], web["labels"]) == ("shop", "main", ["team-a"])
    assert web["url"] == host.clone_url("shop", "web")
    assert len(web["sha"]) == 40


async def test_branches_and_paths_in_them(host: RealGitHost) -> None:
    settings = {"owner": "shop", "api": host.url, "tokenRef": REFERENCE, "allBranches": True}
    filters = [{"repositoryMatch": "^web$", "pathsExist": ["chart/Chart.yaml", "chart", "none"]}]
    found = await ask(host, "dana", "scmProvider", {"gitea": settings, "filters": filters})
    assert {one["branch"]: one["paths"] for one in found} == {"main": [], "feat/Shop_1": ["chart", "chart/Chart.yaml"]}


async def test_pull_requests_by_labels(host: RealGitHost) -> None:
    settings = {"owner": "shop", "repo": "web", "api": host.url, "tokenRef": REFERENCE, "labels": ["preview"]}
    (one,) = await ask(host, "dana", "pullRequest", {"gitea": settings})
    assert (one["number"], one["branch"], one["branch_slug"], one["target_branch"], one["author"]) == (
        "1",
        "feat/Shop_1",
        "feat-shop-1",
        "main",
        "dana",
    )
    assert await ask(host, "dana", "pullRequest", {"gitea": {**settings, "labels": ["other"]}}) == []


async def test_who_may_not_see_a_repository_learns_nothing_of_it(host: RealGitHost) -> None:
    settings = {"owner": "shop", "repo": "web", "api": host.url, "tokenRef": REFERENCE}
    with pytest.raises(ProviderFailed, match="has no"):
        await ask(host, "victor", "pullRequest", {"gitea": settings})
    assert await ask(host, "victor", "pullRequest", {"gitea": settings, "continueOnRepoNotFoundError": True}) == []
