"""Value files on servers, named by their address: fetched here, so that no program needs a network.

What they said is a part of what a render consulted: equal bytes, equal manifests.
"""

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from gitsync.render.chart_sources import Charts
from gitsync.render.errors import ChartUnavailable, SourceInvalid
from gitsync.render.job import Job

CONSULTED = "url "  # before the address, among what was consulted
_FETCHED = ("http", "https")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A value file by its address."""

    url: str

    @property
    def place(self) -> str:
        """Where the program finds it, beside the tree."""
        return f"remote/{hashlib.blake2b(self.url.encode(), digest_size=16).hexdigest()}.yaml"


def remote_file(url: str, schemes: frozenset[str]) -> RemoteFile:
    """Raises SourceInvalid for a scheme that is not allowed, or an address that no value file is at."""
    parts = urlsplit(url)
    if parts.scheme not in schemes or parts.scheme not in _FETCHED:
        raise SourceInvalid(
            f"the value file {url!r:.200} is of the scheme {parts.scheme!r:.50}",
            suggestion="Commit the file, or have the scheme allowed by helm.valuesFileSchemes of argocd-cm.",
        )
    try:
        local = ipaddress.ip_address(parts.hostname or "").is_link_local
    except ValueError:
        local = False
    if local or not parts.hostname or parts.username or parts.password:
        raise SourceInvalid(
            f"the value file {parts.hostname!r:.200} is at an address that is not fetched from",
            suggestion="Commit the file to the repository, or to one that another source refers to.",
        )
    return RemoteFile(url)


async def with_remote_files(job: Job, charts: Charts | None) -> tuple[Job, tuple[tuple[str, str], ...]]:
    """The job with its remote files, and what they said, to be remembered as consulted. Raises ChartUnavailable."""
    if not job.remote:
        return job, ()
    fetched = {url: await _fetch(url, charts) for url in job.remote}
    extra = {**job.extra, **{RemoteFile(url).place: data for url, data in fetched.items()}}
    return replace(job, extra=extra), tuple((CONSULTED + url, _digest(data)) for url, data in fetched.items())


async def current(names: Iterable[str], charts: Charts | None) -> Mapping[str, str]:
    """What the remote files among these names of consulted things say now."""
    wanted = {name for name in names if name.startswith(CONSULTED)}
    return {name: _digest(await _fetch(name.removeprefix(CONSULTED), charts)) for name in sorted(wanted)}


async def _fetch(url: str, charts: Charts | None) -> bytes:
    if charts is None:
        raise ChartUnavailable(
            f"the value file {url!r:.200} is on another server, and fetching is switched off",
            suggestion="Commit the file to the repository, or to one that another source refers to.",
        )
    return await charts.fetcher.value_file(url)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
