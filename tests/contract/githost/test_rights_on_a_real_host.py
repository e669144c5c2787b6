"""What a real Gitea lets people do, as our probe finds out with their own tokens."""

from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from gitsync.access.credentials import CredentialStore
from gitsync.access.probe import AccessProbe
from gitsync.access.provider import ProviderKind
from gitsync.access.secret import Credential, PersonSecret
from tests.support.real_git_host import RealGitHost, running_git_host

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]
PEOPLE = ("dana", "victor", "eve")
_numbers = count(1)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def host(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealGitHost]:
    async with running_git_host(tmp_path_factory.mktemp("gitea"), *PEOPLE) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def probe(host: RealGitHost) -> AsyncIterator[AccessProbe]:
    store = CredentialStore()
    for person in PEOPLE:
        store.put_person(person, PersonSecret(person, host.url, Credential(person, host.tokens[person])))
    found = AccessProbe(store, clock=lambda: 0.0)
    yield found
    await found.close()


async def repository(host: RealGitHost) -> tuple[str, str]:
    """Dana's own, which victor may read; its name and its clone URL."""
    name = f"apps-{next(_numbers)}"
    return name, await host.repository("dana", name, victor="read")


async def rights(probe: AccessProbe, person: str, url: str) -> tuple[bool, bool]:
    verdict = await probe.verdict(person, url, max_age_seconds=-1)
    assert bool(verdict.reason) is not verdict.write
    return verdict.read, verdict.write


async def test_the_host_is_recognised(host: RealGitHost, probe: AccessProbe) -> None:
    provider = await probe.providers.provider_of(host.clone_url("dana", "any"))
    assert provider is not None
    assert (provider.kind, provider.api) == (ProviderKind.GITEA, f"{host.url}/api/v1")


async def test_a_reader_may_read_and_not_write_although_the_host_advertises_pushing(
    host: RealGitHost, probe: AccessProbe
) -> None:
    _, url = await repository(host)
    assert await rights(probe, "dana", url) == (True, True)
    assert await rights(probe, "victor", url) == (True, False)
    assert await rights(probe, "eve", url) == (False, False)


async def test_rights_given_and_taken_count_at_the_next_question(host: RealGitHost, probe: AccessProbe) -> None:
    name, url = await repository(host)
    await host.grant("dana", name, "eve", "write")
    assert await rights(probe, "eve", url) == (True, True)
    await host.revoke("dana", name, "eve")
    assert await rights(probe, "eve", url) == (False, False)


async def test_nobody_writes_to_what_is_archived(host: RealGitHost, probe: AccessProbe) -> None:
    name, url = await repository(host)
    await host.api("dana", "PATCH", f"/repos/dana/{name}", {"archived": True})
    verdict = await probe.verdict("dana", url)
    assert (verdict.read, verdict.write) == (True, False)
    assert "archived" in verdict.reason


async def test_a_password_does_as_a_token_does(host: RealGitHost) -> None:
    _, url = await repository(host)
    store = CredentialStore()
    store.put_person("victor", PersonSecret("victor", host.url, Credential("victor", "password-of-victor")))
    probe = AccessProbe(store, clock=lambda: 0.0)
    assert await rights(probe, "victor", url) == (True, False)
    await probe.close()


async def test_a_token_that_was_revoked_lets_nobody_in(host: RealGitHost) -> None:
    _, url = await repository(host)
    store = CredentialStore()
    store.put_person("dana", PersonSecret("dana", host.url, Credential("dana", "0" * 40)))
    probe = AccessProbe(store, clock=lambda: 0.0)
    assert await rights(probe, "dana", url) == (False, False)
    assert await probe.providers.user(url, Credential("dana", "0" * 40)) is None
    assert await probe.providers.user(url, Credential("dana", host.tokens["dana"])) == "dana"
    await probe.close()


async def test_a_protected_branch_says_so_and_who_may_push_to_it(host: RealGitHost, probe: AccessProbe) -> None:
    name, url = await repository(host)
    await host.grant("dana", name, "eve", "write")
    credentials = {person: Credential(person, host.tokens[person]) for person in PEOPLE}
    open_branch = await probe.providers.branch_rules(url, "main", credentials["eve"])
    assert open_branch is not None
    assert (open_branch.protected, open_branch.may_push) == (False, True)
    rule = {"rule_name": "main", "enable_push": False, "required_approvals": 2}
    await host.api("dana", "POST", f"/repos/dana/{name}/branch_protections", rule)
    closed = await probe.providers.branch_rules(url, "main", credentials["eve"])
    assert closed is not None
    assert (closed.protected, closed.may_push, closed.required_approvals) == (True, False, 2)
    assert await probe.providers.branch_rules(url, "absent", credentials["eve"]) is None


async def test_a_push_of_ones_own_is_foretold_by_account_token_and_branch(
    host: RealGitHost, probe: AccessProbe
) -> None:
    name, url = await repository(host)
    await host.grant("dana", name, "eve", "write")
    told = [await probe.would_take_push(person, url, "main") for person in ("dana", "eve", "victor", "nobody")]
    assert told == [True, True, False, False]
    store = CredentialStore()
    token = await host.token_for("eve", "read:repository")
    store.put_person("eve", PersonSecret("eve", host.url, Credential("eve", token)))
    reading = AccessProbe(store, clock=lambda: 0.0)
    assert await rights(reading, "eve", url) == (True, True)  # what the account may, and the token may not
    assert not await reading.would_take_push("eve", url, "main")
    await reading.close()
    rule = {"rule_name": "main", "enable_push": True}
    await host.api("dana", "POST", f"/repos/dana/{name}/branch_protections", rule)
    assert not await probe.would_take_push("dana", url, "main")
    await host.revoke("dana", name, "eve")
    assert not await probe.would_take_push("eve", url, "other")
