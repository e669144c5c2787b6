"""Sign-in at an OpenID Connect provider: only who proved to own the account, in the browser that began it."""

import base64
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from api.access.oauth.flow import Account, account_of, is_admin, may_sign_in, person_name, safe_path
from api.access.oauth.provider import ProviderKind, SignInProvider, read_providers
from api.errors import Invalid, Unauthorized
from model.link_access import GitTokensAnswer, PutGitToken
from tests.support.control_plane import Running, control_plane
from tests.support.fake_runtime import FakeRuntime
from tests.support.oidc_provider import CLIENT, SECRET, OidcProvider, oidc_provider

pytestmark = pytest.mark.cpu_seconds(20)


@pytest.fixture
async def oidc() -> AsyncIterator[OidcProvider]:
    async with oidc_provider() as found:
        yield found


@pytest.fixture
async def running(tmp_path: Path, oidc: OidcProvider) -> AsyncIterator[Running]:
    provider = SignInProvider("corp", ProviderKind.OIDC, CLIENT, SECRET, oidc.url, runtimes=("demo", "away"))
    async with control_plane(tmp_path, sign_in=(provider,)) as found:
        yield found


def browser(running: Running) -> httpx.AsyncClient:
    return running.http(follow_redirects=False)


async def begun(client: httpx.AsyncClient, oidc: OidcProvider, back: str = "/") -> tuple[str, str]:
    """Code and state that the person comes back with."""
    sent = await client.get("/auth/sign-in/corp", params={"return": back})
    assert sent.status_code == 302, sent.text
    location = httpx.URL(sent.headers["location"])
    assert location.params["code_challenge_method"] == "S256"
    assert SECRET not in sent.text + str(sent.headers)
    return oidc.authorize(str(location)), location.params["state"]


async def come_back(client: httpx.AsyncClient, code: str, state: str) -> httpx.Response:
    return await client.get("/auth/callback/corp", params={"code": code, "state": state})


async def sign_in(client: httpx.AsyncClient, oidc: OidcProvider, back: str = "/") -> httpx.Response:
    return await come_back(client, *await begun(client, oidc, back))


async def who(client: httpx.AsyncClient) -> Any:
    answer = await client.post("/graphql", json={"query": "{ me { name email isAdmin } }"})
    return answer.json()["data"]["me"]


async def test_whoever_proves_the_account_is_signed_in_and_back_where_they_were(
    running: Running, oidc: OidcProvider
) -> None:
    async with browser(running) as client:
        answer = await sign_in(client, oidc, "/applications?x=1")
        assert (answer.status_code, answer.headers["location"]) == (303, "/applications?x=1")
        assert await who(client) == {"name": "dana@corp", "email": "dana@example.com", "isAdmin": False}
        cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("argosy_session="))
        assert "HttpOnly" in cookie
        assert "access-canary" not in str(answer.headers)


async def test_the_same_account_is_the_same_person_whatever_it_is_called(running: Running, oidc: OidcProvider) -> None:
    async with browser(running) as client:
        await sign_in(client, oidc)
        oidc.claims = {"preferred_username": "dana.renamed"}
        await sign_in(client, oidc)
        assert (await who(client))["name"] == "dana@corp"


async def test_another_account_with_a_taken_name_gets_nothing(running: Running, oidc: OidcProvider) -> None:
    async with browser(running) as client:
        await sign_in(client, oidc)
    oidc.claims = {"sub": "subject-2"}
    async with browser(running) as client:
        assert (await sign_in(client, oidc)).status_code == 401
        assert await who(client) is None


async def test_only_the_browser_that_began_may_end_a_sign_in(running: Running, oidc: OidcProvider) -> None:
    async with browser(running) as attacker, browser(running) as victim:
        code, state = await begun(attacker, oidc)
        assert (await come_back(victim, code, state)).status_code == 401
        own_code, _ = await begun(victim, oidc)
        assert (await come_back(victim, own_code, state)).status_code == 401
        assert await who(victim) is None


async def test_a_stolen_code_is_of_no_use_in_another_sign_in(running: Running, oidc: OidcProvider) -> None:
    async with browser(running) as victim, browser(running) as attacker:
        stolen, _ = await begun(victim, oidc)
        _, state = await begun(attacker, oidc)
        assert (await come_back(attacker, stolen, state)).status_code == 401
        assert await who(attacker) is None


async def test_a_code_works_once(running: Running, oidc: OidcProvider) -> None:
    async with browser(running) as client:
        code, state = await begun(client, oidc)
        pending = client.cookies.get("argosy_sign_in")
        assert (await come_back(client, code, state)).status_code == 303
        assert pending is not None
        client.cookies.set("argosy_sign_in", pending, path="/auth")
        assert (await come_back(client, code, state)).status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody-else"},
        {"aud": [CLIENT, "somebody-else"]},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"sub": None},
        {"aud": None},
    ],
    ids=str,
)
async def test_an_id_token_for_anything_else_is_refused(
    running: Running, oidc: OidcProvider, claims: dict[str, Any]
) -> None:
    oidc.claims = claims
    async with browser(running) as client:
        assert (await sign_in(client, oidc)).status_code == 401
        assert await who(client) is None


def _unsigned(claims: dict[str, Any]) -> str:
    parts = [orjson.dumps(part) for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def _by_client_secret(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET + "x" * 32))


def _by_a_stranger(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, RSAKey.generate_key(2048))


@pytest.mark.parametrize("sign", [_unsigned, _by_client_secret, _by_a_stranger, lambda claims: "no token"])
async def test_an_id_token_that_the_provider_did_not_sign_is_refused(
    running: Running, oidc: OidcProvider, sign: Callable[[dict[str, Any]], str]
) -> None:
    oidc.sign = sign
    async with browser(running) as client:
        assert (await sign_in(client, oidc)).status_code == 401


async def test_a_provider_that_calls_itself_otherwise_is_not_asked(running: Running, oidc: OidcProvider) -> None:
    oidc.issuer = "https://evil.example"
    async with browser(running) as client:
        assert (await client.get("/auth/sign-in/corp")).status_code == 502
        assert (await client.get("/auth/sign-in/unknown")).status_code == 404


async def test_the_sign_in_page_learns_what_there_is_and_no_secret(running: Running) -> None:
    async with browser(running) as client:
        answer = await client.get("/auth/providers")
    ways = {"account": True, "personalToken": False, "needsUsername": False}
    assert answer.json() == [{"name": "corp", "kind": "oidc", "title": "Corp", **ways}]


async def test_the_token_is_handed_to_the_runtimes_that_are_there(running: Running, oidc: OidcProvider) -> None:
    runtime = await running.runtime("demo")
    runtime.answers[PutGitToken] = lambda body: GitTokensAnswer(())
    async with runtime.connected(), browser(running) as client:
        assert (await sign_in(client, oidc)).status_code == 303
    (given,) = [body for body in runtime.requests if isinstance(body, PutGitToken)]
    assert (given.person, given.url, given.token, given.checked) == ("dana@corp", oidc.url, "access-canary", True)


async def two_that_take_tokens(running: Running) -> tuple[FakeRuntime, FakeRuntime]:
    first, second = await running.runtime("demo"), await running.runtime("away")
    for runtime in (first, second):
        runtime.answers[PutGitToken] = lambda body: GitTokensAnswer(())
    return first, second


async def test_each_runtime_gets_a_token_of_its_own_that_it_renews_itself(running: Running, oidc: OidcProvider) -> None:
    """A host takes what a token is renewed with once, so the browser goes there once for each runtime."""
    oidc.lifetime_seconds = 3600
    first, second = await two_that_take_tokens(running)
    async with first.connected(), second.connected(), browser(running) as client:
        sent = await sign_in(client, oidc, "/applications")
        onward = httpx.URL(sent.headers["location"])
        assert (sent.status_code, onward.params["prompt"]) == (303, "none")
        assert (await who(client))["name"] == "dana@corp", "signed in already"
        answer = await come_back(client, oidc.authorize(str(onward)), onward.params["state"])
        assert (answer.status_code, answer.headers["location"]) == (303, "/applications")
    kept = []
    for runtime in (first, second):
        *_, given = [body for body in runtime.requests if isinstance(body, PutGitToken)]
        assert given.renewal is not None
        kept.append((given.person, given.renewal.refresh_token))
    assert kept == [("dana@corp", "refresh-1"), ("dana@corp", "refresh-2")]


@pytest.mark.parametrize("how", ["refused", "another account"])
async def test_whoever_gets_no_further_token_is_signed_in_all_the_same(
    running: Running, oidc: OidcProvider, how: str
) -> None:
    oidc.lifetime_seconds = 3600
    first, second = await two_that_take_tokens(running)
    async with first.connected(), second.connected(), browser(running) as client:
        sent = await sign_in(client, oidc, "/applications")
        onward = httpx.URL(sent.headers["location"])
        if how == "refused":
            back = {"error": "login_required", "state": onward.params["state"]}
            answer = await client.get("/auth/callback/corp", params=back)
        else:
            oidc.claims = {"sub": "subject-2"}
            answer = await come_back(client, oidc.authorize(str(onward)), onward.params["state"])
        assert (answer.status_code, answer.headers["location"]) == (303, "/applications")
        assert (await who(client))["name"] == "dana@corp"
    assert [body.renewal for body in second.requests if isinstance(body, PutGitToken)] == [None]


CORP = SignInProvider("corp", ProviderKind.GITEA, "id", url="https://git.corp.example")
DANA = Account("1", "dana", "dana@example.com")


def test_who_may_sign_in_goes_by_verified_address_and_by_name_only_on_ones_own_host() -> None:
    def provider(**fields: Any) -> SignInProvider:
        return SignInProvider("corp", ProviderKind.GITEA, "id", url="https://x", **fields)

    assert may_sign_in(provider(), DANA)
    assert may_sign_in(provider(allowed=("@example.com",)), DANA)
    assert not may_sign_in(provider(allowed=("@example.com",)), Account("2", "eve", ""))
    assert not may_sign_in(provider(allowed=("@ample.com",)), DANA)
    assert not may_sign_in(provider(allowed=("dana",)), DANA)
    assert may_sign_in(provider(allowed=("dana",), own_names=True), DANA)
    assert not is_admin(provider(admins=("dana",)), DANA)
    assert is_admin(provider(admins=("dana",), own_names=True), DANA)
    assert is_admin(provider(admins=("dana@example.com",)), DANA)
    assert person_name(provider(), DANA) == "dana@corp"
    assert person_name(provider(own_names=True), DANA) == "dana"


@pytest.mark.parametrize(
    ("kind", "profile", "emails", "expected"),
    [
        (
            ProviderKind.GITHUB,
            {"id": 7, "login": "dana", "email": "unverified@example.com"},
            [{"email": "d@example.com", "primary": True, "verified": True}],
            Account("7", "dana", "d@example.com"),
        ),
        (ProviderKind.GITLAB, {"id": 7, "username": "dana", "email": "d@e.com"}, None, Account("7", "dana")),
        (
            ProviderKind.BITBUCKET,
            {"uuid": "{1}", "nickname": "dana"},
            {"values": [{"email": "d@e.com", "is_primary": True, "is_confirmed": False}]},
            Account("{1}", "dana"),
        ),
        (ProviderKind.OIDC, {"sub": "s", "email": "d@e.com", "preferred_username": "d"}, None, Account("s", "d")),
    ],
)
def test_only_verified_addresses_count(kind: ProviderKind, profile: Any, emails: Any, expected: Account) -> None:
    assert account_of(kind, profile, emails) == expected


@given(st.sampled_from(ProviderKind), st.dictionaries(st.sampled_from(["id", "login", "sub", "email"]), st.text()))
def test_odd_profiles_are_refused_and_never_break(kind: ProviderKind, profile: dict[str, str]) -> None:
    try:
        account = account_of(kind, profile)
    except Unauthorized:
        return
    assert account.subject
    assert not set(account.login) & set(" /\n\0<>")


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "", "x"])
def test_nobody_is_sent_to_another_site(path: str) -> None:
    assert safe_path(path) == "/"


@pytest.mark.parametrize(
    "text",
    [
        b"[",
        b'[{"name": "a", "kind": "oidc", "client_id": "x", "url": "http://evil.example"}]',
        b'[{"name": "a/b", "kind": "github", "client_id": "x"}]',
        b'[{"name": "a", "kind": "github", "client_id": "x"}, {"name": "a", "kind": "github", "client_id": "y"}]',
        b'[{"name": "a", "kind": "github", "client_id": "x", "client_secret": "canary", "oops": 1}]',
    ],
)
def test_a_wrong_configuration_is_told_without_its_secrets(text: bytes) -> None:
    with pytest.raises(Invalid) as error:
        read_providers(text)
    assert "canary" not in str(error.value)
