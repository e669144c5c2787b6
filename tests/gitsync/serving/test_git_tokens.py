"""People's own Git tokens in the home cluster of a runtime: encrypted, theirs alone, for known hosts only."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from gitsync.access.secret import RepositorySecret
from gitsync.reconcile.link import Refused
from gitsync.sandbox.githost import Access
from gitsync.serving.git_tokens import KEY_SECRET
from model.link import AccessAnswer, AnswerBody, ProbeAccess, RequestBody
from model.link_access import GitTokensAnswer, ListGitTokens, PutGitToken, RemoveGitToken
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


async def test_a_token_is_taken_only_for_hosts_of_the_runtimes_repositories(world: World) -> None:
    async with running_rig(world.access, world.host, world.folder / "one") as rig:
        trust(rig, world.host.clone_url("apps"))
        for url in ("https://elsewhere.example", "file:///etc/passwd", "ssh://git@host/x", ""):
            with pytest.raises(Refused) as refusal:
                await ask(rig, PutGitToken("dana", url, "dana", CANARY))
            assert (refusal.value.code, refusal.value.field) == ("VALIDATION_ERROR", "url")
        assert (await ask(rig, ListGitTokens("dana"))).tokens == ()


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
