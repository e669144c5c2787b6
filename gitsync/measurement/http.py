"""HTTP to providers of metrics: bounded in time and size. Errors name the host, never the rest of an address."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec

from gitsync.measurement.errors import MeasurementFailed

_MAX_BYTES = 10 * 1024 * 1024
_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_SHOWN_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Request:
    """`verify` False: any certificate will do. `ca_cert`: PEM of the one that signed the server's."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeout_seconds: float = 10.0
    verify: bool = True
    ca_cert: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = field(repr=False)
    host: str

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """Raises MeasurementFailed for what is no JSON."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError as failure:
            raise MeasurementFailed(
                f"Could not parse JSON body: {failure}", suggestion=f"check what {self.host} answers"
            ) from failure

    def excerpt(self) -> str:
        return self.text[:_SHOWN_CHARACTERS]


class Http:
    """One per process: the connections are shared."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, request: Request) -> Response:
        """Redirects are followed on the same host only: headers may hold credentials. Raises MeasurementFailed."""
        host = _host(request.url)
        try:
            async with asyncio.timeout(request.timeout_seconds):
                return await self._follow(request, host)
        except TimeoutError as failure:
            raise MeasurementFailed(
                f"{host} did not answer within {request.timeout_seconds:g} s",
                suggestion="check the address, or give the query more time",
            ) from failure
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            raise MeasurementFailed(
                f"{host} cannot be reached: {_reason(failure)}", suggestion="check the address and the network"
            ) from failure

    async def _follow(self, request: Request, host: str) -> Response:
        url, method, body = request.url, request.method, request.body
        for _ in range(_MAX_REDIRECTS + 1):
            async with self._connections().request(
                method, url, headers=dict(request.headers), data=body, ssl=_tls(request), allow_redirects=False
            ) as answer:
                target = answer.headers.get("Location")
                if answer.status not in _REDIRECTS or target is None:
                    return Response(answer.status, await _read(answer, host), host)
                following = urljoin(url, target)
            if _origin(following) != _origin(url):
                raise MeasurementFailed(
                    f"{host} redirects to another host", suggestion="use the address that it redirects to"
                )
            if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):
                method, body = "GET", None
            url = following
        raise MeasurementFailed(f"{host} redirects for ever", suggestion="check the address")

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        return self._session


def _tls(request: Request) -> ssl.SSLContext | bool:
    if request.ca_cert:
        return ssl.create_default_context(cadata=request.ca_cert)
    return request.verify


async def _read(answer: aiohttp.ClientResponse, host: str) -> bytes:
    body = await answer.content.read(_MAX_BYTES + 1)
    while len(body) <= _MAX_BYTES and not answer.content.at_eof():
        body += await answer.content.read(_MAX_BYTES + 1 - len(body))
    if len(body) > _MAX_BYTES:
        raise MeasurementFailed(f"{host} answers more than {_MAX_BYTES} bytes", suggestion="ask for less")
    return body


def _host(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise MeasurementFailed("the address of the provider is no URL", suggestion="write it like http://host:9090")
    return parts.hostname


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _reason(failure: Exception) -> str:
    """The kind of failure; its text may hold the whole address."""
    if isinstance(failure, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted"
    return type(failure).__name__ if not isinstance(failure, OSError) else failure.strerror or type(failure).__name__
