"""What Git wants of each application: its sources resolved, rendered and prepared.

An application of several sources is rendered source by source; the manifests stand one after the other, and of equal
objects the last one counts. Who is concerned when refs move is the business of `gitsync.sourcing.followers`.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from gitsync.application.record import Desired, Record, Stage
from gitsync.application.refresh import Refresh
from gitsync.application.render_reasons import note_of
from gitsync.application.source_read import BaseRead, SourceRead, documents_of, places_of, reads_of, repositories_of
from gitsync.errors import Failed
from gitsync.fleet.members import Member
from gitsync.git.closure import Closure
from gitsync.git.errors import PathNotFound, RevisionNotFound
from gitsync.git.refs import is_full_commit
from gitsync.git.repositories import Repositories
from gitsync.git.repository import ResolvedRevision
from gitsync.manifest.object import DesiredObject
from gitsync.manifest.parse import ParsedDocument
from gitsync.manifest.prepare import Prepared, prepare
from gitsync.manifest.tracking import TrackingSettings
from gitsync.render.cache import RenderCache
from gitsync.render.chart_sources import Charts
from gitsync.render.context import RenderContext
from gitsync.render.references import references_of
from gitsync.render.remote_bases import base_of_ref
from gitsync.render.remote_files import CONSULTED
from gitsync.render.render import Rendered, render
from gitsync.sourcing.chart_versions import ChartVersions
from gitsync.sourcing.desired_sources import SourceFailed, is_floating_chart, usable_sources, which
from gitsync.sourcing.followers import Followers
from gitsync.sourcing.newest import NewestChanges
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import ApplicationSource


class Sources:
    """Renders and prepares. `context_of` says what manifests may depend on besides files; `verify` raises for
    commits that the project does not trust; `opened` decrypts what stands encrypted in Git for the runtime itself."""

    def __init__(
        self,
        repositories: Repositories,
        cache: RenderCache,
        charts: Charts,
        *,
        control_namespace: str,
        followers: Followers,
        context_of: Callable[[Record, Member], RenderContext],
        verify: Callable[[Record, str, ResolvedRevision], Awaitable[None]],
        opened: Callable[[Record, Member, list[ParsedDocument]], Awaitable[list[ParsedDocument]]],
        tracking: Callable[[], TrackingSettings],
        now: Callable[[], datetime],
        versions: ChartVersions,
    ) -> None:
        self._repositories = repositories
        self._cache = cache
        self._charts = charts
        self._control_namespace = control_namespace
        self.followers = followers
        self._context_of = context_of
        self._verify = verify
        self._opened = opened
        self._tracking = tracking
        self._now = now
        self.versions = versions
        self._newest = NewestChanges(repositories)

    async def desire(self, record: Record, member: Member, *, refresh: Refresh) -> Desired:
        """What the application's own sources want now. Raises GitsyncError."""
        if refresh is Refresh.COMPARE and record.desired is not None and Stage.SOURCE not in record.conditions:
            return record.desired
        sources = usable_sources(record.application.spec.all_sources)
        self.versions.note(record.key, floating=any(map(is_floating_chart, sources)))
        known = repositories_of(record.desired.reads) if record.desired else []
        self.followers.begin(record.key, [*(one.repo_url for one in sources if not one.chart), *known])
        reads = await self._read_all(record, sources, [""] * len(sources), refresh, self._context_of(record, member))
        reads = tuple([await self._with_bases(read) for read in reads])
        self.followers.begin(record.key, repositories_of(reads))
        self.followers.follow(record.key, places_of(reads))
        if any(name.startswith(CONSULTED) for read in reads for name, _ in read.rendered.consulted):
            self.versions.note(record.key, floating=True)
        revisions = [await self._revision(record.key, position, read) for position, read in enumerate(reads)]
        return await self._prepared(record, member, reads, revisions, several=bool(record.application.spec.sources))

    async def desire_at(
        self,
        record: Record,
        member: Member,
        sources: Sequence[ApplicationSource],
        revisions: Sequence[str],
        *,
        several: bool,
    ) -> Desired:
        """What sources wanted at some revisions, "" being their own: for operations that name one. Follows nothing."""
        reads = await self._read_all(record, sources, revisions, Refresh.RESOLVE, self._context_of(record, member))
        return await self._prepared(record, member, reads, [read.commit for read in reads], several=several)

    async def closures_at(
        self, record: Record, member: Member, sources: Sequence[ApplicationSource], revisions: Sequence[str]
    ) -> list[Closure]:
        """What of its repository each of the sources read at some revision."""
        reads = await self._read_all(record, sources, revisions, Refresh.RESOLVE, self._context_of(record, member))
        return [read.closure for read in reads]

    def hint(self, urls: Collection[str]) -> None:
        """Something was pushed there; none given: to any Git host. Of registries: ranges of versions are looked up."""
        self._repositories.hint(urls)
        if any(url.startswith("oci://") for url in urls):
            self._charts.fetcher.forget()
            self.versions.look()

    def forget(self, record: Record) -> None:
        """The application is gone."""
        self.versions.note(record.key, floating=False)
        self.followers.forget(record.key)

    # ---- reading

    async def _read_all(
        self,
        record: Record,
        sources: Sequence[ApplicationSource],
        revisions: Sequence[str],
        refresh: Refresh,
        context: RenderContext,
    ) -> tuple[SourceRead, ...]:
        """What is missing may have been pushed since the host was asked last, so it is asked before we say so."""
        try:
            return await self._read_once(record, sources, revisions, refresh, context)
        except (PathNotFound, RevisionNotFound, SourceFailed) as failure:
            cause = failure.__cause__ if isinstance(failure, SourceFailed) else failure
            if refresh >= Refresh.NORMAL or not isinstance(cause, (PathNotFound, RevisionNotFound)):
                raise
        return await self._read_once(record, sources, revisions, Refresh.NORMAL, context)

    async def _read_once(
        self,
        record: Record,
        sources: Sequence[ApplicationSource],
        revisions: Sequence[str],
        refresh: Refresh,
        context: RenderContext,
    ) -> tuple[SourceRead, ...]:
        position = 0
        try:
            resolved: list[ResolvedRevision | None] = []
            for position, source in enumerate(sources):
                one = await self._resolve(source, revisions[position], fresh=refresh >= Refresh.NORMAL)
                if one is not None:
                    await self._verify(record, source.repo_url, one)
                resolved.append(one)
            commits = [one.commit if one else None for one in resolved]
            references = references_of(sources, {at: commit for at, commit in enumerate(commits) if commit})
            rendered: list[Rendered] = []
            for position, source in enumerate(sources):
                rendered.append(
                    await render(
                        source,
                        commit=commits[position] or revisions[position] or None,
                        repositories=self._repositories,
                        cache=self._cache,
                        fresh=refresh is Refresh.HARD,
                        ask=refresh >= Refresh.NORMAL,
                        context=context,
                        references=references,
                        charts=self._charts,
                    )
                )
        except Failed as failure:
            if len(sources) == 1:
                raise
            told = f"{which(sources, position)}: {failure.message}"
            raise SourceFailed(told, suggestion=failure.suggestion) from failure
        return reads_of(sources, [one.ref if one else None for one in resolved], rendered)

    async def _with_bases(self, read: SourceRead) -> SourceRead:
        """The source with what was read of repositories that its kustomizations name."""
        bases: list[BaseRead] = []
        for other in read.rendered.others:
            if (base := base_of_ref(other.ref)) is not None:
                resolved = await self._repositories.resolve(base.url, base.revision)
                bases.append(BaseRead(base.url, resolved.ref, other.closure))
        return replace(read, bases=tuple(bases)) if bases else read

    async def _resolve(self, source: ApplicationSource, revision: str, *, fresh: bool) -> ResolvedRevision | None:
        """None for a chart: its version is its revision, and no ref of it ever moves."""
        if source.chart:
            return None
        return await self._repositories.resolve(
            source.repo_url, revision or source.target_revision, fresh=fresh, tag_prefix=source.tag_prefix
        )

    async def _revision(self, key: ApplicationKey, position: int, read: SourceRead) -> str:
        """The newest commit that changed the inputs; a pinned commit is shown as it was pinned."""
        if read.source.chart or is_full_commit(read.source.target_revision) or not read.closure.entries:
            return read.commit
        return await self._newest.find(read.source.repo_url, read.commit, (key, position), read.closure)

    async def _prepared(
        self, record: Record, member: Member, reads: Sequence[SourceRead], revisions: Sequence[str], *, several: bool
    ) -> Desired:
        known = record.desired
        prepared: Prepared = prepare(
            await self._opened(record, member, documents_of(reads)),
            app=record.key,
            control_namespace=self._control_namespace,
            default_namespace=record.application.spec.destination.namespace,
            is_namespaced=member.cluster.discovery.is_namespaced,
            tracking=self._tracking(),
        )
        objects = {one.key: one for one in prepared.objects}
        return Desired(
            revision=revisions[0],
            source_type=reads[0].source_type,
            objects=_kept(objects, known),
            revisions=tuple(revisions) if several else (),
            source_types=tuple(read.source_type for read in reads) if several else (),
            reads=tuple(read.without_documents() for read in reads),
            note=note_of(known.note if known else None, known.reads if known else (), reads, at=self._now()),
            conditions=prepared.conditions,
            unknown=frozenset(
                (one.gvk.group, one.gvk.kind)
                for one in prepared.objects
                if member.cluster.discovery.is_namespaced(one.gvk) is None
            ),
        )


def _kept(objects: dict[ResourceKey, DesiredObject], known: Desired | None) -> dict[ResourceKey, DesiredObject]:
    """Unchanged objects stay the same values, so that memory does not hold them twice."""
    if known is None:
        return objects
    return {
        key: before if (before := known.objects.get(key)) is not None and _same(before, one) else one
        for key, one in objects.items()
    }


def _same(one: DesiredObject, other: DesiredObject) -> bool:
    return (one.digest, one.version, one.origin) == (other.digest, other.version, other.origin)
