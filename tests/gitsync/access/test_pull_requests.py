"""Pull requests: the request that each kind of Git host wants, and what is said when it refuses."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest

from gitsync.access.provider import Provider, ProviderKind, on_host, repository_path, well_known
from gitsync.access.provider_client import ProviderClient
from gitsync.access.pull_requests import (
    PullRequest,
    PullRequestRefused,
    PullRequests,
    opening,
    page_of,
    repository_making,
)
from gitsync.access.secret import Credential

DANA = Credential("dana", "token")
WANTED = PullRequest("Add cart", "Because", "argosy/create-cart", "main")
K = ProviderKind


@pytest.mark.parametrize(
    ("kind", "url", "address", "branches"),
    [
        (K.GITHUB, "https://github.com/team/apps.git", "https://api.github.com/repos/team/apps/pulls", "head base"),
        (
            K.GITHUB,
            "https://code.example.com/team/apps",
            "https://code.example.com/api/v3/repos/team/apps/pulls",
            "head base",
        ),
        (
            K.GITLAB,
            "https://gitlab.com/group/sub/apps.git",
            "https://gitlab.com/api/v4/projects/group%2Fsub%2Fapps/merge_requests",
            "source_branch target_branch",
        ),
        (
            K.GITEA,
            "https://code.example.com:3000/team/apps.git",
            "https://code.example.com:3000/api/v1/repos/team/apps/pulls",
            "head base",
        ),
        (
            K.BITBUCKET,
            "https://bitbucket.org/team/apps.git",
            "https://api.bitbucket.org/2.0/repositories/team/apps/pullrequests",
            "source destination",
        ),
        (
            K.BITBUCKET_SERVER,
            "https://code.example.com/scm/prj/apps.git",
            "https://code.example.com/rest/api/1.0/projects/prj/repos/apps/pull-requests",
            "fromRef toRef",
        ),
    ],
)
def test_each_host_is_asked_in_its_own_words(kind: ProviderKind, url: str, address: str, branches: str) -> None:
    provider = well_known(url) or on_host(kind, url[: url.index("/", 8)])
    path = repository_path(provider, url)
    assert path is not None
    question = opening(provider, path, DANA, WANTED)
    assert question.url == address
    assert question.body is not None
    assert question.body["title"] == "Add cart"
    head, base = (str(question.body[name]) for name in branches.split())
    assert ("argosy/create-cart" in head, "main" in base) == (True, True)
    assert "token" not in question.url
    assert "token" not in repr(question)


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (K.GITHUB, {"html_url": "https://x/1"}),
        (K.GITLAB, {"web_url": "https://x/1"}),
        (K.BITBUCKET, {"links": {"html": {"href": "https://x/1"}}}),
        (K.BITBUCKET_SERVER, {"links": {"self": [{"href": "https://x/1"}]}}),
    ],
)
def test_the_page_is_found_in_each_answer_and_nothing_odd_is_one(kind: ProviderKind, answer: Any) -> None:
    provider = Provider(kind, "https://x")
    assert page_of(provider, answer) == "https://x/1"
    assert [page_of(provider, odd) for odd in (None, [], {"links": {"self": []}}, {"html_url": 7})] == [""] * 4


@asynccontextmanager
async def asking(answer: Callable[[httpx.Request], httpx.Response]) -> AsyncIterator[PullRequests]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        yield PullRequests(ProviderClient(client, clock=lambda: 0.0, timeout_seconds=1))


async def test_a_host_of_any_name_that_answers_as_gitea_is_one() -> None:
    calls: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        if request.url.path == "/api/v1/version":
            return httpx.Response(200, json={"version": "1.24"})
        return httpx.Response(201, json={"html_url": "https://code.example.com/pulls/1"})

    async with asking(answer) as pull_requests:
        page = await pull_requests.open("https://code.example.com/team/apps.git", DANA, WANTED)
    assert page == "https://code.example.com/pulls/1"
    assert (calls[-1].method, calls[-1].headers["authorization"][:6]) == ("POST", "Basic ")
    assert "authorization" not in calls[0].headers


async def test_a_refusal_says_that_the_branch_is_there_and_no_secret() -> None:
    async with asking(lambda request: httpx.Response(422, json={"message": "a review is missing"})) as pull_requests:
        with pytest.raises(PullRequestRefused, match=r"is pushed, but .* 422: a review is missing") as refused:
            await pull_requests.open("https://github.com/team/apps.git", DANA, WANTED)
    assert "token" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "listed"),
    [
        ("https://github.com", [{"head": {"ref": "other"}, "html_url": "no"}, {"head": {"ref": "H"}, "html_url": "P"}]),
        ("https://gitlab.com", [{"source_branch": "H", "web_url": "P"}]),
        (
            "https://bitbucket.org",
            {"values": [{"source": {"branch": {"name": "H"}}, "links": {"html": {"href": "P"}}}]},
        ),
    ],
)
async def test_one_that_is_open_already_is_found_again(host: str, listed: Any) -> None:
    told = json.loads(json.dumps(listed).replace('"H"', json.dumps(WANTED.head)))

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(409) if request.method == "POST" else httpx.Response(200, json=told)

    async with asking(answer) as pull_requests:
        assert await pull_requests.open(f"{host}/team/apps.git", DANA, WANTED) == "P"


async def test_a_host_without_pull_requests_gets_the_branch_alone() -> None:
    async with asking(lambda request: httpx.Response(404)) as pull_requests:
        assert await pull_requests.open("https://git.example.com/team/apps.git", DANA, WANTED) is None


@pytest.mark.parametrize(
    ("kind", "url", "address"),
    [
        (K.GITEA, "https://code.example.com/dana/new.git", "https://code.example.com/api/v1/user/repos"),
        (K.GITEA, "https://code.example.com/team/new.git", "https://code.example.com/api/v1/orgs/team/repos"),
        (K.GITHUB, "https://github.com/team/new", "https://api.github.com/orgs/team/repos"),
        (K.GITLAB, "https://gitlab.com/dana/new", "https://gitlab.com/api/v4/projects"),
        (K.GITLAB, "https://gitlab.com/group/sub/new", "https://gitlab.com/api/v4/projects"),
        (K.BITBUCKET, "https://bitbucket.org/team/new", "https://api.bitbucket.org/2.0/repositories/team/new"),
        (
            K.BITBUCKET_SERVER,
            "https://code.example.com/scm/prj/new.git",
            "https://code.example.com/rest/api/1.0/projects/prj/repos",
        ),
    ],
)
def test_repositories_are_made_under_their_owner(kind: ProviderKind, url: str, address: str) -> None:
    provider = well_known(url) or on_host(kind, url[: url.index("/", 8)])
    path = repository_path(provider, url)
    assert path is not None
    question = repository_making(provider, path, DANA)
    assert question.url == address
    assert question.body is not None


class GitLab:
    """Answers as GitLab does, with the namespaces that it shows."""

    def __init__(self, namespaces: dict[str, int]) -> None:
        self.namespaces = namespaces
        self.made: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"]
        place = request.url.raw_path.decode().removeprefix("/api/v4")
        if place == "/projects" and request.method == "POST":
            self.made.append(json.loads(request.content))
            return httpx.Response(201, json={"id": 9})
        asked = unquote(place.removeprefix("/namespaces/"))
        assert place == f"/namespaces/{quote(asked, safe='')}"
        if asked not in self.namespaces:
            return httpx.Response(404, json={"message": "404 Namespace Not Found"})
        return httpx.Response(200, json={"id": self.namespaces[asked], "full_path": asked})


@pytest.mark.parametrize(("owner", "number"), [("group", 4), ("group/sub", 7), ("dana", 1)])
async def test_gitlab_makes_a_project_below_the_number_of_its_group(owner: str, number: int) -> None:
    gitlab = GitLab({"group": 4, "group/sub": 7, "dana": 1})
    async with asking(gitlab) as hosts:
        assert await hosts.create_repository(f"https://gitlab.com/{owner}/new.git", DANA)
    (made,) = gitlab.made
    assert (made["namespace_id"], made["path"], made["visibility"]) == (number, "new", "private")


async def test_a_group_that_gitlab_does_not_show_gets_no_project_anywhere() -> None:
    gitlab = GitLab({"dana": 1})
    async with asking(gitlab) as hosts:
        with pytest.raises(PullRequestRefused, match=r"no group 'group/sub' .* 404 Namespace Not Found") as refused:
            await hosts.create_repository("https://gitlab.com/group/sub/new.git", DANA)
    assert gitlab.made == []
    assert "token" not in refused.value.message


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"id": 7},
        {"id": "7", "full_path": "group"},
        {"id": True, "full_path": "group"},
        {"id": 7, "full_path": "other"},
    ],
)
async def test_an_answer_of_gitlab_that_is_not_about_the_group_makes_nothing(body: Any) -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        return httpx.Response(200, json=body)

    async with asking(answer) as hosts:
        with pytest.raises(PullRequestRefused):
            await hosts.create_repository("https://gitlab.com/group/new.git", DANA)
    assert calls == ["GET"]
