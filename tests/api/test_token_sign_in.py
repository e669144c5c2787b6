"""Sign-in with a personal token of a Git host: whoever the host says it belongs to, and no token made for a program."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from api.access.oauth.provider import ProviderKind, SignInProvider, is_personal, read_providers
from api.access.sign_in import FAILURES_PER_ADDRESS
from api.errors import Invalid
from model.link_access import GitTokensAnswer, PutGitToken
from tests.support.control_plane import Running, control_plane
from tests.support.http_host import serving

pytestmark = pytest.mark.cpu_seconds(20)
GOOD, BAD = "a" * 40, "b" * 40


@dataclass
class Host:
    """A Gitea that knows one token."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    status: int = 200

    async def user(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers["Authorization"])
        if self.status != 200:
            return web.Response(status=self.status)
        if request.headers["Authorization"] != f"Bearer {GOOD}":
            return web.json_response({"message": "invalid"}, status=401)
        return web.json_response({"id": 7, "login": "dana", "email": "dana@example.com"})

    async def at_bitbucket(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers["Authorization"])
        return web.json_response({"uuid": "{7}", "nickname": "dana", "username": "dana"})

    async def emails_at_bitbucket(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers["Authorization"])
        value = {"email": "dana@example.com", "is_primary": True, "is_confirmed": True}
        return web.json_response({"values": [value]})


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    made = Host()
    application = web.Application()
    application.router.add_get("/api/v1/user", made.user)
    application.router.add_get("/2.0/user", made.at_bitbucket)
    application.router.add_get("/2.0/user/emails", made.emails_at_bitbucket)
    async with serving(application) as made.url:
        yield made


@pytest.fixture
async def running(tmp_path: Path, host: Host) -> AsyncIterator[Running]:
    providers = (
        SignInProvider(
            "gitea", ProviderKind.GITEA, url=host.url, own_names=True, runtimes=("demo",), personal_tokens=True
        ),
        SignInProvider("closed", ProviderKind.GITEA, "client", "secret", host.url),
        SignInProvider("bitbucket", ProviderKind.BITBUCKET, url=host.url, runtimes=("demo",), personal_tokens=True),
    )
    async with control_plane(tmp_path, sign_in=providers) as found:
        yield found


async def sign_in(client: httpx.AsyncClient, token: str, provider: str = "gitea") -> httpx.Response:
    return await client.post(f"/auth/sign-in/{provider}", json={"token": token})


async def who(client: httpx.AsyncClient) -> Any:
    answer = await client.post("/graphql", json={"query": "{ me { name email isAdmin } }"})
    return answer.json()["data"]["me"]


async def test_the_owner_of_the_token_is_signed_in_and_the_runtime_gets_it(running: Running, host: Host) -> None:
    runtime = await running.runtime("demo")
    runtime.answers[PutGitToken] = lambda body: GitTokensAnswer(())
    async with runtime.connected(), running.http() as client:
        answer = await sign_in(client, GOOD)
        assert answer.status_code == 200, answer.text
        assert await who(client) == {"name": "dana", "email": "dana@example.com", "isAdmin": False}
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        client.cookies.clear()
        again = await client.post("/graphql", json={"query": "{ me { name } }"}, headers=bearer)
        assert again.json()["data"]["me"] == {"name": "dana"}
    (given,) = [body for body in runtime.requests if isinstance(body, PutGitToken)]
    assert (given.person, given.username, given.token, given.renewal) == ("dana", "dana", GOOD, None)


async def test_a_token_of_bitbucket_goes_with_the_address_of_its_account(running: Running, host: Host) -> None:
    token = "ATATT3xFf" + "a" * 180
    runtime = await running.runtime("demo")
    runtime.answers[PutGitToken] = lambda body: GitTokensAnswer(())
    async with runtime.connected(), running.http() as client:
        for username in ("", "dana", "dana@example.com:x"):
            refused = await client.post("/auth/sign-in/bitbucket", json={"token": token, "username": username})
            assert (refused.status_code, "its account's address" in refused.text) == (422, True)
        assert host.asked == []
        body = {"token": token, "username": "dana@example.com"}
        answer = await client.post("/auth/sign-in/bitbucket", json=body)
        assert answer.status_code == 200, answer.text
        assert await who(client) == {"name": "dana@bitbucket", "email": "dana@example.com", "isAdmin": False}
    pair = base64.b64encode(f"dana@example.com:{token}".encode()).decode()
    assert set(host.asked) == {f"Basic {pair}"}
    (given,) = [body for body in runtime.requests if isinstance(body, PutGitToken)]
    assert (given.person, given.username, given.token) == ("dana@bitbucket", "dana@example.com", token)


async def test_a_token_that_the_host_refuses_signs_nobody_in_and_shows_nowhere(running: Running, host: Host) -> None:
    async with running.http() as client:
        answer = await sign_in(client, BAD)
        assert answer.status_code == 401
        assert BAD not in answer.text
        assert await who(client) is None
        host.status = 500
        assert (await sign_in(client, GOOD)).status_code == 502
        assert await who(client) is None


async def test_what_is_no_personal_token_is_never_sent_to_the_host(running: Running, host: Host) -> None:
    async with running.http() as client:
        for token in ("", "eyJhbGciOiJSUzI1NiJ9.e30.x", "a" * 39, f"{GOOD}\r\nX: y"):
            assert (await sign_in(client, token)).status_code == 422
        assert (await sign_in(client, GOOD, "closed")).status_code == 422
        assert (await sign_in(client, GOOD, "absent")).status_code == 404
        form = await client.post("/auth/sign-in/gitea", data={"token": GOOD})
        assert form.status_code == 422
        other = await client.post("/auth/sign-in/gitea", json={"token": GOOD}, headers={"Origin": "https://other.test"})
        assert other.status_code == 403
    assert host.asked == []


async def test_guessing_ends_after_some_failures(running: Running, host: Host) -> None:
    async with running.http() as client:
        for _ in range(FAILURES_PER_ADDRESS):
            assert (await sign_in(client, BAD)).status_code == 401
        assert (await sign_in(client, GOOD)).status_code == 429
    assert len(host.asked) == FAILURES_PER_ADDRESS


async def test_the_sign_in_page_learns_which_ways_there_are(running: Running) -> None:
    async with running.http() as client:
        offered = (await client.get("/auth/providers")).json()
        ways = {one["name"]: (one["account"], one["personalToken"], one["needsUsername"]) for one in offered}
        assert ways == {
            "gitea": (False, True, False),
            "closed": (True, False, False),
            "bitbucket": (False, True, True),
        }
        assert (await client.get("/auth/sign-in/gitea")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "token", "personal"),
    [
        (ProviderKind.GITHUB, "ghp_" + "a" * 36, True),
        (ProviderKind.GITHUB, "github_pat_" + "a" * 82, True),
        (ProviderKind.GITHUB, "gho_" + "a" * 36, False),  # given to a program by OAuth
        (ProviderKind.GITLAB, "glpat-" + "a" * 20, True),
        (ProviderKind.GITLAB, "a" * 64, False),
        (ProviderKind.GITEA, "0" * 40, True),
        (ProviderKind.GITEA, "a.b.c", False),
        (ProviderKind.BITBUCKET, "ATATT3xFf" + "a" * 180 + "=0A1B2C3D", True),
        (ProviderKind.BITBUCKET, "ATCTT3xFf" + "a" * 180, False),  # of a repository, project or workspace
        (ProviderKind.BITBUCKET, "ATBB" + "a" * 32, False),  # an app password
        (ProviderKind.BITBUCKET, "a" * 40, False),  # given to a program by OAuth
    ],
)
def test_tokens_that_were_given_to_programs_are_told_apart(kind: ProviderKind, token: str, personal: bool) -> None:
    assert is_personal(SignInProvider("host", kind, personal_tokens=True), token) is personal
    assert not is_personal(SignInProvider("host", kind, "client"), token)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('{"name": "a", "kind": "gitea", "url": "https://git.test"}', "needs a client_id"),
        (
            '{"name": "a", "kind": "oidc", "url": "https://id.test", "client_id": "c", "personal_tokens": true}',
            "cannot take personal tokens",
        ),
    ],
)
def test_providers_that_offer_no_way_are_refused(entry: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read_providers(f"[{entry}]".encode())
