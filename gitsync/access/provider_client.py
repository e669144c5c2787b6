"""Asks Git hosts over their REST APIs, and finds out which hosts have one.

A host is asked for its kind once an hour. Redirects are not followed: an API has no business sending a token elsewhere.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import orjson

from gitsync.access.branch_rules import BranchRules, branch_question, read_branch
from gitsync.access.commit_signature import HostWord, read_signature, signature_question
from gitsync.access.provider import (
    Provider,
    ProviderKind,
    Question,
    RepositoryPath,
    Rights,
    api_headers,
    detection_questions,
    is_of_kind,
    on_host,
    read_rights,
    repository_path,
    rights_question,
    well_known,
)
from gitsync.access.secret import Credential, host_of

_KNOWN_SECONDS = 3600.0
_UNKNOWN_SECONDS = 300.0
_MAX_ANSWER_BYTES = 2_000_000
_MAX_HOSTS = 1000
Told = TypeVar("Told")
_SHOWN = re.compile(r"[^\x20-\x7e]+")


class ProviderSilent(Exception):
    """The host did not answer the question: it is down, too slow, or asks to wait."""


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: httpx.Headers
    body: Any


@dataclass(frozen=True, slots=True)
class _Known:
    provider: Provider | None
    at: float


class ProviderClient:
    """One per runtime. `clock` counts seconds monotonically; `configured` says the kind of a host, if anybody did."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        clock: Callable[[], float],
        timeout_seconds: float,
        configured: Callable[[str], ProviderKind | None] = lambda host: None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._configured = configured
        self._hosts: dict[str, _Known] = {}
        self._detecting: dict[str, asyncio.Lock] = {}

    async def rights(self, url: str, credential: Credential) -> Rights | None:
        """What the host's API says; None: it has none, or says nothing about this. Raises ProviderSilent."""
        provider = await self.provider_of(url)
        path = repository_path(provider, url) if provider else None
        if provider is None or path is None:
            return None
        found = await self._rights(provider, path, rights_question(provider, path, credential))
        if provider.kind is ProviderKind.BITBUCKET_SERVER and found is not None and not found.write:
            second = await self._rights(provider, path, rights_question(provider, path, credential, only_read=True))
            return Rights(second.read, False) if second is not None else None
        return found

    async def _rights(self, provider: Provider, path: RepositoryPath, question: Question) -> Rights | None:
        """A host that will not speak to this credential says nothing: its Git may still know it."""
        answer = await self.ask(question)
        if answer.status == 403 and answer.headers.get("x-ratelimit-remaining") == "0":
            raise ProviderSilent("it asks to wait: too many questions")
        if answer.status == 404:
            return Rights(False, False)
        return read_rights(provider, path, answer.body) if answer.status == 200 else None

    async def branch_rules(self, url: str, branch: str, credential: Credential) -> BranchRules | None:
        """What the host says about a branch; None: it says nothing. Raises ProviderSilent."""
        return await self._about(
            url, lambda provider, path: branch_question(provider, path, branch, credential), read_branch
        )

    async def commit_signature(self, url: str, commit: str, credential: Credential) -> HostWord | None:
        """What the host says of the signature of a commit; None: it says nothing. Raises ProviderSilent."""
        return await self._about(
            url, lambda provider, path: signature_question(provider, path, commit, credential), read_signature
        )

    async def _about(
        self,
        url: str,
        question_of: Callable[[Provider, RepositoryPath], Question | None],
        read: Callable[[Provider, Any], Told | None],
    ) -> Told | None:
        """One question about a part of a repository, where the host is one that answers it."""
        provider = await self.provider_of(url)
        path = repository_path(provider, url) if provider else None
        question = question_of(provider, path) if provider and path else None
        if provider is None or question is None:
            return None
        answer = await self.ask(question)
        return read(provider, answer.body) if answer.status == 200 else None

    async def user(self, url: str, credential: Credential) -> str | None:
        """Name of the account that a token belongs to; None: the host refuses the token. Raises ProviderSilent."""
        provider = await self.provider_of(url)
        if provider is None or provider.kind is ProviderKind.BITBUCKET_SERVER:
            raise ProviderSilent("the host has no API that could be asked")
        answer = await self.ask(Question(f"{provider.api}/user", api_headers(provider, credential)))
        if answer.status in (401, 403):
            return None
        name = answer.body.get("login") or answer.body.get("username") if isinstance(answer.body, dict) else None
        if answer.status != 200 or not isinstance(name, str):
            raise ProviderSilent(f"it answered {answer.status}")
        return name

    async def provider_of(self, url: str) -> Provider | None:
        """The API of the host of this repository. Raises ProviderSilent."""
        known = well_known(url)
        host = host_of(url)
        if known is not None or not host.startswith(("http://", "https://")):
            return known
        if (kind := self._configured(host)) is not None:
            return on_host(kind, host)
        async with self._detecting.setdefault(host, asyncio.Lock()):
            found = self._hosts.get(host)
            if found is None or self._clock() - found.at > (_KNOWN_SECONDS if found.provider else _UNKNOWN_SECONDS):
                found = _Known(await self._detect(host), self._clock())
                if len(self._hosts) >= _MAX_HOSTS:
                    self._hosts.clear()
                self._hosts[host] = found
            return found.provider

    async def kind_of(self, url: str) -> str:
        """Which kind of host it is; "": it has no API, or does not answer now."""
        try:
            provider = await self.provider_of(url)
        except ProviderSilent:
            return ""
        return provider.kind.value if provider else ""

    async def _detect(self, host: str) -> Provider | None:
        for kind, question in detection_questions(host):
            answer = await self.ask(question)
            if is_of_kind(kind, answer.status, answer.headers, answer.body):
                return on_host(kind, host)
        return None

    async def ask(self, question: Question, *, timeout_seconds: float | None = None) -> Answered:
        """Raises ProviderSilent. A body that is no JSON is None."""
        body = bytearray()
        try:
            async with (
                asyncio.timeout(timeout_seconds or self._timeout_seconds),
                self._client.stream(
                    "GET" if question.body is None and question.form is None else "POST",
                    question.url,
                    json=question.body,
                    data=question.form,
                    params=dict(question.parameters) or None,
                    headers=dict(question.headers),
                    follow_redirects=False,
                    timeout=timeout_seconds or self._timeout_seconds,
                ) as response,
            ):
                if response.status_code >= 500 or response.status_code == 429:
                    raise ProviderSilent(f"it answered {response.status_code}")
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > _MAX_ANSWER_BYTES:
                        raise ProviderSilent("its answer is too long")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as failure:
            text = _SHOWN.sub(" ", str(failure)) or type(failure).__name__
            raise ProviderSilent(text[:200]) from failure
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError:
            told = None
        return Answered(response.status_code, response.headers, told)
