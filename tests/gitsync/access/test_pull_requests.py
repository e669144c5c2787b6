"""Pull requests: the request that each kind of Git host wants, and what is said when it refuses."""

from typing import Any

import httpx
import pytest

from gitsync.access.pull_requests import (
    Provider,
    PullRequest,
    PullRequestRefused,
    PullRequests,
    call_for,
    provider_by_name,
    repository_call,
)
from gitsync.access.secret import Credential

DANA = Credential("dana", "token")
WANTED = PullRequest("Add cart", "Because", "argosy/create-cart", "main")


@pytest.mark.parametrize(
    ("url", "provider", "address", "branches"),
    [
        (
            "https://github.com/team/apps.git",
            Provider.GITHUB,
            "https://api.github.com/repos/team/apps/pulls",
            ["head", "base"],
        ),
        (
            "https://github.example.com/team/apps",
            Provider.GITHUB,
            "https://github.example.com/api/v3/repos/team/apps/pulls",
            ["head", "base"],
        ),
        (
            "https://gitlab.com/group/sub/apps.git",
            Provider.GITLAB,
            "https://gitlab.com/api/v4/projects/group%2Fsub%2Fapps/merge_requests",
            ["source_branch", "target_branch"],
        ),
        (
            "https://gitea.example.com:3000/team/apps.git",
            Provider.GITEA,
            "https://gitea.example.com:3000/api/v1/repos/team/apps/pulls",
            ["head", "base"],
        ),
        (
            "https://bitbucket.org/team/apps.git",
            Provider.BITBUCKET,
            "https://api.bitbucket.org/2.0/repositories/team/apps/pullrequests",
            ["source", "destination"],
        ),
        (
            "https://bitbucket.example.com/scm/prj/apps.git",
            Provider.BITBUCKET_SERVER,
            "https://bitbucket.example.com/rest/api/1.0/projects/prj/repos/apps/pull-requests",
            ["fromRef", "toRef"],
        ),
    ],
)
def test_each_host_is_asked_in_its_own_words(url: str, provider: Provider, address: str, branches: list[str]) -> None:
    assert provider_by_name(url) is provider
    call = call_for(provider, url, DANA, WANTED)
    assert call.url == address
    assert call.json["title"] == "Add cart"
    head, base = (str(call.json[name]) for name in branches)
    assert ("argosy/create-cart" in head, "main" in base) == (True, True)
    assert set(branches) <= set(call.json)
    assert "token" not in call.url


def answering(status: int, body: Any, calls: list[httpx.Request]) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        if request.url.path == "/api/v1/version":
            return httpx.Response(200, json={"version": "1.24"})
        return httpx.Response(status, json=body)

    return httpx.MockTransport(answer)


async def test_a_host_of_any_name_that_answers_as_gitea_is_one() -> None:
    calls: list[httpx.Request] = []
    pull_requests = PullRequests(transport=answering(201, {"html_url": "https://code.example.com/pulls/1"}, calls))
    page = await pull_requests.open("https://code.example.com/team/apps.git", DANA, WANTED)
    await pull_requests.close()
    assert page == "https://code.example.com/pulls/1"
    assert calls[-1].headers["authorization"].startswith("Basic ")


async def test_a_refusal_says_that_the_branch_is_there_and_no_secret() -> None:
    pull_requests = PullRequests(transport=answering(422, {"message": "no"}, []))
    with pytest.raises(PullRequestRefused, match=r"is pushed, but .* 422") as refused:
        await pull_requests.open("https://github.com/team/apps.git", DANA, WANTED)
    await pull_requests.close()
    assert "token" not in str(refused.value)


async def test_a_host_without_pull_requests_gets_the_branch_alone() -> None:
    pull_requests = PullRequests(transport=httpx.MockTransport(lambda request: httpx.Response(404)))
    assert await pull_requests.open("https://git.example.com/apps.git", DANA, WANTED) is None
    await pull_requests.close()


def test_repositories_are_made_under_their_owner() -> None:
    own = repository_call(Provider.GITEA, "https://gitea.example.com/dana/new.git", DANA)
    team = repository_call(Provider.GITHUB, "https://github.com/team/new", DANA)
    assert own is not None
    assert own.url == "https://gitea.example.com/api/v1/user/repos"
    assert team is not None
    assert team.url == "https://api.github.com/orgs/team/repos"
    assert team.json["name"] == "new"
