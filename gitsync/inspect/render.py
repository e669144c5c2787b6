"""`argosy inspect render`: the manifests of an application, from directories or from its repositories."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from gitsync.configuration.engine_config import DEFAULT_CONFIG, EngineConfig
from gitsync.git.closure import Closure
from gitsync.git.credentials import NoCredentials
from gitsync.git.repositories import Repositories
from gitsync.inspect.files import InspectError, read_application
from gitsync.manifest.object import JsonObject
from gitsync.manifest.parse import ParsedDocument
from gitsync.project.permits import normalize_url
from gitsync.render.cache import RenderCache
from gitsync.render.chart_fetch import ChartFetcher
from gitsync.render.chart_sources import Charts
from gitsync.render.context import RenderContext
from gitsync.render.local import documents_of, read_local
from gitsync.render.references import references_of
from gitsync.render.render import render
from gitsync.sourcing.rendering import render_context
from model.kinds.application import Application, ApplicationSource

_T = TypeVar("_T")
# Charts ask for a cluster's version. Without a cluster it is the newest that we are tested with, whatever the program
# would assume: one that was built from source assumes a very old one, which many charts refuse.
NEWEST_KUBERNETES = "v1.36.0"


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What one source says, and what was read for it."""

    documents: Sequence[ParsedDocument]
    closure: Closure


@dataclass(frozen=True, slots=True)
class Told:
    """What argocd-cm, the AppProject and the cluster say of rendering."""

    config: EngineConfig = DEFAULT_CONFIG
    project: JsonObject | None = None
    kube_version: str = NEWEST_KUBERNETES
    api_versions: tuple[str, ...] = ()


_NOTHING_TOLD = Told()


def objects_of_file(file: str, directories: Mapping[str, Path], told: Told) -> list[JsonObject]:
    """The manifests of the Application in a file. Raises what rendering raises."""
    return [document.body for document in _last_of_each(read_sources(read_application(file), directories, told))]


def closure_of_file(file: str, directories: Mapping[str, Path], told: Told) -> list[JsonObject]:
    """What was read of the repositories for the Application in a file."""
    results = read_sources(read_application(file), directories, told)
    return [{"kind": str(one.kind), "path": one.path} for result in results for one in result.closure.entries]


@contextmanager
def all_at_once(questions: Sequence[Callable[[], _T]]) -> Iterator[list[Callable[[], _T]]]:
    """The same questions, being answered by several threads already; mostly they wait for programs."""
    with ThreadPoolExecutor(thread_name_prefix="inspect") as threads:
        yield [threads.submit(question).result for question in questions]


def render_application(
    application: Application, directories: Mapping[str, Path], told: Told = _NOTHING_TOLD
) -> list[ParsedDocument]:
    """All objects of all sources, in their order. Raises what rendering raises."""
    return _last_of_each(read_sources(application, directories, told))


def _last_of_each(results: Sequence[SourceResult]) -> list[ParsedDocument]:
    """Of equal objects the last one counts, in its place."""
    found: dict[tuple[str, ...], ParsedDocument] = {}
    for document in (document for result in results for document in result.documents):
        body, metadata = document.body, document.body["metadata"]
        group = body["apiVersion"].rpartition("/")[0]
        name = metadata.get("name") or f"{metadata.get('generateName')} {len(found)}"
        key = (group, body["kind"], metadata.get("namespace") or "", name)
        found.pop(key, None)
        found[key] = document
    return list(found.values())


def read_sources(
    application: Application, directories: Mapping[str, Path], told: Told = _NOTHING_TOLD
) -> list[SourceResult]:
    """What the sources say. `directories` stand in for repositories; others are fetched without credentials."""
    known = {normalize_url(url): directory for url, directory in directories.items()}
    everything = application.spec.all_sources
    sources = [source for source in everything if source.path or source.chart or not source.ref]
    if not sources:
        raise InspectError(f"application {application.metadata.name} has no source", suggestion="Set spec.source.")
    context = render_context(application.metadata.name, application.spec, None, told.config.rendering, told.project)
    context = replace(context, kube_version=told.kube_version, api_versions=told.api_versions)
    return [_result(application, source, known, context) for source in sources]


def _result(
    application: Application, source: ApplicationSource, known: Mapping[str, Path], context: RenderContext
) -> SourceResult:
    directory = None if source.chart else known.get(normalize_url(source.repo_url))
    if directory is None:
        return asyncio.run(_fetched(application, source, context))
    if not directory.is_dir() or _is_bare(directory):
        raise InspectError(f"{directory} is no directory of files", suggestion="Use --repo URL=DIR with a checkout.")
    references = {
        one.ref: known[normalize_url(one.repo_url)]
        for one in application.spec.all_sources
        if one.ref and normalize_url(one.repo_url) in known
    }
    reading = read_local(directory, source, context=context)
    return SourceResult(documents_of(reading, references=references), reading.closure)


def _is_bare(directory: Path) -> bool:
    return (directory / "HEAD").is_file() and (directory / "objects").is_dir()


async def _fetched(application: Application, source: ApplicationSource, context: RenderContext) -> SourceResult:
    with tempfile.TemporaryDirectory(prefix="argosy-inspect-") as data_dir:
        repositories = Repositories(Path(data_dir), credentials=NoCredentials(), clock=lambda: datetime.now(UTC))
        cache = RenderCache(Path(data_dir) / "renders.db")
        fetcher = ChartFetcher(NoCredentials(), clock=time.monotonic)
        try:
            rendered = await render(
                source,
                repositories=repositories,
                cache=cache,
                context=context,
                references=references_of(application.spec.all_sources),
                charts=Charts(fetcher),
            )
        finally:
            await fetcher.close()
            await cache.close()
            await repositories.close()
    return SourceResult(rendered.documents, rendered.closure)
