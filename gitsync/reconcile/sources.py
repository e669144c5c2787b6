"""What Git wants of each application, and who is concerned when refs move.

For every repository and followed ref there is one index of the paths that applications really read. When a ref moves,
the changed paths are found once and only the applications that read one of them are queued; the others cost nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gitsync.errors import GitsyncError, Stalled
from gitsync.git.address import normalized
from gitsync.git.affected import AffectedIndex
from gitsync.git.closure import Closure
from gitsync.git.errors import PathNotFound, RevisionNotFound
from gitsync.git.refs import RefsMoved, is_full_commit
from gitsync.git.repositories import Repositories
from gitsync.git.repository import ResolvedRevision
from gitsync.manifest.object import DesiredObject
from gitsync.manifest.prepare import Prepared, prepare
from gitsync.reconcile.fleet import Member
from gitsync.reconcile.newest import NewestChanges
from gitsync.reconcile.record import Desired, Record
from gitsync.reconcile.refresh import Refresh
from gitsync.reconcile.supervisor import Supervisor
from gitsync.render.cache import RenderCache
from gitsync.render.chart_sources import Charts
from gitsync.render.context import RenderContext
from gitsync.render.render import Rendered, render
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.kinds.application import ApplicationSource


class UnusableSource(Stalled):
    """The spec names no source, or one that this version cannot read."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What an application follows: a ref of a repository."""

    repository: str
    ref: str


class Sources:
    """Renders and prepares; keeps the index of who reads what. `on_affected` queues an application."""

    def __init__(
        self,
        repositories: Repositories,
        cache: RenderCache,
        charts: Charts,
        *,
        control_namespace: str,
        supervisor: Supervisor,
        on_affected: Callable[[ApplicationKey], None],
        on_repository: Callable[[str], None],
    ) -> None:
        self._repositories = repositories
        self._cache = cache
        self._charts = charts
        self._control_namespace = control_namespace
        self._supervisor = supervisor
        self._on_affected = on_affected
        self._on_repository = on_repository
        self._newest = NewestChanges(repositories)
        self._indexes: dict[_Place, AffectedIndex[ApplicationKey]] = {}
        self._places: dict[ApplicationKey, _Place] = {}
        self._urls: dict[ApplicationKey, str] = {}
        self._readers: dict[str, set[ApplicationKey]] = {}
        self._failing: dict[str, set[ApplicationKey]] = {}
        self.affected_total = 0

    async def desire(self, record: Record, member: Member, *, refresh: Refresh) -> Desired:
        """What the application's own source wants now. Raises GitsyncError."""
        if refresh is Refresh.COMPARE and record.desired is not None:
            return record.desired
        source = only_source(record.application.spec.all_sources)
        context = render_context(record, member)
        if source.chart:
            return await self._chart(record, member, source, context, refresh)
        self._read_by(record.key, source.repo_url)
        try:
            resolved, rendered = await self._resolve_and_render(source, refresh, context)
        except GitsyncError:
            self._failing.setdefault(normalized(source.repo_url), set()).add(record.key)
            raise
        self._failing.get(normalized(source.repo_url), set()).discard(record.key)
        self._follow(record.key, source.repo_url, resolved.ref, rendered.closure)
        revision = await self._revision(record.key, source, resolved.commit, rendered.closure)
        return self._prepared(record, member, rendered, resolved.commit, revision)

    async def desire_at(self, record: Record, member: Member, source: ApplicationSource, revision: str) -> Desired:
        """What a source wanted at some revision: for operations that name one. Follows nothing."""
        context = render_context(record, member)
        if source.chart:
            rendered = await self._render(source, revision or None, context)
            return self._prepared(record, member, rendered, rendered.commit, rendered.commit)
        resolved = await self._repositories.resolve(source.repo_url, revision or source.target_revision)
        rendered = await self._render(source, resolved.commit, context)
        return self._prepared(record, member, rendered, resolved.commit, resolved.commit)

    async def _chart(
        self, record: Record, member: Member, source: ApplicationSource, context: RenderContext, refresh: Refresh
    ) -> Desired:
        """A chart of a repository of charts: its version is its revision, and no ref of it ever moves."""
        self._unfollow(record.key)
        self._read_by(record.key, "")
        rendered = await self._render(source, None, context, anew=refresh is Refresh.HARD)
        return self._prepared(record, member, rendered, rendered.commit, rendered.commit)

    def forget(self, record: Record) -> None:
        """The application is gone."""
        self._unfollow(record.key)
        self._read_by(record.key, "")

    async def _resolve_and_render(
        self, source: ApplicationSource, refresh: Refresh, context: RenderContext
    ) -> tuple[ResolvedRevision, Rendered]:
        """What is missing may have been pushed since the host was asked last, so it is asked before we say so."""
        ask = refresh >= Refresh.NORMAL
        try:
            resolved = await self._repositories.resolve(source.repo_url, source.target_revision, fresh=ask)
            return resolved, await self._render(source, resolved.commit, context, anew=refresh is Refresh.HARD)
        except (PathNotFound, RevisionNotFound):
            if ask:
                raise
        return await self._resolve_and_render(source, Refresh.NORMAL, context)

    async def _render(
        self, source: ApplicationSource, commit: str | None, context: RenderContext, *, anew: bool = False
    ) -> Rendered:
        return await render(
            source,
            commit=commit,
            repositories=self._repositories,
            cache=self._cache,
            fresh=anew,
            context=context,
            charts=self._charts,
        )

    async def _revision(self, key: ApplicationKey, source: ApplicationSource, head: str, closure: Closure) -> str:
        """The newest commit that changed the inputs; a pinned commit is shown as it was pinned."""
        if is_full_commit(source.target_revision):
            return head
        return await self._newest.find(source.repo_url, head, key, closure)

    def _prepared(self, record: Record, member: Member, rendered: Rendered, head: str, revision: str) -> Desired:
        known = record.desired
        prepared: Prepared = prepare(
            rendered.documents,
            app=record.key,
            control_namespace=self._control_namespace,
            default_namespace=record.application.spec.destination.namespace,
            is_namespaced=member.cluster.discovery.is_namespaced,
        )
        objects = {one.key: one for one in prepared.objects}
        return Desired(
            head=head,
            revision=revision,
            source_type=rendered.source_type,
            objects=_kept(objects, known),
            conditions=prepared.conditions,
            unknown=frozenset(
                (one.gvk.group, one.gvk.kind)
                for one in prepared.objects
                if member.cluster.discovery.is_namespaced(one.gvk) is None
            ),
        )

    # ---- who reads what

    def _read_by(self, key: ApplicationKey, url: str) -> None:
        """Subscribe to the repository that an application reads, once for all of its applications."""
        before = self._urls.pop(key, "")
        if before and (not url or normalized(before) != normalized(url)):
            readers = self._readers.get(normalized(before), set())
            readers.discard(key)
            self._failing.get(normalized(before), set()).discard(key)
            if not readers:
                self._readers.pop(normalized(before), None)
                self._repositories.unsubscribe(before, self._refs_moved)
        if not url:
            return
        readers = self._readers.setdefault(normalized(url), set())
        if not readers:
            self._repositories.subscribe(url, self._refs_moved)
        readers.add(key)
        self._urls[key] = url

    def _follow(self, key: ApplicationKey, url: str, ref: str | None, closure: Closure) -> None:
        if ref is None:
            self._unfollow(key)
            return
        place = _Place(normalized(url), ref)
        if self._places.get(key) != place:
            self._unfollow(key)
            self._places[key] = place
        self._indexes.setdefault(place, AffectedIndex()).put(key, closure)

    def _unfollow(self, key: ApplicationKey) -> None:
        place = self._places.pop(key, None)
        if place is not None and (index := self._indexes.get(place)) is not None:
            index.remove(key)
            if not len(index):
                del self._indexes[place]

    def _refs_moved(self, event: RefsMoved) -> None:
        self._supervisor.spawn(f"moved refs of {normalized(event.url)}", self._take_moves(event))

    async def _take_moves(self, event: RefsMoved) -> None:
        """Queue exactly those whose inputs changed, and those that could not be rendered until now."""
        url = normalized(event.url)
        concerned = set(self._failing.get(url, ()))
        for move in event.moves:
            index = self._indexes.get(_Place(url, move.ref))
            if index is None:
                continue
            if move.old is None or move.new is None:
                concerned |= {key for key, place in self._places.items() if place == _Place(url, move.ref)}
                continue
            changed = await self._repositories.changed_paths(event.url, move.old, move.new)
            concerned |= index.affected(changed)
        self.affected_total += len(concerned)
        for key in concerned:
            self._on_affected(key)
        self._on_repository(event.url)


def render_context(record: Record, member: Member) -> RenderContext:
    """What of application and cluster manifests may depend on."""
    spec, discovery = record.application.spec, member.cluster.discovery
    served = {name for one in discovery.resources() for name in (_spelled(one.gvk), f"{_spelled(one.gvk)}/{one.kind}")}
    return RenderContext(
        instance=record.instance,
        namespace=spec.destination.namespace,
        project=spec.project or "default",
        kube_version=discovery.server_version,
        api_versions=tuple(sorted(served)),
    )


def _spelled(gvk: GroupVersionKind) -> str:
    return f"{gvk.group}/{gvk.version}" if gvk.group else gvk.version


def only_source(sources: tuple[ApplicationSource, ...]) -> ApplicationSource:
    """Raises UnusableSource for none, several, or one without a repository."""
    if not sources:
        raise UnusableSource("spec.source is required", suggestion="Name a repository and a path in spec.source.")
    if len(sources) > 1:
        raise UnusableSource(
            "applications with several sources are not supported by this version", suggestion="Use spec.source."
        )
    if not sources[0].repo_url:
        raise UnusableSource("spec.source.repoURL is required", suggestion="Name the repository to deploy from.")
    return sources[0]


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
