"""The story of a render: which commit, is it rendered already, what does it read, what does that say."""

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from gitsync.git.address import normalized
from gitsync.git.closure import Closure, holds
from gitsync.git.repositories import Repositories, TreeReader
from gitsync.git.tree import Files
from gitsync.manifest.errors import ManifestError
from gitsync.manifest.parse import ParsedDocument
from gitsync.render.cache import Candidate, RenderCache
from gitsync.render.chart_sources import ChartReader, Charts, open_chart, with_dependencies
from gitsync.render.context import RenderContext, Surroundings, surroundings_of
from gitsync.render.detect import SourceType, refuse_unsupported
from gitsync.render.directory import RenderLimits
from gitsync.render.errors import GenerationFailed
from gitsync.render.fetched_bases import with_bases
from gitsync.render.job import Job, run_job
from gitsync.render.kustomization import says_the_same
from gitsync.render.reading import Reading, read_source
from gitsync.render.references import OtherClosure, References, complete, gather_wanted, referred, spelled
from gitsync.render.remote_bases import BaseAddress, base_of_ref
from gitsync.render.remote_files import consulted_files, current, with_remote_files
from gitsync.render.remote_resources import with_remote_resources
from gitsync.render.tools import ToolFinder, Tools, find_tools, tool_identities
from model.kinds.application import ApplicationSource

_VERSION = "4"  # of what is rendered from equal inputs; a new one leaves all older renders unused
_DEFAULT_LIMITS = RenderLimits()
_DEFAULT_CONTEXT = RenderContext()
_NO_REFERENCES: References = {}
_found_tools = ToolFinder(find_tools)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The manifests of one source. `key` is equal for equal manifests of the same source, whatever the commit.

    `commit` is the version for a chart without repository. `others`: what was read of sources that this one refers
    to. `consulted`: what else the manifests depend on.
    """

    documents: tuple[ParsedDocument, ...]
    closure: Closure
    source_type: str
    commit: str
    key: str
    from_cache: bool
    others: tuple[OtherClosure, ...] = ()
    consulted: tuple[tuple[str, str], ...] = ()


async def render(
    source: ApplicationSource,
    *,
    repositories: Repositories,
    cache: RenderCache,
    limits: RenderLimits = _DEFAULT_LIMITS,
    commit: str | None = None,
    fresh: bool = False,
    ask: bool = False,
    context: RenderContext = _DEFAULT_CONTEXT,
    references: References = _NO_REFERENCES,
    tools: Tools | None = None,
    charts: Charts | None = None,
) -> Rendered:
    """Renders a source at its revision, or at `commit` if that is given; `fresh` uses no earlier render.
    `ask` asks a repository of charts for its versions anew.

    `references` are the application's sources with a `ref`; `charts` fetches from repositories of charts. Raises
    RepositoryError, RenderError and ManifestError.
    """
    refuse_unsupported(source)
    reader: TreeReader | ChartReader
    if source.chart:
        reader = await open_chart(source, charts, commit, ask=ask)
    else:
        if commit is None:
            resolved = await repositories.resolve(source.repo_url, source.target_revision, tag_prefix=source.tag_prefix)
            commit = resolved.commit
        if source.ref and not source.path:
            nothing = Closure(())
            return Rendered((), nothing, SourceType.DIRECTORY, commit, _digest(nothing), from_cache=False)
        reader = await repositories.tree(source.repo_url, commit)
    own = _Render(source, reader, repositories, cache, limits, context, references, tools or _found_tools(), charts)
    return (None if fresh else await own.known()) or await own.make(fresh=fresh)


class _Render:
    """One source at one commit."""

    def __init__(
        self,
        source: ApplicationSource,
        reader: "TreeReader | ChartReader",
        repositories: Repositories,
        cache: RenderCache,
        limits: RenderLimits,
        context: RenderContext,
        references: References,
        tools: Tools,
        charts: Charts | None,
    ) -> None:
        self._source = source
        self._reader = reader
        self._repositories = repositories
        self._cache = cache
        self._limits = limits
        self._context = context
        self._references = references
        self._tools = tools
        self._charts = charts
        self._lookup = _lookup(source, limits, context, references, reader)

    async def known(self) -> Rendered | None:
        """An earlier render, if all that it came from is the same."""
        candidates = await self._cache.candidates(self._lookup)
        if not candidates:
            return None
        surroundings = self._surroundings()
        candidates = [one for one in candidates if self._may_read(one)]
        names = (name for one in candidates for name, _ in one.consulted)
        surroundings.values = {**surroundings.values, **await current(names, self._charts)}
        for held in await self._reader.run(lambda files: _held(candidates, files, surroundings)):
            if await self._others_hold(held.others):
                documents = await self._cache.load(held.key)
                if documents is not None:
                    self._cache.counter.cache_hits_total += 1
                    return self._rendered(held, documents, from_cache=True)
        return None

    def _may_read(self, candidate: Candidate) -> bool:
        """Whether the project permits what was read on servers still."""
        addresses = consulted_files(name for name, _ in candidate.consulted)
        return not any(map(self._context.why_not_base, addresses))

    async def make(self, *, fresh: bool) -> Rendered:
        """Reads, runs what has to be run, and keeps what comes of it."""
        reading, documents = await self._read()
        job, others = await self._completed(reading.job)
        consulted = reading.consulted
        if job is not None and job.bases:
            job, of_bases = await with_bases(job, self._base_reader, self._context.why_not_base, self._limits)
            others += of_bases
        if job is not None:
            job, fetched = await with_remote_files(job, self._charts)
            job, resources = await with_remote_resources(job, self._charts)
            consulted += (*fetched, *resources)
        key = _digest(self._lookup, reading.closure, others, consulted)
        if job is not None:
            documents += await self._generate(job, key, fresh=fresh)
        self._cache.counter.renders_total += 1
        made = Candidate(reading.closure, key, reading.source_type, others, consulted)
        await self._cache.put(self._lookup, made, documents)
        return self._rendered(made, documents, from_cache=False)

    async def _read(self) -> tuple[Reading, tuple[ParsedDocument, ...]]:
        """What the source consists of, and the objects of its files."""
        reading = await self._reading()
        try:
            documents = await self._cache.parsed.parse(reading.files)
        except ManifestError:
            if not reading.listed:
                raise
        else:
            if not reading.listed or says_the_same(reading.files, documents):
                return reading, documents
        return await self._reading(exactly=True), ()

    async def _reading(self, *, exactly: bool = False) -> Reading:
        surroundings = self._surroundings()
        return await self._reader.run(
            lambda files: read_source(
                files,
                self._source,
                limits=self._limits,
                context=self._context,
                surroundings=surroundings,
                exactly=exactly,
            )
        )

    async def _generate(self, job: Job, key: str, *, fresh: bool) -> tuple[ParsedDocument, ...]:
        failures = self._cache.failures
        if fresh:
            failures.forget(key)
        failures.check(key)
        job = await with_dependencies(job, self._charts)
        try:
            async with self._cache.programs:
                self._cache.counter.programs_total += 1
                documents = await run_job(job, self._tools, self._limits.program)
        except GenerationFailed as error:
            failures.failed(key, error)
            raise
        failures.forget(key)
        return tuple(documents)

    async def _completed(self, job: Job | None) -> tuple[Job | None, tuple[OtherClosure, ...]]:
        """The job with the files of other sources."""
        others = []
        for ref in sorted({want.ref for want in job.wants} if job else ()):
            assert job is not None
            wants = [want for want in job.wants if want.ref == ref]
            reader = await self._reader_of(ref)
            found, tree, closure = await reader.run(
                functools.partial(
                    gather_wanted, wants=wants, max_bytes=self._limits.tree_bytes, max_files=self._limits.max_files
                )
            )
            job = complete(job, ref, found, tree)
            others.append(OtherClosure(ref, closure))
        return job, tuple(others)

    async def _others_hold(self, others: Sequence[OtherClosure]) -> bool:
        for other in others:
            base = base_of_ref(other.ref)
            if base is not None and self._context.why_not_base(base.url):
                return False
            reader = await (self._base_reader(base) if base is not None else self._reader_of(other.ref))
            if not await reader.run(functools.partial(holds, other.closure)):
                return False
        return True

    async def _base_reader(self, base: BaseAddress) -> TreeReader:
        commit = (await self._repositories.resolve(base.url, base.revision)).commit
        return await self._repositories.tree(base.url, commit)

    async def _reader_of(self, ref: str) -> TreeReader:
        other = referred(self._references, ref)
        commit = other.commit or (await self._repositories.resolve(other.repo_url, other.target_revision)).commit
        return await self._repositories.tree(other.repo_url, commit)

    def _surroundings(self) -> Surroundings:
        late = tool_identities(self._tools, self._context)
        return surroundings_of(self._source, self._reader.commit, self._context, late)

    def _rendered(self, made: Candidate, documents: tuple[ParsedDocument, ...], *, from_cache: bool) -> Rendered:
        return Rendered(
            documents,
            made.closure,
            made.source_type,
            self._reader.commit,
            made.key,
            from_cache,
            made.others,
            made.consulted,
        )


def _held(candidates: Sequence[Candidate], files: Files, surroundings: Surroundings) -> list[Candidate]:
    return [one for one in candidates if surroundings.same(one.consulted) and holds(one.closure, files)]


def _lookup(
    source: ApplicationSource,
    limits: RenderLimits,
    context: RenderContext,
    references: References,
    reader: "TreeReader | ChartReader",
) -> str:
    """Stands for everything that a render depends on besides files and what it consults."""
    chart = (source.chart, reader.commit, reader.digest) if isinstance(reader, ChartReader) else ()
    options = (
        *(_VERSION, normalized(source.repo_url) if not chart else source.repo_url, source.path, chart),
        *(source.directory, source.helm, source.kustomize, limits.max_bytes, limits.max_files),
        *(context.instance, sorted(context.enabled), sorted(context.value_schemes), spelled(references)),
    )
    return hashlib.blake2b(msgspec.msgpack.encode(options), digest_size=16).hexdigest()


def _digest(*parts: object) -> str:
    named = [part.digest() if isinstance(part, Closure) else part for part in parts]
    return hashlib.blake2b(msgspec.msgpack.encode(named), digest_size=16).hexdigest()
