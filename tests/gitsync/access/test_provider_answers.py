"""What each kind of host answers, and what follows: over a real socket, with the shapes of their documentations."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from gitsync.access.provider import Provider, ProviderKind, RepositoryPath, read_rights, repository_path, well_known
from gitsync.access.provider_client import ProviderClient, ProviderSilent
from gitsync.access.secret import Credential
from tests.support.http_host import serving

DANA = Credential("dana", "token-of-dana")
PATH = RepositoryPath("team", "apps")
K = ProviderKind


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (K.GITHUB, {"permissions": {"pull": True, "push": True, "admin": False}}, (True, True)),
        (K.GITHUB, {"permissions": {"pull": True, "push": False}}, (True, False)),
        (K.GITHUB, {"permissions": {"pull": True, "push": True}, "archived": True}, (True, False)),
        (K.GITEA, {"permissions": {"pull": True, "push": True}, "mirror": True}, (True, False)),
        (K.GITLAB, {"permissions": {"project_access": {"access_level": 30}, "group_access": None}}, (True, True)),
        (K.GITLAB, {"permissions": {"project_access": None, "group_access": {"access_level": 20}}}, (True, False)),
        (K.GITLAB, {"permissions": {"project_access": {"access_level": 10}}, "visibility": "private"}, (False, False)),
        (K.GITLAB, {"permissions": {}, "visibility": "public"}, (True, False)),
        (K.GITLAB, {"permissions": {"project_access": {"access_level": 40}}, "archived": True}, (True, False)),
        (K.BITBUCKET, {"values": [{"permission": "write"}]}, (True, True)),
        (K.BITBUCKET, {"values": [{"permission": "read"}]}, (True, False)),
        (K.BITBUCKET, {"values": []}, (False, False)),
        (K.BITBUCKET_SERVER, {"values": [{"slug": "apps", "project": {"key": "TEAM"}}]}, (True, True)),
        (K.BITBUCKET_SERVER, {"values": [{"slug": "other", "project": {"key": "TEAM"}}]}, (False, False)),
    ],
)
def test_rights_are_what_the_host_says(kind: ProviderKind, body: dict[str, Any], expected: tuple[bool, bool]) -> None:
    rights = read_rights(Provider(kind, "https://x"), PATH, body)
    assert rights is not None
    assert (rights.read, rights.write) == expected


@given(
    st.sampled_from(ProviderKind),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["permissions", "values", "project", "push", "key"]), inner, max_size=3)
        ),
        max_leaves=10,
    ),
)
def test_no_answer_breaks_us_and_nothing_odd_grants_a_right(kind: ProviderKind, body: Any) -> None:
    rights = read_rights(Provider(kind, "https://x"), PATH, body)
    if rights is not None and rights.write:
        assert "true" in repr(body).lower() or "write" in repr(body) or "access_level" in repr(body)


@pytest.mark.parametrize(
    ("kind", "url", "expected"),
    [
        (K.GITHUB, "https://github.com/team/apps.git", PATH),
        (K.GITLAB, "https://gitlab.com/group/sub/apps", RepositoryPath("group/sub", "apps")),
        (K.BITBUCKET_SERVER, "https://bb.example.com/scm/team/apps.git", PATH),
        (K.GITHUB, "https://github.com/apps", None),
        (K.GITEA, "https://git.example.com/a/b/c", None),
    ],
)
def test_addresses_name_repositories(kind: ProviderKind, url: str, expected: RepositoryPath | None) -> None:
    assert repository_path(Provider(kind, "https://x"), url) == expected


def test_public_hosts_are_known_by_their_exact_name() -> None:
    assert well_known("https://github.com/team/apps") is not None
    assert well_known("https://github.com.evil.example/team/apps") is None
    assert well_known("https://notgithub.com/team/apps") is None


class Host:
    """An API at a socket: `answers` by path; what was asked, in order."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[web.Request], web.Response]] = {}
        self.asked: list[web.Request] = []
        self.url = ""

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        answer = self.answers.get(request.rel_url.raw_path)
        return answer(request) if answer else web.Response(status=404)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    found = Host()
    application = web.Application()
    application.router.add_get("/{path:.*}", found.serve)
    async with serving(application) as found.url:
        yield found


@pytest.fixture
async def asking() -> AsyncIterator[Callable[..., ProviderClient]]:
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as client:

        def make(kind: ProviderKind | None = None) -> ProviderClient:
            return ProviderClient(client, clock=lambda: 0.0, timeout_seconds=1, configured=lambda _: kind)

        yield make


Asking = Callable[..., ProviderClient]


async def test_gitlab_is_found_by_its_answers_and_asked_with_a_bearer_token(host: Host, asking: Asking) -> None:
    host.answers["/api/v4/version"] = lambda _: web.json_response(
        {"message": "401 Unauthorized"}, status=401, headers={"x-gitlab-meta": "{}"}
    )
    host.answers["/api/v4/projects/group%2Fsub%2Fapps"] = lambda request: web.json_response(
        {"permissions": {"project_access": {"access_level": 40}}}
    )
    rights = await asking().rights(f"{host.url}/group/sub/apps.git", DANA)
    assert rights is not None
    assert rights.write
    assert host.asked[-1].headers["Authorization"] == "Bearer token-of-dana"
    assert all("Authorization" not in request.headers for request in host.asked[:-1]), "detection carries no secret"


async def test_bitbucket_server_is_asked_for_each_right(host: Host, asking: Asking) -> None:
    def listed(request: web.Request) -> web.Response:
        readable = request.query["permission"] == "REPO_READ"
        return web.json_response({"values": [{"slug": "apps", "project": {"key": "TEAM"}}] if readable else []})

    host.answers["/rest/api/1.0/repos"] = listed
    rights = await asking(K.BITBUCKET_SERVER).rights(f"{host.url}/scm/team/apps.git", DANA)
    assert rights is not None
    assert (rights.read, rights.write) == (True, False)


async def test_a_host_without_an_api_is_left_to_the_probe_and_not_asked_all_the_time(
    host: Host, asking: Asking
) -> None:
    client = asking()
    assert await client.rights(f"{host.url}/team/apps", DANA) is None
    asked = len(host.asked)
    assert await client.rights(f"{host.url}/team/apps", DANA) is None
    assert len(host.asked) == asked


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=500),
        web.Response(status=429),
        web.Response(status=403, headers={"x-ratelimit-remaining": "0"}),
        web.Response(body=b"x" * 3_000_000),
    ],
    ids=["500", "429", "rate-limit", "huge"],
)
async def test_a_host_that_does_not_answer_says_nothing_about_rights(
    host: Host, asking: Asking, answer: web.Response
) -> None:
    host.answers["/api/v1/repos/team/apps"] = lambda _: answer
    with pytest.raises(ProviderSilent):
        await asking(K.GITEA).rights(f"{host.url}/team/apps", DANA)


async def test_a_token_never_follows_a_redirect(host: Host, asking: Asking) -> None:
    host.answers["/api/v1/repos/team/apps"] = lambda _: web.Response(
        status=302, headers={"Location": f"{host.url}/evil"}
    )
    assert await asking(K.GITEA).rights(f"{host.url}/team/apps", DANA) is None
    assert [request.path for request in host.asked] == ["/api/v1/repos/team/apps"]
