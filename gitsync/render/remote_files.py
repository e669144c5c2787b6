"""Files on servers, named by their address: fetched here, so that no program needs a network.

What they said is a part of what a render consulted: equal bytes, equal manifests.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from gitsync.render.chart_sources import Charts
from gitsync.render.errors import ChartUnavailable, SourceInvalid
from gitsync.render.job import Job
from gitsync.render.remote_uses import is_address, require_fetchable

CONSULTED = "url "  # before the address, among what was consulted
_RESOURCE = "file at "  # the same for files of kustomizations, which the project has to permit


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
    scheme = urlsplit(url).scheme
    if scheme not in schemes or not is_address(url):
        raise SourceInvalid(
            f"the value file {url!r:.200} is of the scheme {scheme!r:.50}",
            suggestion="Commit the file, or have the scheme allowed by helm.valuesFileSchemes of argocd-cm.",
        )
    require_fetchable(url)
    return RemoteFile(url)


async def with_remote_files(job: Job, charts: Charts | None) -> tuple[Job, tuple[tuple[str, str], ...]]:
    """The job with its remote files, and what they said, to be remembered as consulted. Raises ChartUnavailable."""
    if not job.remote:
        return job, ()
    fetched = {url: await fetch(url, charts) for url in job.remote}
    extra = {**job.extra, **{RemoteFile(url).place: data for url, data in fetched.items()}}
    return replace(job, extra=extra), tuple((CONSULTED + url, file_digest(data)) for url, data in fetched.items())


async def current(names: Iterable[str], charts: Charts | None) -> Mapping[str, str]:
    """What the remote files among these names of consulted things say now."""
    wanted = {name: url for name in names if (url := _url_of(name))}
    return {name: file_digest(await fetch(url, charts)) for name, url in sorted(wanted.items())}


def consulted_file(url: str) -> str:
    """How a file of a kustomization stands among what was consulted."""
    return _RESOURCE + url


def consulted_files(names: Iterable[str]) -> list[str]:
    """The addresses of files of kustomizations among these names of consulted things."""
    return [name.removeprefix(_RESOURCE) for name in names if name.startswith(_RESOURCE)]


def _url_of(name: str) -> str:
    prefix = next((one for one in (CONSULTED, _RESOURCE) if name.startswith(one)), None)
    return name.removeprefix(prefix) if prefix else ""


async def fetch(url: str, charts: Charts | None) -> bytes:
    if charts is None:
        raise ChartUnavailable(
            f"the file {url!r:.200} is on another server, and fetching is switched off",
            suggestion="Commit the file to the repository, or to one that another source refers to.",
        )
    return await charts.fetcher.file(url)


def file_digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
