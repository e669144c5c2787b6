"""People's own Git tokens in the home cluster of a runtime: encrypted, theirs alone, for known hosts only."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from gitsync.access.secret import Credential, RepositorySecret
from gitsync.configuration.credential_source import RepositoryCredentials
from gitsync.git.errors import AuthenticationRefused
from gitsync.reporting.link import Refused
from gitsync.sandbox.githost import Access
from gitsync.serving.git_tokens import KEY_SECRET
from model.link import AccessAnswer, AnswerBody, ProbeAccess, RequestBody
from model.link_access import GitTokensAnswer, ListGitTokens, PutGitToken, RemoveGitToken, Renewal
from tests.support.http_host import serving
from tests.support.real_git_host import running_git_host
from tests.support.runtime import AUTHOR, NAMESPACE, Rig, running_rig
from tests.support.sandbox_rig import World, running_world

pytestmark = [pytest.mark.e2e]
CANARY = "dana-canary-4711"


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running_world(tmp_path, public=False) as found:
        found.host.add_user("dana", CANARY)
        found.host.set_access("apps", "dana", Access.WRITE)
        await found.host.commit_files("apps", "main", {"a": b"1"}, message="First", author=AUTHOR)
        yield found


def trust(rig: Rig, url: str) -> None:
    rig.runtime.credentials.put_repository("trusted", RepositorySecret(url, True, None))


async def ask(rig: Rig, body: RequestBody) -> GitTokensAnswer:
    answer: AnswerBody = await rig.runtime.requests.answer(body)
    assert isinstance(answer, GitTokensAnswer)
    assert CANARY.encode() not in msgspec.msgpack.encode(answer)
    return answer


async def may(rig: Rig, person: str, url: str) -> tuple[bool, bool]:
    answer = await rig.runtime.requests.answer(ProbeAccess(person, (url,)))
    assert isinstance(answer, AccessAnswer)
    return answer.verdicts[0].read, answer.verdicts[0].write


async def test_a_token_counts_at_once_survives_a_restart_and_is_gone_when_removed(world: World) -> None:
    url = world.host.clone_url("apps")
    async with running_rig(world.access, world.host, world.folder / "one") as rig:
        trust(rig, url)
        assert await may(rig, "dana", url) == (False, False)
        (info,) = (await ask(rig, PutGitToken("dana", url, "dana", CANARY))).tokens
        assert (info.username, info.status) == ("dana", "UNKNOWN"), "the embedded host has no API to ask"
        assert await may(rig, "dana", url) == (True, True)
        secret = await rig.get("v1", "Secret", NAMESPACE, info.id)
        assert secret is not None
        kept = {name: base64.b64decode(value).decode() for name, value in secret["data"].items()}
        assert set(kept) == {"person", "url", "username", "sealed"}
        assert CANARY not in str(kept)
        assert await rig.get("v1", "Secret", NAMESPACE, KEY_SECRET) is not None
    async with running_rig(world.access, world.host, world.folder / "two") as rig:
        trust(rig, url)
        assert await may(rig, "dana", url) == (True, True)
        assert (await ask(rig, RemoveGitToken("victor", info.id))).tokens == ()
        assert await may(rig, "dana", url) == (True, True), "nobody removes what is somebody else's"
        assert (await ask(rig, RemoveGitToken("dana", info.id))).tokens == ()
        assert await may(rig, "dana", url) == (False, False)
        assert await rig.get("v1", "Secret", NAMESPACE, info.id) is None


async def test_a_token_that_comes_while_the_runtime_starts_waits_for_its_secrets(world: World) -> None:
    """Whoever signs in at that moment would be without it until the next time."""
    url = world.host.clone_url("apps")
    async with running_rig(world.access, world.host, world.folder / "one") as rig:
        rig.runtime.credentials.expect_list()
        given = asyncio.create_task(ask(rig, PutGitToken("dana", url, "dana", CANARY)))
        read = asyncio.create_task(RepositoryCredentials(rig.runtime.credentials, _no_keys).credential_for(url))
        await asyncio.sleep(0)
        rig.runtime.credentials.put_repository("own", RepositorySecret(url, True, Credential("robot", "robot")))
        rig.runtime.credentials.list_done()
        assert len((await given).tokens) == 1
        found = await read
        assert found is not None
        assert found.username == "robot"


async def _no_keys() -> str:
    return ""


def own_password(rig: Rig, url: str) -> str:
    found = rig.runtime.credentials.for_repository(url)
    return found.credential.password if found is not None and found.credential is not None else ""


async def test_a_repository_secret_that_changes_counts_without_a_restart(world: World) -> None:
    url = world.host.clone_url("apps")
    async with running_rig(world.access, world.host, world.folder / "one") as rig:

        async def kept(password: str) -> None:
            async with asyncio.timeout(60):
                while own_password(rig, url) != password:  # noqa: ASYNC110 - it comes by the watch of Secrets
                    await asyncio.sleep(0.05)

        metadata = {"name": "own", "namespace": NAMESPACE, "labels": {"argocd.argoproj.io/secret-type": "repository"}}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
        await rig.cluster.create({**body, "stringData": {"url": url, "username": "dana", "password": "too old"}})
        await kept("too old")
        with pytest.raises(AuthenticationRefused):
            await rig.runtime.repositories.resolve(url, "main", fresh=True)
        await rig.cluster.replace({**body, "stringData": {"url": url, "username": "dana", "password": CANARY}})
        await kept(CANARY)
        assert (await rig.runtime.repositories.resolve(url, "main", fresh=True)).commit


async def test_a_token_is_taken_only_for_hosts_of_the_runtimes_repositories(world: World) -> None:
    async with running_rig(world.access, world.host, world.folder / "one") as rig:
        trust(rig, world.host.clone_url("apps"))
        for url in ("https://elsewhere.example", "file:///etc/passwd", "ssh://git@host/x", ""):
            with pytest.raises(Refused) as refusal:
                await ask(rig, PutGitToken("dana", url, "dana", CANARY))
            assert (refusal.value.code, refusal.value.field) == ("VALIDATION_ERROR", "url")
        assert (await ask(rig, ListGitTokens("dana"))).tokens == ()


async def test_a_token_that_ends_is_renewed_and_survives_a_restart(world: World, tmp_path: Path) -> None:
    asked: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append({name: str(value) for name, value in (await request.post()).items()})
        number = len(asked)
        if number == 3:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response(
            {"access_token": f"{CANARY}-{number}", "refresh_token": f"refresh-{number}", "expires_in": 60}
        )

    application = web.Application()
    application.router.add_post("/token", answer)
    async with serving(application) as host:
        now = datetime.now(UTC) + timedelta(hours=1)
        renewal = Renewal("refresh-0", now, f"{host}/token", "id", "secret")
        body = PutGitToken("dana", host, "dana", CANARY, checked=True, renewal=renewal)
        async with running_rig(world.access, world.host, world.folder / "one") as rig:
            trust(rig, host)
            (info,) = (await ask(rig, body)).tokens
            await rig.runtime.git_tokens.renew_due(now - timedelta(minutes=30))
            assert asked == []
            await rig.runtime.git_tokens.renew_due(now)
            assert [one["refresh_token"] for one in asked] == ["refresh-0"]
            secret = await rig.get("v1", "Secret", NAMESPACE, info.id)
            assert secret is not None
            assert "refresh-1" not in str({name: base64.b64decode(value) for name, value in secret["data"].items()})
        async with running_rig(world.access, world.host, world.folder / "two") as rig:
            tokens = rig.runtime.git_tokens
            await tokens.renew_due(now + timedelta(minutes=2))
            assert [one["refresh_token"] for one in asked] == ["refresh-0", "refresh-1"]
            known = rig.runtime.credentials.for_person("dana", host)
            assert known is not None
            assert known.password == f"{CANARY}-2"
            for _ in range(2):
                await tokens.renew_due(now + timedelta(hours=2))
            assert len(asked) == 3, "what is refused is not asked for again"


async def test_a_real_host_says_whether_a_token_is_good(world: World, tmp_path: Path) -> None:
    async with (
        running_git_host(tmp_path / "gitea", "dana", "victor") as host,
        running_rig(world.access, world.host, world.folder / "one") as rig,
    ):
        trust(rig, host.url)
        url = await host.repository("dana", "apps", victor="read")
        with pytest.raises(Refused) as refusal:
            await ask(rig, PutGitToken("dana", host.url, "dana", "0" * 40))
        assert refusal.value.field == "token"
        (info,) = (await ask(rig, PutGitToken("victor", host.url, "victor", host.tokens["victor"]))).tokens
        assert (info.status, info.message) == ("VALID", "account victor")
        assert await may(rig, "victor", url) == (True, False)
        await host.revoke("dana", "apps", "victor")
        rig.runtime.probe.forget("victor")
        assert await may(rig, "victor", url) == (False, False)
