"""Charts as sources: a chart of a repository is read like the files of a commit, and so is one that others need."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from gitsync.git.tree import Files
from gitsync.render.chart_archive import ArchiveFiles, unpack
from gitsync.render.chart_fetch import ChartFetcher, ChartVersion
from gitsync.render.errors import ChartUnavailable
from gitsync.render.job import Job
from model.kinds.application import ApplicationSource

_T = TypeVar("_T")


class ChartReader:
    """What `TreeReader` is for a commit. `commit` is the version."""

    def __init__(self, files: Files, chart: ChartVersion, digest: str) -> None:
        self.commit = chart.version
        self.digest = digest
        self._files = files

    async def run(self, work: Callable[[Files], _T]) -> _T:
        """Result of the work, done in a thread."""
        return await asyncio.to_thread(work, self._files)


class Charts:
    """Fetched archives by digest, least recently used ones going first beyond `max_bytes`."""

    def __init__(self, fetcher: ChartFetcher, *, max_bytes: int = 64_000_000) -> None:
        self.fetcher = fetcher
        self._max_bytes = max_bytes
        self._bytes = 0
        self._archives: OrderedDict[ChartVersion, bytes] = OrderedDict()

    async def archive(self, chart: ChartVersion, *, pass_credentials: bool = False) -> bytes:
        if chart in self._archives:
            self._archives.move_to_end(chart)
            return self._archives[chart]
        data = await self.fetcher.archive(chart, pass_credentials=pass_credentials)
        if chart.digest and chart not in self._archives:
            self._archives[chart] = data
            self._bytes += len(data)
            while self._bytes > self._max_bytes:
                self._bytes -= len(self._archives.popitem(last=False)[1])
        return data


async def open_chart(
    source: ApplicationSource, charts: Charts | None, version: str | None, *, ask: bool = False
) -> ChartReader:
    """The files of the chart of a source, at `version` if that is given; `ask` asks for its versions anew. Raises
    ChartUnavailable."""
    fetching = _needed(charts, f"chart {source.chart}")
    chart = await fetching.fetcher.resolve(source.repo_url, source.chart, version or source.target_revision, fresh=ask)
    archive = await fetching.archive(chart, pass_credentials=(source.helm or {}).get("passCredentials") is True)
    limits = fetching.fetcher.limits.archive
    files = await asyncio.to_thread(lambda: ArchiveFiles(unpack(archive, name=source.chart, limits=limits)))
    return ChartReader(files, chart, chart.digest or files.root().id)


async def with_dependencies(job: Job, charts: Charts | None) -> Job:
    """The job with the archives of the charts that its chart depends on."""
    if not job.charts:
        return job
    fetching = _needed(charts, f"chart {job.charts[0].name}, which the source depends on")
    added: dict[str, bytes] = {}
    for one in job.charts:
        chart = await fetching.fetcher.resolve(one.repository.rstrip("/"), one.name, one.version)
        archive = await fetching.archive(chart)
        # Looked into here, where a bomb does no harm; Helm gets it as it is.
        files = await asyncio.to_thread(unpack, archive, name=one.name, limits=fetching.fetcher.limits.archive)
        if one.unpacked:
            added |= {f"{one.place}/{path}": data for path, data in files.items()}
        else:
            added[one.place] = archive
    return replace(job, tree={**job.tree, **added})


def _needed(charts: Charts | None, what: str) -> Charts:
    if charts is None:
        raise ChartUnavailable(
            f"{what} is to be fetched, but fetching charts is switched off",
            suggestion="Commit the chart to the repository (`helm dependency update`), or allow fetching charts.",
        )
    return charts
