"""What Git lets a person do, asked from a real Git host over HTTP."""

import asyncio

import httpx
import pytest

from gitsync.access.credentials import CredentialStore
from gitsync.access.probe import AccessProbe
from gitsync.access.secret import Credential, PersonSecret, RepositorySecret, host_name
from gitsync.sandbox.githost import Access, GitHost
from tests.support.git_host import host as host
from tests.support.git_host import seed


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Host:
    """A Git host that says what the test tells it to, and counts."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.failure: Exception | None = None
        self.status = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.failure is not None:
            self.asked.append(request)
            raise self.failure
        if "service" not in request.url.params:
            return httpx.Response(404)  # it has no API of a kind that we know
        self.asked.append(request)
        service = request.url.params["service"]
        return httpx.Response(self.status, headers={"content-type": f"application/x-{service}-advertisement"})


URL = "https://git.example.com/apps.git"


def store(url: str = "https://git.example.com", *people: str) -> CredentialStore:
    credentials = CredentialStore()
    for person in people or ("dana",):
        credentials.put_person(person, PersonSecret(person, url, Credential(person, f"{person}-password")))
    return credentials


@pytest.mark.parametrize(
    ("person", "read", "write"), [("dana", True, True), ("victor", True, False), ("eve", False, False)]
)
async def test_the_hosts_own_answer_counts(host: GitHost, person: str, read: bool, write: bool) -> None:
    await seed(host, **{"a.yaml": b"a: 1\n"})
    url = host.clone_url("apps")
    probe = AccessProbe(store(url, "dana", "victor", "eve"), clock=Clock())
    verdict = await probe.verdict(person, url)
    assert (verdict.read, verdict.write) == (read, write)
    assert bool(verdict.reason) is not (read and write)
    await probe.close()


async def test_before_the_secrets_are_read_nothing_is_said_for_certain(host: GitHost) -> None:
    await seed(host, **{"a.yaml": b"a: 1\n"})
    url = host.clone_url("apps")
    credentials = CredentialStore()
    credentials.expect_list()
    hasty = AccessProbe(credentials, clock=Clock(), timeout_seconds=0.01)
    verdict = await hasty.verdict("dana", url)
    reason = f"{host_name(url)} was not asked: the runtime has not read its Secrets yet"
    assert (verdict.unknown, verdict.reason) == (True, reason)
    patient = AccessProbe(credentials, clock=Clock())
    asked = asyncio.create_task(patient.verdict("dana", url))
    await asyncio.sleep(0)
    credentials.put_person("dana", PersonSecret("dana", url, Credential("dana", "dana-password")))
    credentials.list_done()
    assert (await asked).write
    for probe in (hasty, patient):
        await probe.close()


async def test_lost_permission_counts_once_the_answer_is_too_old(host: GitHost) -> None:
    await seed(host, **{"a.yaml": b"a: 1\n"})
    url, clock = host.clone_url("apps"), Clock()
    probe = AccessProbe(store(url), clock=clock)
    assert (await probe.verdict("dana", url)).write
    host.set_access("apps", "dana", Access.NONE)
    clock.now = 59
    assert (await probe.verdict("dana", url)).write
    assert not (await probe.verdict("dana", url, max_age_seconds=1)).read
    clock.now = 61
    assert not (await probe.verdict("dana", url)).read
    await probe.close()


async def test_a_host_that_is_away_leaves_reading_as_it_was_for_a_minute_and_never_writing() -> None:
    clock, host = Clock(), Host()
    probe = AccessProbe(store(), clock=clock, transport=httpx.MockTransport(host))
    assert (await probe.verdict("dana", URL)).write
    host.failure = httpx.ConnectError("refused")
    clock.now = 30
    away = await probe.verdict("dana", URL, max_age_seconds=1)
    assert (away.read, away.write) == (True, False)
    assert "cannot be asked" in away.reason
    assert away.unknown
    clock.now = 61
    assert not (await probe.verdict("dana", URL, max_age_seconds=1)).read
    host.failure = None
    clock.now = 70
    assert (await probe.verdict("dana", URL)).write
    await probe.close()


async def test_a_failing_host_is_not_a_refusal_and_is_asked_again_soon() -> None:
    clock, host = Clock(), Host()
    host.status = 503
    probe = AccessProbe(store(), clock=clock, transport=httpx.MockTransport(host))
    assert "503" in (await probe.verdict("dana", URL)).reason
    host.status = 200
    clock.now = 6
    assert (await probe.verdict("dana", URL)).write
    await probe.close()


async def test_many_who_ask_the_same_share_one_question() -> None:
    host = Host()
    probe = AccessProbe(store(), clock=Clock(), transport=httpx.MockTransport(host))
    await asyncio.gather(*(probe.verdict("dana", spelling) for spelling in (URL, URL, URL.removesuffix(".git"))))
    assert len(host.asked) == 2  # one for reading, one for writing
    await probe.close()


async def test_a_credential_goes_only_to_the_host_that_it_is_for() -> None:
    host = Host()
    probe = AccessProbe(store(), clock=Clock(), transport=httpx.MockTransport(host))
    await probe.verdict("dana", "https://git.example.com.evil.example/apps.git")
    await probe.verdict("dana", "http://git.example.com/apps.git")
    assert host.asked
    assert all("authorization" not in request.headers for request in host.asked)
    await probe.close()


async def test_a_credential_without_prefix_needs_a_host_that_the_runtime_knows() -> None:
    host = Host()
    credentials = store("")
    probe = AccessProbe(credentials, clock=Clock(), transport=httpx.MockTransport(host))
    assert not (await probe.verdict("dana", URL)).write
    credentials.put_repository("apps", RepositorySecret("https://git.example.com/apps", False, None))
    assert (await probe.verdict("dana", URL, max_age_seconds=-1)).write
    await probe.close()


async def test_addresses_that_cannot_be_asked_say_so() -> None:
    probe = AccessProbe(store(), clock=Clock(), transport=httpx.MockTransport(Host()))
    verdict = await probe.verdict("dana", "file:///srv/apps.git")
    assert (verdict.read, verdict.write) == (False, False)
    assert "http" in verdict.reason
    await probe.close()


async def test_what_is_read_over_ssh_is_asked_on_the_web() -> None:
    host = Host()
    probe = AccessProbe(store(), clock=Clock(), transport=httpx.MockTransport(host))
    verdict = await probe.verdict("dana", "git@git.example.com:apps.git")
    assert (verdict.repo_url, verdict.write) == ("git@git.example.com:apps.git", True)
    assert str(host.asked[-1].url).startswith("https://git.example.com/apps.git/")
    await probe.close()
