"""Charts from repositories over HTTP and from OCI registries: which version a range means, and its archive.

Everything that a server says is read up to a size and for a time. Archives are checked against their digest.
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp
import msgspec
import yaml

from gitsync.errors import GitsyncError
from gitsync.git.address import redact
from gitsync.git.credentials import CredentialSource, GitCredential
from gitsync.git.semver import newest_in_range, parse_version
from gitsync.manifest.limits import ParseLimits
from gitsync.manifest.yaml_events import load_events
from gitsync.manifest.yaml_fast import CannotTell, load_fast
from gitsync.render.chart_archive import ArchiveLimits
from gitsync.render.errors import ChartUnavailable

_CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_NEXT = re.compile(r'<([^>]+)>;\s*rel="?next"?')
_MAX_PAGES = 50
_MAX_FILES = 64  # kept for a while


@dataclass(frozen=True, slots=True)
class FetchLimits:
    index_bytes: int = 30_000_000
    manifest_bytes: int = 1_000_000
    file_bytes: int = 10_000_000
    index_seconds: float = 180.0  # how long an index is good for
    timeout_seconds: float = 60.0
    archive: ArchiveLimits = field(default_factory=ArchiveLimits)


@dataclass(frozen=True, slots=True)
class ChartVersion:
    """One version of a chart. `digest` is of the archive ("" where an index does not say)."""

    repository: str
    name: str
    version: str
    digest: str
    address: str


class ChartFetcher:
    """`plain_http` are the hosts with ports whose registries are spoken to without TLS. `clock` counts seconds."""

    def __init__(
        self,
        credentials: CredentialSource,
        *,
        clock: Callable[[], float],
        limits: FetchLimits = FetchLimits(),  # frozen
        plain_http: frozenset[str] = frozenset(),
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._limits = limits
        self._plain_http = plain_http
        self._versions: dict[tuple[str, str], tuple[float, Mapping[str, ChartVersion]]] = {}
        self._files: dict[str, tuple[float, bytes]] = {}
        self._session: aiohttp.ClientSession | None = None

    @property
    def limits(self) -> FetchLimits:
        return self._limits

    async def resolve(self, repository: str, name: str, wanted: str, *, fresh: bool = False) -> ChartVersion:
        """The version that is wanted, or the highest one of a range. Raises ChartUnavailable."""
        if is_registry(repository) and parse_version(wanted) and wanted.count(".") == 2:
            return await self._tagged(repository, name, wanted)
        versions = await self._known(repository, name, fresh)
        chosen = wanted if wanted in versions else newest_in_range(versions, wanted or "*")
        if chosen is None:
            raise ChartUnavailable(
                f"{redact(repository)} has no version {wanted!r:.100} of chart {name:.100}",
                suggestion="Correct targetRevision; prereleases count only for a range such as >=1.0.0-0.",
            )
        return await self._tagged(repository, name, chosen) if is_registry(repository) else versions[chosen]

    async def archive(self, chart: ChartVersion, *, pass_credentials: bool = False) -> bytes:
        """The packed chart. Raises ChartUnavailable. Credentials go to the repository's own host, to others only with
        `pass_credentials`."""
        credential = await self._credentials.credential_for(chart.repository)
        elsewhere = urlsplit(chart.address).netloc != urlsplit(chart.repository).netloc
        if not is_registry(chart.repository) and elsewhere and not pass_credentials:
            credential = None
        data = await self._get(chart.address, credential, self._limits.archive.packed_bytes)
        found = hashlib.sha256(data).hexdigest()
        if chart.digest and chart.digest.removeprefix("sha256:") != found:
            raise ChartUnavailable(
                f"the archive of chart {chart.name} {chart.version} is not the listed one",
                suggestion="Publish the chart again; its digest does not fit.",
            )
        return data

    async def file(self, url: str) -> bytes:
        """A single file on a server, asked for as seldom as an index. Raises ChartUnavailable."""
        known = self._files.get(url)
        if known is not None and self._clock() - known[0] < self._limits.index_seconds:
            return known[1]
        data = await self._get(url, None, self._limits.file_bytes)
        if len(self._files) >= _MAX_FILES:
            self._files.clear()
        self._files[url] = (self._clock(), data)
        return data

    def forget(self) -> None:
        """Which versions there are, and what files on servers say, is asked anew."""
        self._versions.clear()
        self._files.clear()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _known(self, repository: str, name: str, fresh: bool) -> Mapping[str, ChartVersion]:
        key = (repository, name)
        known = self._versions.get(key)
        if known is not None and not fresh and self._clock() - known[0] < self._limits.index_seconds:
            return known[1]
        found = await (self._tags(repository, name) if is_registry(repository) else self._index(repository, name))
        if len(self._versions) > 5000:
            self._versions.clear()
        self._versions[key] = (self._clock(), found)
        return found

    async def _index(self, repository: str, name: str) -> Mapping[str, ChartVersion]:
        address = f"{repository.rstrip('/')}/index.yaml"
        credential = await self._credentials.credential_for(repository)
        data = await self._get(address, credential, self._limits.index_bytes)
        index = await asyncio.to_thread(_read_index, data, redact(address))
        entries = index.get("entries")
        listed = entries.get(name) if isinstance(entries, dict) else None
        found: dict[str, ChartVersion] = {}
        for one in listed if isinstance(listed, list) else []:
            urls = one.get("urls") if isinstance(one, dict) else None
            if isinstance(urls, list) and urls and isinstance(urls[0], str):
                version = str(one.get("version", ""))
                place = urljoin(f"{repository.rstrip('/')}/", urls[0])
                found[version] = ChartVersion(repository, name, version, str(one.get("digest") or ""), place)
        if not found:
            raise ChartUnavailable(
                f"{redact(repository)} has no chart {name!r:.100}", suggestion="Correct the chart or the repoURL."
            )
        return found

    async def _tags(self, repository: str, name: str) -> Mapping[str, ChartVersion]:
        credential = await self._credentials.credential_for(repository)
        base, path = self._registry(repository, name)
        address: str | None = f"{base}/v2/{path}/tags/list"
        found: dict[str, ChartVersion] = {}
        for _ in range(_MAX_PAGES):
            assert address is not None
            headers: dict[str, str] = {}
            data = await self._get(address, credential, self._limits.manifest_bytes, headers_out=headers)
            for tag in _json(data, address).get("tags") or []:
                version = str(tag).replace("_", "+")
                found[version] = ChartVersion(repository, name, version, "", "")
            following = _NEXT.search(headers.get("link", ""))
            if following is None:
                break
            address = urljoin(base, following[1])
        return found

    async def _tagged(self, repository: str, name: str, version: str) -> ChartVersion:
        credential = await self._credentials.credential_for(repository)
        base, path = self._registry(repository, name)
        address = f"{base}/v2/{path}/manifests/{version.replace('+', '_')}"
        data = await self._get(address, credential, self._limits.manifest_bytes, accept=_MANIFEST)
        layers = _json(data, address).get("layers") or []
        digest = next((str(one.get("digest")) for one in layers if one.get("mediaType") == _CHART_LAYER), "")
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
            raise ChartUnavailable(f"{repository}/{name}:{version} is no Helm chart", suggestion="Correct the chart.")
        return ChartVersion(repository, name, version, digest, f"{base}/v2/{path}/blobs/{digest}")

    def _registry(self, repository: str, name: str) -> tuple[str, str]:
        host, _, path = repository.removeprefix("oci://").strip("/").partition("/")
        scheme = "http" if host in self._plain_http else "https"
        return f"{scheme}://{host}", f"{path}/{name}".strip("/")

    async def _get(
        self,
        address: str,
        credential: GitCredential | None,
        most: int,
        *,
        accept: str = "*/*",
        headers_out: dict[str, str] | None = None,
    ) -> bytes:
        headers = {"Accept": accept} | _basic(credential)
        async with self._answer(address, headers) as answer:
            if answer.status != 401:
                return await _body(answer, address, most, headers_out)
            challenge = answer.headers.get("WWW-Authenticate", "")
        token = await self._token(challenge, credential, address)
        async with self._answer(address, {"Accept": accept, "Authorization": f"Bearer {token}"}) as answer:
            return await _body(answer, address, most, headers_out)

    async def _token(self, challenge: str, credential: GitCredential | None, address: str) -> str:
        parameters = dict(_PARAMETER.findall(challenge))
        realm = parameters.pop("realm", "")
        secure = urlsplit(realm).scheme == "https" or urlsplit(realm).netloc in self._plain_http
        if not challenge.lower().startswith("bearer ") or not secure:
            raise _refused(address)
        wanted = {name: value for name, value in parameters.items() if name in ("service", "scope")}
        async with self._answer(f"{realm}?{urlencode(wanted)}", _basic(credential)) as answer:
            body = _json(await _body(answer, realm, self._limits.manifest_bytes, None), realm)
        return str(body.get("token") or body.get("access_token") or "")

    @asynccontextmanager
    async def _answer(self, address: str, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        if urlsplit(address).scheme not in ("http", "https"):
            raise ChartUnavailable(f"{redact(address):.200} is no http address", suggestion="Correct the repoURL.")
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._limits.timeout_seconds)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=True)
        try:
            async with self._session.get(address, headers=headers, max_redirects=5) as answer:
                yield answer
        except GitsyncError:
            raise
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ChartUnavailable(
                f"{redact(address):.300} gave no answer: {type(error).__name__}",
                suggestion="Check that the server is up and that the runtime may connect to it.",
            ) from error


def is_registry(repository: str) -> bool:
    """An OCI registry is named without a scheme, or with `oci://`."""
    return "://" not in repository or repository.startswith("oci://")


async def _body(answer: aiohttp.ClientResponse, address: str, most: int, headers_out: dict[str, str] | None) -> bytes:
    if answer.status in (401, 403):
        raise _refused(address)
    if answer.status != 200:
        raise ChartUnavailable(
            f"{redact(address):.300} answered {answer.status}",
            suggestion="Correct the chart, its version or the repoURL.",
        )
    chunks, size = [], 0
    async for chunk in answer.content.iter_chunked(65536):
        size += len(chunk)
        if size > most:
            raise ChartUnavailable(
                f"{redact(address):.300} is larger than the {most} bytes that are allowed",
                suggestion="Use a smaller repository or chart.",
            )
        chunks.append(chunk)
    if headers_out is not None:
        headers_out.update({name.lower(): value for name, value in answer.headers.items()})
    return b"".join(chunks)


def _refused(address: str) -> ChartUnavailable:
    return ChartUnavailable(
        f"{redact(address):.300} wants other credentials",
        suggestion="Add a repository Secret with a user and password for it.",
    )


def _basic(credential: GitCredential | None) -> dict[str, str]:
    if credential is None or not (credential.username or credential.password):
        return {}
    pair = base64.b64encode(f"{credential.username}:{credential.password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def _json(data: bytes, address: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise ChartUnavailable(f"{redact(address):.300} answered no JSON", suggestion="Correct the repoURL.") from error
    return value if isinstance(value, dict) else {}


def _read_index(data: bytes, address: str) -> dict[str, Any]:
    """Runs in a thread: the index of a large repository takes seconds."""
    try:
        text = data.decode()
        try:
            value = load_fast(text)
        except CannotTell:
            limits = ParseLimits(max_bytes=len(data) + 1, max_documents=1, max_nodes=2_000_000)
            value = load_events(text, file=address, limits=limits)[0].value
    except (GitsyncError, UnicodeDecodeError, yaml.YAMLError, IndexError) as error:
        raise ChartUnavailable(f"{address} is no index of charts", suggestion="Correct the repoURL.") from error
    return value if isinstance(value, dict) else {}
