"""One HTTP request to one cluster: credential, time limits with a named cause, budgets, patience with 429.

Nobody above sees an aiohttp exception. Bodies are bytes; what they mean is known by `gitsync.kube.client`.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from gitsync.kube.access import ClusterAccess
from gitsync.kube.answer import Target, error_for
from gitsync.kube.credential import Credential
from gitsync.kube.errors import (
    AccessUnusable,
    ClusterError,
    ClusterUnreachable,
    TooManyRequests,
    Unauthorized,
)
from gitsync.kube.limits import Budget, Limits

_MAX_ATTEMPTS = 5  # of a request that the cluster answers with 429
_KEEP_ALIVE_SECONDS = 60.0  # below the API server's 90 s and the load balancers' usual 350 s
_READ_BUFFER = 2**20
_USER_AGENT = "argosy"


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """`first_byte_seconds` also bounds the pause between two chunks of an answer; a large list has no limit in all."""

    connect_seconds: float = 10.0
    first_byte_seconds: float = 60.0
    watch_idle_seconds: float = 90.0  # API servers send a bookmark each minute; silence longer than this is a dead line


@dataclass(frozen=True, slots=True)
class Request:
    """`path` starts with a slash and is encoded already, query included."""

    method: str
    path: str
    target: Target
    body: bytes | None = None
    content_type: str = "application/json"
    accept: str = "application/json"
    again: bool = True  # safe to send twice


@dataclass(frozen=True, slots=True)
class Answer:
    """A success. `warnings` are those of the API server, such as a deprecated version or an unknown field."""

    status: int
    body: bytes
    warnings: tuple[str, ...] = ()


class Transport:
    """Keep-alive connections to one cluster. `counted` holds the number of requests per verb."""

    def __init__(
        self,
        access: ClusterAccess,
        *,
        limits: Limits,
        times: TimeLimits,
        clock: Callable[[], float],
        jitter: random.Random,
        counted: Counter[str] | None = None,
    ) -> None:
        self.access = access
        self.limits = limits
        self.times = times
        self.counted: Counter[str] = Counter() if counted is None else counted
        self._clock = clock
        self._jitter = jitter
        self._credential = Credential(access, clock=clock)
        self._base = access.server.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()
            await asyncio.sleep(0)  # connections that were cut are let go in the next turn of the loop

    async def send(self, request: Request, budget: Budget, *, attempts: int = _MAX_ATTEMPTS) -> Answer:
        """The answer to one request. Raises a ClusterError for anything that is not a success."""
        for attempt in range(1, attempts + 1):
            try:
                return await self._send_once(request, budget)
            except TooManyRequests as error:
                # A 429 was not processed, so even what is not idempotent may be sent again.
                if attempt == attempts:
                    raise
                await asyncio.sleep(error.retry_after_seconds * self._jitter.uniform(1.0, 1.5))
        raise AssertionError("unreachable")

    async def _send_once(self, request: Request, budget: Budget) -> Answer:
        async with self.limits.slot(budget) as limit:
            started = self._clock()
            try:
                answer = await self._exchange(request)
            except TooManyRequests as error:
                limit.overloaded()
                self.limits.asked_for_patience(error.retry_after_seconds)
                raise
            except ClusterUnreachable as error:
                if error.waited_for:
                    limit.overloaded()
                raise
            limit.answered(self._clock() - started)
            return answer

    async def _exchange(self, request: Request) -> Answer:
        async with self.open(request, idle_seconds=self.times.first_byte_seconds) as response:
            return Answer(response.status, await self._read(response, request), _warnings(response))

    @asynccontextmanager
    async def open(self, request: Request, *, idle_seconds: float) -> AsyncIterator[aiohttp.ClientResponse]:
        """The response once its headers are here, for streams. No budget is held; raises for anything but success."""
        self.counted[request.target.verb] += 1
        response = await self._request(request, idle_seconds)
        try:
            if response.status >= 300:
                body = await self._read(response, request)
                error = error_for(response.status, body, request.target, response.headers)
                if isinstance(error, Unauthorized):
                    self._credential.distrust()
                raise error
            yield response
        finally:
            _drop_unread(response)
            response.release()

    async def chunks(self, response: aiohttp.ClientResponse, request: Request) -> AsyncIterator[bytes]:
        """The body as it comes."""
        try:
            async for chunk in response.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error, request) from error

    async def _read(self, response: aiohttp.ClientResponse, request: Request) -> bytes:
        try:
            return await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error, request) from error

    async def _request(self, request: Request, idle_seconds: float) -> aiohttp.ClientResponse:
        try:
            return await self._request_once(request, idle_seconds)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            # Most likely a kept-alive connection that the other side was just closing: the request never ran.
            if not request.again or isinstance(error, aiohttp.ClientConnectorError):
                raise self._unreachable(error, request) from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise self._unreachable(error, request) from error
        try:
            return await self._request_once(request, idle_seconds)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise self._unreachable(error, request) from error

    async def _request_once(self, request: Request, idle_seconds: float) -> aiohttp.ClientResponse:
        session = self._session or self._open_session()
        headers = {"Accept": request.accept}
        if authorization := await self._credential.authorization():
            headers["Authorization"] = authorization
        if self.access.acting_as:
            headers["Impersonate-User"] = self.access.acting_as
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        return await session.request(
            request.method,
            URL(self._base + request.path, encoded=True),
            data=request.body,
            headers=headers,
            timeout=aiohttp.ClientTimeout(sock_connect=self.times.connect_seconds, sock_read=idle_seconds),
            ssl=self._credential.ssl_context() or True,
            server_hostname=self.access.tls.server_name or None,
            proxy=self.access.proxy_url or None,
            allow_redirects=False,
        )

    def _open_session(self) -> aiohttp.ClientSession:
        if self.access.proxy_url and not self.access.proxy_url.startswith(("http://", "https://")):
            raise AccessUnusable(
                f"cluster {self.access.name}: only http and https proxies are supported",
                suggestion="Set an http or https proxy-url.",
            )
        # No limit of connections here: the budgets bound requests, and each watch needs a connection of its own.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_SECONDS, ttl_dns_cache=30)
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_READ_BUFFER,
        )
        return self._session

    def _unreachable(self, error: Exception, request: Request) -> ClusterError:
        subject = f"cannot {request.target.verb} {request.target.what}: cluster {self.access.name} ({self._base})"
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            seconds = self.times.connect_seconds
            return ClusterUnreachable(
                f"{subject} did not accept a connection within {seconds:g} s",
                waited_for="connect",
                suggestion="Check its address, and firewalls in between.",
            )
        if isinstance(error, TimeoutError):
            return ClusterUnreachable(
                f"{subject} sent nothing for too long",
                waited_for="first byte",
                suggestion="Check that the API server is not overloaded.",
            )
        if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
            return ClusterUnreachable(
                f"{subject} shows a certificate that is not trusted ({_reason(error)})",
                suggestion="Check the CA of this cluster and the name in its address.",
            )
        return ClusterUnreachable(
            f"{subject} does not answer ({_reason(error)})", suggestion="Check that it runs and its address is right."
        )


def _drop_unread(response: aiohttp.ClientResponse) -> None:
    """A stream that is left early is cut: a TLS good-bye would wait for a server that is still talking."""
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()


def _warnings(response: aiohttp.ClientResponse) -> tuple[str, ...]:
    """The texts of `Warning: 299 - "text"` headers."""
    if "Warning" not in response.headers:
        return ()
    quoted = (header[header.find('"') + 1 : header.rfind('"')] for header in response.headers.getall("Warning"))
    return tuple(text.replace('\\"', '"') for text in quoted)


def _reason(error: Exception) -> str:
    """The operating system's or TLS library's words, which know nothing of credentials; else the kind of error."""
    inner = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    strerror = getattr(inner, "strerror", None) or getattr(inner, "verify_message", None)
    return str(strerror) if strerror else type(error).__name__
