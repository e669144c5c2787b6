"""Asks a Git host what a person may do: by its REST API where it has one, else over smart HTTP.

The API's word comes first. Over smart HTTP the first request of `git fetch` and of `git push` tells, and nothing is
transferred. On some hosts that answer for pushing is an upper bound (a reader gets it too and is refused later); the
push itself has the last word. Answers are remembered for as long as the caller accepts, at most a minute; a host that
cannot be asked leaves the last answer for reading standing for at most that minute, and never one for writing.
"""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from gitsync.access.credentials import CredentialStore
from gitsync.access.host_signatures import HostSignatures
from gitsync.access.provider import ProviderKind, Rights
from gitsync.access.provider_client import ProviderClient, ProviderSilent
from gitsync.access.secret import Credential, comparable_url, host_name, host_of
from gitsync.git.credentials import CredentialSource
from model.link import AccessVerdict

MAX_AGE_SECONDS = 60.0
_ERROR_AGE_SECONDS = 5.0
_PER_HOST = 8
_MAX_REMEMBERED = 20_000
# Whose API says of an account, and Git of its token, all that decides about a push to a branch without protection.
_TELL_ALL_OF_A_PUSH = frozenset({ProviderKind.GITEA})


@dataclass(frozen=True, slots=True)
class _Answer:
    """`certain` is False when the host could not be asked."""

    read: bool
    write: bool
    reason: str
    certain: bool
    at: float


class AccessProbe:
    """One per runtime. `clock` counts seconds monotonically."""

    def __init__(
        self,
        credentials: CredentialStore,
        *,
        clock: Callable[[], float],
        timeout_seconds: float = 5.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._client = httpx.AsyncClient(
            timeout=timeout_seconds,
            follow_redirects=True,  # to another host without the credential: httpx drops it
            max_redirects=2,
            trust_env=False,
            transport=transport,
        )
        self.providers = ProviderClient(
            self._client, clock=clock, timeout_seconds=timeout_seconds, configured=credentials.provider_of
        )
        self._answers: dict[tuple[str, str], _Answer] = {}
        self._known: dict[tuple[str, str], _Answer] = {}
        self._asking: dict[tuple[str, str], asyncio.Task[_Answer]] = {}
        self._hosts: dict[str, asyncio.Semaphore] = {}

    def host_signatures(self, own: CredentialSource) -> HostSignatures:
        """What hosts say of signatures, asked with the runtime's own credentials."""
        return HostSignatures(self.providers, own, self._credentials, self._clock)

    async def close(self) -> None:
        await self._client.aclose()

    async def verdict(self, person: str, url: str, *, max_age_seconds: float = MAX_AGE_SECONDS) -> AccessVerdict:
        """What `person` may do with the repository at `url`."""
        asked, url = url, self._credentials.web_url(url)
        key = (person, comparable_url(url))
        known = self._answers.get(key)
        if known is None or self._clock() - known.at > self._patience(known, max_age_seconds):
            known = await self._ask_once(key, person, url)
        return AccessVerdict(
            repo_url=asked, read=known.read, write=known.write, reason=known.reason, unknown=not known.certain
        )

    def web_url(self, url: str) -> str:
        """Where people ask for the repository; see `CredentialStore.web_url`."""
        return self._credentials.web_url(url)

    def could_write_lately(self, person: str, url: str) -> bool:
        """Whether the host let the person write when it was last asked, at most a minute ago: enough to stop something
        while the host is away, and for nothing else."""
        last = self._known.get((person, comparable_url(self._credentials.web_url(url))))
        return last is not None and last.write and self._clock() - last.at <= MAX_AGE_SECONDS

    async def would_take_push(self, person: str, url: str, branch: str) -> bool:
        """Whether the host would take a push of the person's own to this branch, as far as it tells: asked now, of the
        account by its API and of the credential by Git. False where it does not tell, or where branches have rules of
        their own."""
        url = self._credentials.web_url(url)
        credential = self._credentials.for_person(person, url)
        if credential is None or not url.startswith(("http://", "https://")):
            return False
        host = self._hosts.setdefault(host_of(url), asyncio.Semaphore(_PER_HOST))
        async with host:
            try:
                provider = await self.providers.provider_of(url)
                if provider is None or provider.kind not in _TELL_ALL_OF_A_PUSH:
                    return False
                rules = await self.providers.branch_rules(url, branch, credential)
                if rules is None or rules.protected or not rules.may_push:
                    return False
                return await self._advertises(url, "git-receive-pack", credential)
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ProviderSilent, _HostFailed):
                return False

    def forget(self, person: str) -> None:
        """The person's credentials changed: everything is asked anew."""
        for memory in (self._answers, self._known):
            for key in [key for key in memory if key[0] == person]:
                del memory[key]

    @staticmethod
    def _patience(answer: _Answer, max_age_seconds: float) -> float:
        return min(max_age_seconds, MAX_AGE_SECONDS if answer.certain else _ERROR_AGE_SECONDS)

    async def _ask_once(self, key: tuple[str, str], person: str, url: str) -> _Answer:
        """Many askers of one thing share one question; one who goes away does not end it for the others."""
        task = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(key, person, url), name=f"access {key[1]}")
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    async def _ask(self, key: tuple[str, str], person: str, url: str) -> _Answer:
        answer = await self._fresh(person, url)
        if answer.certain:
            self._remember(self._known, key, answer)
        else:
            last = self._known.get(key)
            if last is not None and self._clock() - last.at <= MAX_AGE_SECONDS:
                answer = _Answer(last.read, False, answer.reason, False, answer.at)
        self._remember(self._answers, key, answer)
        return answer

    @staticmethod
    def _remember(memory: dict[tuple[str, str], _Answer], key: tuple[str, str], answer: _Answer) -> None:
        memory.pop(key, None)
        memory[key] = answer
        if len(memory) > _MAX_REMEMBERED:
            del memory[next(iter(memory))]

    async def _fresh(self, person: str, url: str) -> _Answer:
        if not url.startswith(("http://", "https://")):
            return self._answer(False, False, "only repositories with an http, https or ssh address can be asked")
        if not await self._credentials.wait_for_list(self._timeout_seconds):
            reason = f"{host_name(url)} was not asked: the runtime has not read its Secrets yet"
            return self._answer(False, False, reason, certain=False)
        credential = self._credentials.for_person(person, url)
        name, host = host_name(url), self._hosts.setdefault(host_of(url), asyncio.Semaphore(_PER_HOST))
        async with host:
            try:
                if credential is not None and (rights := await self.providers.rights(url, credential)) is not None:
                    return self._of_rights(rights)
                read = await self._advertises(url, "git-upload-pack", credential)
                write = read and credential is not None and await self._advertises(url, "git-receive-pack", credential)
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ProviderSilent, _HostFailed) as failure:
                text = str(failure) or type(failure).__name__
                return self._answer(False, False, f"the Git host {name} cannot be asked: {text}"[:300], certain=False)
        if credential is None and not read:
            return self._answer(False, False, "no Git credential of this person is known for this host")
        return self._answer(read, write, _why_not(read=read, write=write))

    def _of_rights(self, rights: Rights) -> _Answer:
        why_not = rights.why_not or _why_not(read=rights.read, write=rights.write)
        return self._answer(rights.read, rights.write, why_not if not (rights.read and rights.write) else "")

    def _answer(self, read: bool, write: bool, reason: str, *, certain: bool = True) -> _Answer:
        return _Answer(read, write, reason, certain, self._clock())

    async def _advertises(self, url: str, service: str, credential: Credential | None) -> bool:
        headers = {"Git-Protocol": "version=2", "User-Agent": "git/argosy"}
        if credential is not None:
            pair = f"{credential.git_username}:{credential.password}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        address = url.rstrip("/") + "/info/refs"
        async with (
            asyncio.timeout(self._timeout_seconds),
            self._client.stream("GET", address, params={"service": service}, headers=headers) as response,
        ):
            if response.status_code == 200:
                content_type: str = response.headers.get("content-type", "")
                return content_type.startswith(f"application/x-{service}-advertisement")
            if response.status_code >= 500 or response.status_code == 429:
                raise _HostFailed(f"it answered {response.status_code}")
            return False


class _HostFailed(Exception):
    """The host answered, but not the question."""


def _why_not(*, read: bool, write: bool) -> str:
    if not read:
        return "the Git host does not let this person read the repository"
    return "" if write else "the Git host does not let this person push to the repository"
