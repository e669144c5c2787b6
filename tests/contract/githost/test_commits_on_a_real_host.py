"""Commits, protected branches and pull requests on a real Git host, which says and does what the queue relies on."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from gitsync.access.commit_signature import HostWord
from gitsync.access.credentials import CredentialStore
from gitsync.access.probe import AccessProbe
from gitsync.access.provider_client import ProviderClient
from gitsync.access.pull_requests import PullRequest, PullRequestRefused, PullRequests
from gitsync.access.secret import Credential, PersonSecret
from gitsync.git.change import Change, Contents, Landed, Person
from gitsync.git.credentials import GitCredential
from gitsync.git.errors import AuthenticationRefused, PushRefused, RepositoryError
from gitsync.git.repositories import Repositories
from gitsync.git.settings import GitSettings
from gitsync.git.tree import Files
from tests.support.git_rig import Keyring
from tests.support.real_git_host import RealGitHost, running_git_host
from tests.support.signers import signers

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

MAIN = "refs/heads/main"
WRITERS = tuple(f"writer{number}" for number in range(6))


@dataclass
class Rig:
    host: RealGitHost
    repositories: Repositories
    keyring: Keyring
    providers: ProviderClient

    def credential(self, person: str) -> GitCredential:
        return GitCredential(person, self.host.tokens[person])

    async def commits(self, name: str, branch: str = "main") -> list[str]:
        found = await self.host.api("dana", "GET", f"/repos/dana/{name}/commits?sha={branch}&limit=50&stat=false")
        return [one["commit"]["message"].splitlines()[0] for one in found]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    folder = tmp_path_factory.mktemp("gitea")
    async with (
        running_git_host(folder / "host", "dana", "victor", *WRITERS) as host,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        keyring = Keyring(GitCredential("dana", host.tokens["dana"]))
        settings = replace(GitSettings(), poll_seconds=3600)
        repositories = Repositories(
            folder / "data", credentials=keyring, settings=settings, clock=lambda: datetime.now(UTC)
        )
        yield Rig(host, repositories, keyring, ProviderClient(client, clock=time.monotonic, timeout_seconds=10))
        await repositories.close()


def change(name: str, *, by: str = "dana") -> Change:
    def edit(files: Files) -> Contents:
        return {f"files/{name}": b"content\n"}

    return Change(f"op-{name}", "EDIT", "Application demo/argosy/app", Person(by, f"{by}@example.com"), name, edit)


async def test_a_commit_lands_once_in_the_persons_name(rig: Rig) -> None:
    url = await rig.host.repository("dana", "plain")
    first = await rig.repositories.commit(url, MAIN, change("one"), rig.credential("dana"))
    again = await rig.repositories.commit(url, MAIN, change("one"), rig.credential("dana"))
    assert (again.commit.sha, again.repeated) == (first.commit.sha, True)
    found = await rig.host.api("dana", "GET", f"/repos/dana/plain/git/commits/{first.commit.sha}?stat=false")
    assert found["commit"]["author"]["email"] == "dana@example.com"
    assert found["commit"]["committer"]["name"] == "Argosy"


async def test_a_readers_push_is_refused_though_its_advertisement_is_not(rig: Rig) -> None:
    url = await rig.host.repository("dana", "readable", victor="read")
    with pytest.raises((PushRefused, AuthenticationRefused)):
        await rig.repositories.commit(url, MAIN, change("victors"), rig.credential("victor"))
    assert await rig.commits("readable") == ["Initial commit"]


async def test_a_protected_branch_says_so_and_a_pull_request_takes_the_change(rig: Rig) -> None:
    url = await rig.host.repository("dana", "protected")
    await rig.host.api(
        "dana", "POST", "/repos/dana/protected/branch_protections", {"rule_name": "main", "enable_push": False}
    )
    with pytest.raises(PushRefused) as refused:
        await rig.repositories.commit(url, MAIN, change("direct"), rig.credential("dana"))
    assert "main" in refused.value.message
    head = "argosy/edit-app"
    landed = await rig.repositories.commit(
        url, f"refs/heads/{head}", change("direct"), rig.credential("dana"), base_ref=MAIN
    )
    assert landed.commit.branch == head
    pull_requests = PullRequests(rig.providers)
    person = Credential("dana", rig.host.tokens["dana"])
    page = await pull_requests.open(url, person, PullRequest("Change it", "Because", head, "main"))
    assert await pull_requests.open(url, person, PullRequest("Change it", "Because", head, "main")) == page
    with pytest.raises(PullRequestRefused):
        await pull_requests.open(url, person, PullRequest("Change it", "Because", "not-there", "main"))
    (found,) = await rig.host.api("dana", "GET", "/repos/dana/protected/pulls")
    assert (found["html_url"], found["title"], found["body"]) == (page, "Change it", "Because")
    assert await rig.commits("protected") == ["Initial commit"]


@pytest.mark.parametrize("shared", [True, False])
async def test_writers_at_once_all_land(rig: Rig, shared: bool) -> None:
    name = "shared" if shared else "apart"
    url = await rig.host.repository("dana", name, **dict.fromkeys(WRITERS, "write"))
    store = CredentialStore()
    for person in WRITERS:
        store.put_person(person, PersonSecret(person, rig.host.url, Credential(person, rig.host.tokens[person])))
    probe = AccessProbe(store, clock=time.monotonic)

    async def commit(person: str, number: int) -> Landed:
        may = partial(probe.would_take_push, person, url, "main") if shared else None
        made = change(f"{person}-{number}", by=person)
        return await rig.repositories.commit(url, MAIN, made, rig.credential(person), may_share=may)

    await asyncio.gather(*(commit(person, number) for person in WRITERS for number in range(4)))
    await probe.close()
    subjects = await rig.commits(name)
    assert len(subjects) == 1 + len(WRITERS) * 4
    assert len(set(subjects)) == len(subjects)
    log = await rig.host.api("dana", "GET", f"/repos/dana/{name}/commits?limit=50&stat=false")
    assert {one["commit"]["author"]["name"] for one in log} >= set(WRITERS)


async def test_a_branch_that_was_forced_back_stays_back(rig: Rig, tmp_path: Path) -> None:
    url = await rig.host.repository("dana", "forced")
    await rig.repositories.commit(url, MAIN, change("lost"), rig.credential("dana"))
    first = (await rig.host.api("dana", "GET", "/repos/dana/forced/commits?limit=50&stat=false"))[-1]["sha"]
    clone, with_token = tmp_path / "forced", url.replace("://", f"://dana:{rig.host.tokens['dana']}@")
    for words in (
        ("clone", "-q", with_token, str(clone)),
        ("-C", str(clone), "push", "-qf", "origin", f"{first}:main"),
    ):
        process = await asyncio.create_subprocess_exec("git", *words)
        assert await process.wait() == 0
    await rig.repositories.commit(url, MAIN, change("kept"), rig.credential("dana"))
    assert await rig.commits("forced") == ["kept", "Initial commit"]


async def test_a_revoked_token_is_refused_and_the_next_person_goes_on(rig: Rig) -> None:
    url = await rig.host.repository("dana", "revoked", **{WRITERS[0]: "write"})
    await rig.repositories.commit(url, MAIN, change("before"), rig.credential(WRITERS[0]))
    await rig.host.revoke("dana", "revoked", WRITERS[0])
    with pytest.raises(RepositoryError):
        await rig.repositories.commit(url, MAIN, change("after"), rig.credential(WRITERS[0]))
    await rig.repositories.commit(url, MAIN, change("danas"), rig.credential("dana"))
    assert await rig.commits("revoked") == ["danas", "before", "Initial commit"]


async def test_a_repository_is_made_where_the_host_can(rig: Rig) -> None:
    pull_requests = PullRequests(rig.providers)
    url = rig.host.clone_url("dana", "made")
    assert await pull_requests.create_repository(url, Credential("dana", rig.host.tokens["dana"]))
    await rig.repositories.commit(url, MAIN, change("first"), rig.credential("dana"))
    assert await rig.commits("made") == ["first", "Initial commit"]


@pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is not installed")
async def test_the_host_says_whose_signature_it_is(rig: Rig, tmp_path: Path) -> None:
    url = await rig.host.repository("dana", "signed")
    clone, with_token = tmp_path / "signed", url.replace("://", f"://dana:{rig.host.tokens['dana']}@")
    with signers("dana", "stranger") as keys:
        body = {"armored_public_key": keys.public_key("dana")}
        await rig.host.api("dana", "POST", "/user/gpg_keys", body)

        def push() -> list[str]:
            subprocess.run(["git", "clone", "-q", with_token, str(clone)], check=True)
            made = [keys.commit_in(clone, name) for name in ("dana", "stranger")]
            subprocess.run(["git", "-C", str(clone), "push", "-q", "origin", "main"], check=True)
            return made

        by_dana, by_stranger = await asyncio.to_thread(push)
    probe = AccessProbe(CredentialStore(), clock=time.monotonic)
    words = await probe.host_signatures(rig.keyring).of(url, [by_dana, by_stranger])
    await probe.close()
    assert words[by_dana] == HostWord(True, "dana")
    assert words[by_stranger].good is None
