"""HTTP to one Git host or plugin: bounded, with a token that goes to its own host only."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp
import msgspec

from gitsync.appset.errors import ProviderFailed

_NEXT = re.compile(r'<([^>]+)>;[^,]*rel="?next"?')
_MAX_REDIRECTS = 3
_REDIRECTS = (301, 302, 307, 308)


@dataclass(frozen=True, slots=True)
class ApiLimits:
    answer_bytes: int = 10_000_000
    request_seconds: float = 30.0
    question_seconds: float = 240.0  # all requests of one generator
    pages: int = 200
    at_once: int = 8


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    value: Any
    next_page: str = ""


class NotThere(ProviderFailed):
    """404: it does not exist, or the token may not see it."""


class Connections:
    """The HTTP connections of all providers."""

    def __init__(self, limits: ApiLimits = ApiLimits()) -> None:  # frozen
        self.limits = limits
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self.limits.request_seconds)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=True, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


class Api:
    """`base` is where paths begin; `headers` carry the token."""

    def __init__(
        self,
        connections: Connections,
        base: str,
        headers: Mapping[str, str],
        *,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ProviderFailed(f"{parts.hostname or base!r:.100} is no address of an API", suggestion="Correct api.")
        self._connections = connections
        self._base = base.rstrip("/")
        self._headers = headers
        self._verify = verify
        self.slots = asyncio.Semaphore(connections.limits.at_once)

    async def get(self, path: str, parameters: Mapping[str, str] | None = None) -> ApiAnswer:
        """Raises NotThere and ProviderFailed. `path` may be the address of a next page."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return await self._send("GET", self._address(path) + query, None)

    async def post(self, path: str, body: Any) -> ApiAnswer:
        return await self._send("POST", self._address(path), msgspec.json.encode(body))

    async def exists(self, path: str, parameters: Mapping[str, str] | None = None) -> bool:
        try:
            await self.get(path, parameters)
        except NotThere:
            return False
        return True

    async def linked(self, path: str, parameters: Mapping[str, str]) -> AsyncIterator[Any]:
        """Entries of a list whose next page is in the Link header."""
        answer = await self.get(path, parameters)
        for _ in range(self._connections.limits.pages):
            for entry in answer.value if isinstance(answer.value, list) else ():
                yield entry
            if not answer.next_page:
                return
            answer = await self.get(answer.next_page)
        raise self._failed("has more pages than are read", "Narrow the generator.")

    def _address(self, path: str) -> str:
        address = path if "://" in path else f"{self._base}{path}"
        if _origin(address) != _origin(self._base):
            raise self._failed("leads to another host", "Correct api.")
        return address

    async def _send(self, method: str, address: str, body: bytes | None) -> ApiAnswer:
        headers = {"Accept": "application/json", **self._headers}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            for _ in range(_MAX_REDIRECTS):
                async with self._connections.session.request(
                    method, address, data=body, headers=headers, ssl=self._verify, allow_redirects=False
                ) as answer:
                    if answer.status not in _REDIRECTS:
                        return await self._read(answer)
                    address = self._address(urljoin(address, answer.headers.get("Location", "")))
            raise self._failed("redirects again and again", "Correct api.")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise self._failed(
                f"gave no answer: {type(error).__name__}",
                "Check that the host is up and that the runtime may connect to it.",
            ) from error

    async def _read(self, answer: aiohttp.ClientResponse) -> ApiAnswer:
        where = answer.url.path
        if answer.status == 404:
            raise NotThere(
                f"{_origin(self._base)} has no {where:.200}", suggestion="Correct the generator, or the token's rights."
            )
        if answer.status in (401, 403, 429):
            raise self._failed(
                f"refused {where:.200} with {answer.status}", "Check the token, its rights and its quota."
            )
        if not 200 <= answer.status < 300:
            raise self._failed(f"answered {answer.status} to {where:.200}", "See the state of the host.")
        data = bytearray()
        async for chunk in answer.content.iter_chunked(65536):
            data += chunk
            if len(data) > self._connections.limits.answer_bytes:
                raise self._failed(f"answered more to {where:.200} than is read", "Narrow the generator.")
        try:
            value = msgspec.json.decode(bytes(data)) if data else None
        except msgspec.DecodeError as error:
            raise self._failed(f"answered {where:.200} with something that is no JSON", "Correct api.") from error
        found = _NEXT.search(answer.headers.get("Link", ""))
        return ApiAnswer(value, urljoin(str(answer.url), found[1]) if found else "")

    def _failed(self, what: str, suggestion: str) -> ProviderFailed:
        return ProviderFailed(f"{_origin(self._base)} {what}", suggestion=suggestion)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
