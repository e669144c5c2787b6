"""Sign-in with an account of a real Gitea, and what the token that comes with it lets the person do."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from api.access.oauth.provider import ProviderKind, SignInProvider
from gitsync.access.credentials import CredentialStore
from gitsync.access.probe import AccessProbe
from gitsync.access.renewal import RenewalRefused, renewed, renewing
from gitsync.access.secret import Credential, PersonSecret
from model.link_access import GitTokensAnswer, PutGitToken
from tests.support.control_plane import Running, control_plane
from tests.support.real_git_host import ADMIN, RealGitHost, running_git_host

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def host(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealGitHost]:
    async with running_git_host(tmp_path_factory.mktemp("gitea"), "dana") as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def running(host: RealGitHost, tmp_path: Path) -> AsyncIterator[Running]:
    """A control plane whose address Gitea knows as an OAuth2 application."""
    callback = "http://argosy.localhost:18000/auth/callback/gitea"
    body = {"name": "argosy", "redirect_uris": [callback], "confidential_client": True}
    made = await host.api(ADMIN, "POST", "/user/applications/oauth2", body)
    provider = SignInProvider(
        "gitea",
        ProviderKind.GITEA,
        made["client_id"],
        made["client_secret"],
        host.url,
        own_names=True,
        runtimes=("demo", "second"),
        personal_tokens=True,
    )
    settings: dict[str, Any] = {"sign_in": (provider,), "public_url": "http://argosy.localhost:18000"}
    async with control_plane(tmp_path, **settings) as found:
        yield found


@pytest.fixture
def store() -> CredentialStore:
    return CredentialStore()


@pytest_asyncio.fixture(loop_scope="module")
async def probe(store: CredentialStore) -> AsyncIterator[AccessProbe]:
    probe = AccessProbe(store, clock=lambda: 0.0)
    yield probe
    await probe.close()


async def test_an_account_of_the_host_signs_in_and_its_token_tells_its_rights(
    host: RealGitHost, running: Running, store: CredentialStore, probe: AccessProbe
) -> None:
    runtime = await running.runtime("demo")
    second = await running.runtime("second")
    for one in (runtime, second):
        one.answers[PutGitToken] = lambda body: GitTokensAnswer(())
    url = await host.repository("dana", "apps")
    async with runtime.connected(), second.connected(), running.http() as client:
        sent = await client.get("/auth/sign-in/gitea")
        back = await host.consent("dana", sent.headers["location"])
        assert (back.host, back.path) == ("argosy.localhost", "/auth/callback/gitea")
        answer = await client.get("/auth/callback/gitea", params=dict(back.params))
        assert answer.status_code == 303, answer.text
        again = await host.consent("dana", answer.headers["location"])
        answer = await client.get("/auth/callback/gitea", params=dict(again.params))
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        me = await client.post("/graphql", json={"query": "{ me { name email } }"})
        assert me.json()["data"]["me"] == {"name": "dana", "email": "dana@example.com"}
    (given,) = [body for body in runtime.requests if isinstance(body, PutGitToken)]
    store.put_person("dana", PersonSecret("dana", given.url, Credential(given.username, given.token)))
    verdict = await probe.verdict("dana", url)
    assert (verdict.read, verdict.write) == (True, True)
    assert given.renewal is not None, "its tokens end"
    now = given.renewal.expires_at
    token, renewal = renewed(given.renewal, await probe.providers.ask(renewing(given.renewal)), now)
    assert renewal.expires_at > now
    store.put_person("dana", PersonSecret("dana", given.url, Credential(given.username, token)))
    probe.forget("dana")
    assert (await probe.verdict("dana", url)).write
    # Each runtime's token comes of a consent of its own (two of one second may read the same at Gitea).
    *_, other = [body for body in second.requests if isinstance(body, PutGitToken)]
    assert other.renewal is not None
    renewed(other.renewal, await probe.providers.ask(renewing(other.renewal)), now)  # apart from the first runtime's
    void = msgspec.structs.replace(renewal, refresh_token="void")
    with pytest.raises(RenewalRefused):
        renewed(void, await probe.providers.ask(renewing(void)), now)


async def test_a_personal_token_of_the_host_signs_in_as_the_same_person(host: RealGitHost, running: Running) -> None:
    async with running.http() as client:
        assert (await client.post("/auth/sign-in/gitea", json={"token": "0" * 40})).status_code == 401
        answer = await client.post("/auth/sign-in/gitea", json={"token": host.tokens["dana"]})
        assert answer.status_code == 200, answer.text
        me = await client.post("/graphql", json={"query": "{ me { name email } }"})
        assert me.json()["data"]["me"] == {"name": "dana", "email": "dana@example.com"}
        narrow = await host.token_for("dana", "read:repository")
        refused = await client.post("/auth/sign-in/gitea", json={"token": narrow})
        assert refused.status_code == 401
        assert "may not tell whose it is" in refused.json()["error"]["message"]
