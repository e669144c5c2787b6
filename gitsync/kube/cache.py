"""A live picture of one cluster: every kind that can be watched, kept true by one follower per kind.

An unreachable cluster is a state (`connection`), and what was known stays. A kind that may not be read, or that the
cluster cannot deliver, is left out and named (`incomplete`), and holds nothing else up. Kinds come and go with their
CustomResourceDefinitions.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from gitsync.kube import definition
from gitsync.kube.backoff import Backoff
from gitsync.kube.claims import CLAIM, STATEFUL_SET
from gitsync.kube.client import Cluster
from gitsync.kube.connection import Connection
from gitsync.kube.discovery import ApiResource
from gitsync.kube.errors import (
    AccessUnusable,
    ClusterError,
    ClusterUnreachable,
    Forbidden,
    Refused,
    TooManyRequests,
    Unauthorized,
    UnknownKind,
)
from gitsync.kube.exclusion import DEFAULT_EXCLUSIONS, Exclusions
from gitsync.kube.index import LiveEvent, LiveIndex, live_object
from gitsync.kube.listeners import Listeners
from gitsync.kube.observed import Observed
from gitsync.kube.watch import (
    Changed,
    Deleted,
    Follower,
    Interrupted,
    ListDone,
    ListPage,
    ListStarted,
    Signal,
    Watching,
    WatchPaces,
)
from gitsync.manifest.object import Facts, JsonObject, LiveObject
from gitsync.manifest.tracking import DEFAULT_TRACKING, TrackingSettings, mark_in
from model.identity import GroupVersionKind, ResourceKey

GroupKind = tuple[str, str]
Spawn = Callable[[str, Coroutine[Any, Any, None]], asyncio.Task[None]]

_REDISCOVER_SECONDS = 600.0  # what definitions do not tell (API services, a changed API server) is found this late
_JUDGED_AT_ONCE = 100  # objects, before others have their turn
_SETTLE_ATTEMPTS = 3  # a kind that the cluster fails to list that often no longer holds `synced` up
_DEFINITIONS: GroupKind = (definition.GROUP, definition.KIND)
_API_SERVICES: GroupKind = ("apiregistration.k8s.io", "APIService")
_ALWAYS_WITH_FACTS: frozenset[GroupKind] = frozenset({CLAIM, STATEFUL_SET})  # the one is shown below the other


@dataclass(slots=True)
class _Kind:
    """How one kind does. `stale` are the objects that a running list has not mentioned yet."""

    resource: ApiResource
    follower: Follower
    task: asyncio.Task[None] | None = None
    listed: bool = False
    failures: int = 0
    error: str = ""
    anew: bool = False  # what is known is taken again although it did not change
    stale: dict[ResourceKey, None] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        return self.listed or bool(self.error)


@dataclass(frozen=True, slots=True)
class Counts:
    objects: int
    kinds: int
    apis: int


def spawn_task(name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work, name=name)


class LiveCache:
    """Start it once; read it at any time. Listeners are called synchronously, in the order of the cluster's events."""

    def __init__(
        self,
        cluster: Cluster,
        *,
        facts_of: Callable[[JsonObject], Facts],
        exclusions: Exclusions = DEFAULT_EXCLUSIONS,
        tracking: TrackingSettings = DEFAULT_TRACKING,
        spawn: Spawn = spawn_task,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        paces: WatchPaces | None = None,
        readers: Mapping[GroupKind, Callable[[bytes], None]] | None = None,
    ) -> None:
        """`readers` are shown each new version of an object of their kind as it passes; it is not kept for them."""
        self.cluster = cluster
        self.index = LiveIndex()
        self.synced = asyncio.Event()
        self.connection = Connection(clock)
        self.held_up = ""  # what the cluster said when it asked for patience, until something is followed again
        self._facts_of = facts_of
        self._exclusions = exclusions
        self._tracking = tracking
        self._spawn = spawn
        self._paces = paces or WatchPaces()
        self._readers = readers or {}
        self._kinds: dict[GroupKind, _Kind] = {}
        self._defined: dict[str, GroupKind] = {}  # name of a CustomResourceDefinition -> the kind that it brings
        self._listeners = Listeners()
        self._main: asyncio.Task[None] | None = None
        self._look = asyncio.Event()  # set: look at the cluster's kinds again
        self._discovered = False
        self._stopping = False

    async def start(self) -> None:
        """Begins to follow the cluster and returns at once; `synced` tells when every kind has been listed."""
        assert self._main is None, "a live cache starts once"
        self._main = self._spawn(f"cache {self.cluster.name}", self._run())

    async def stop(self) -> None:
        """Ends all following. What is known stays readable."""
        self._stopping = True
        tasks = [kind.task for kind in self._kinds.values() if kind.task] + ([self._main] if self._main else [])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # reading

    def get(self, key: ResourceKey) -> LiveObject | None:
        return self.index.get(key)

    def owned_by(self, application: str) -> Collection[LiveObject]:
        return self.index.owned_by(application)

    def children_of(self, uid: str) -> Collection[LiveObject]:
        return self.index.children_of(uid)

    def tree_of(self, application: str) -> list[LiveObject]:
        return self.index.tree_of(application)

    async def body_of(self, live: LiveObject) -> JsonObject | None:
        """The whole object: as cached if it is managed, else read from the cluster; None when it is gone."""
        if live.raw is not None:
            return live.body()
        return await self.cluster.get(live.gvk, live.key.namespace, live.key.name)

    def follows(self, group: str, kind: str) -> bool:
        """Whether absence from this cache means absence from the cluster."""
        state = self._kinds.get((group, kind))
        return state is not None and state.listed

    def blind_to(self, group: str, kind: str) -> bool:
        """Whether nothing will ever be heard of a kind: left out, refused, or not watchable."""
        state = self._kinds.get((group, kind))
        if state is not None:
            return bool(state.error)
        if self._exclusions.matches(group, kind):
            return True
        served = [r for r in self.cluster.discovery.resources() if (r.group, r.kind) == (group, kind)]
        return bool(served) and not any(resource.watchable for resource in served)

    def excludes(self, group: str, kind: str) -> bool:
        return self._exclusions.matches(group, kind)

    def exclude(self, exclusions: Exclusions) -> None:
        """Other kinds than before are not to be followed."""
        self._exclusions = exclusions
        if self._discovered:
            self._adopt()

    def track(self, tracking: TrackingSettings) -> None:
        """Objects are marked in another way than before: everything is listed again, and what was known stays."""
        self._tracking = tracking
        for group_kind, kind in list(self._kinds.items()):
            self._follow(group_kind, kind.resource, anew=True)

    def mark_of(self, body: JsonObject) -> str:
        """The tracking id that an object carries, or ""."""
        metadata, gvk = body["metadata"], GroupVersionKind.parse(body["apiVersion"], body["kind"])
        key = ResourceKey(gvk.group, gvk.kind, metadata.get("namespace") or "", metadata["name"])
        return mark_in(metadata.get("labels"), metadata.get("annotations"), key, self._tracking)

    def judge_anew(self, concerns: Callable[[str, str], bool]) -> None:
        """Facts of these kinds, by group and kind, are made again: from what is kept, or from a new list."""
        for group_kind, kind in list(self._kinds.items()):
            if not concerns(*group_kind):
                continue
            known = list(self.index.of_kind(*group_kind))
            if any(live.raw is None and (live.owners or live.owner) for live in known):
                self._follow(group_kind, kind.resource, anew=True)
            if kept := [live.key for live in known if live.raw is not None]:
                self._spawn(f"judge {kind.resource.plural} anew", self._judge_anew(kept))

    async def _judge_anew(self, keys: Collection[ResourceKey]) -> None:
        for count, key in enumerate(keys, start=1):
            live = self.index.get(key)
            if live is not None and live.raw is not None:
                self._tell(self.index.put(msgspec.structs.replace(live, facts=self._facts_of(live.body()))))
            if count % _JUDGED_AT_ONCE == 0:
                await asyncio.sleep(0)

    @property
    def incomplete(self) -> Mapping[GroupKind, str]:
        """Kinds that cannot be followed, with the reason."""
        return {group_kind: kind.error for group_kind, kind in self._kinds.items() if kind.error}

    @property
    def counts(self) -> Counts:
        return Counts(len(self.index), len(self._kinds), len(self.cluster.discovery.resources()))

    def listen(self, callback: Callable[[LiveEvent], None]) -> Callable[[], None]:
        """Calls `callback` for each change from now on, until the returned function is called."""
        return self._listeners.add(callback)

    def listen_to(self, keys: Collection[ResourceKey], callback: Callable[[LiveEvent], None]) -> Callable[[], None]:
        """As `listen`, for changes of these objects only."""
        return self._listeners.add_to(keys, callback)

    # following

    async def _run(self) -> None:
        backoff = Backoff(self._paces.failed, self.cluster.jitter)
        while True:
            self._look.clear()
            try:
                await self.cluster.discovery.refresh()
            except ClusterError as error:
                self.connection.failed(error)
                await asyncio.sleep(backoff.failed(error))
                continue
            self._reached()
            self._discovered = True
            backoff.succeeded()
            self._adopt()
            try:
                async with asyncio.timeout(_REDISCOVER_SECONDS):
                    await self._look.wait()
            except TimeoutError:
                continue
            # Many definitions often come at once; one look serves them all.
            await asyncio.sleep(self._paces.failed.first_seconds)

    def _adopt(self) -> None:
        """Follows what is served and not followed yet, and lets go of what is served no more."""
        wanted = {
            (resource.group, resource.kind): resource
            for resource in self.cluster.discovery.resources()
            if resource.preferred and resource.watchable and not self._exclusions.matches(resource.group, resource.kind)
        }
        for group_kind in [group_kind for group_kind in self._kinds if group_kind not in wanted]:
            self._let_go(group_kind)
        for group_kind, resource in wanted.items():
            known = self._kinds.get(group_kind)
            if known is None or known.resource != resource or known.task is None or known.task.done():
                self._follow(group_kind, resource)
        self._check_synced()

    def _follow(self, group_kind: GroupKind, resource: ApiResource, *, anew: bool = False) -> None:
        if (known := self._kinds.get(group_kind)) and known.task:
            known.task.cancel()
        kind = _Kind(resource, Follower(self.cluster, resource, paces=self._paces))
        if known:
            kind.listed, kind.error = known.listed, known.error
        kind.anew = anew or (known is not None and known.anew)
        self._kinds[group_kind] = kind
        kind.task = self._spawn(f"watch {self.cluster.name} {resource.plural}", self._keep(kind))
        kind.task.add_done_callback(self._ended)

    def _let_go(self, group_kind: GroupKind) -> None:
        kind = self._kinds.pop(group_kind)
        if kind.task:
            kind.task.cancel()
        for live in list(self.index.of_kind(*group_kind)):
            self._tell(self.index.remove(live.key))

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A follower never ends by itself: a fault stopped it (the supervisor has logged it), so start it again."""
        if not task.cancelled() and not self._stopping:
            self._look.set()

    async def _keep(self, kind: _Kind) -> None:
        async for signal in kind.follower.signals():
            self._take(kind, signal)

    def _take(self, kind: _Kind, signal: Signal) -> None:
        resource = kind.resource
        match signal:
            case Changed(item):
                self._changed(kind, item)
            case Deleted(item):
                self._removed(kind, _key(resource, item))
            case ListStarted():
                kind.stale = dict.fromkeys(live.key for live in self.index.of_kind(resource.group, resource.kind))
            case ListPage(items):
                for item in items:
                    kind.stale.pop(_key(resource, item), None)
                    self._changed(kind, item)
            case ListDone():
                for key in kind.stale:
                    self._removed(kind, key)
                kind.stale = {}
                kind.anew = False
                self._settle(kind)
            case Watching():
                self._settle(kind)
            case Interrupted(error):
                self._interrupted(kind, error)

    def _changed(self, kind: _Kind, item: Observed) -> None:
        resource = kind.resource
        known = self.index.get(_key(resource, item))
        if known is not None and not kind.anew and _same(known, resource, item):
            return
        facts = self._facts_of(item.body()) if self._needs_facts(resource, item) else Facts()
        self._learn(resource, item)  # before telling: who hears that a definition is established may use its kind
        self._tell(
            self.index.put(live_object(item, resource.group, resource.version, resource.kind, facts, self._tracking))
        )
        if (reader := self._readers.get((resource.group, resource.kind))) is not None:
            reader(item.raw)

    def _needs_facts(self, resource: ApiResource, item: Observed) -> bool:
        """Only what can stand in the tree of an application: marked, owned by something, or a volume claim."""
        metadata = item.metadata
        if metadata.owner_references or (resource.group, resource.kind) in _ALWAYS_WITH_FACTS:
            return True
        return bool(mark_in(metadata.labels, metadata.annotations, _key(resource, item), self._tracking))

    def _removed(self, kind: _Kind, key: ResourceKey) -> None:
        self._tell(self.index.remove(key))
        group_kind = (kind.resource.group, kind.resource.kind)
        if group_kind == _DEFINITIONS and (defined := self._defined.pop(key.name, None)):
            self.cluster.discovery.forget(*defined)
            if defined in self._kinds:
                self._let_go(defined)
        elif group_kind == _API_SERVICES:
            self._look.set()

    def _tell(self, event: LiveEvent | None) -> None:
        if event is not None:
            self._listeners.tell(event)

    # kinds that come and go

    def _learn(self, resource: ApiResource, item: Observed) -> None:
        group_kind = (resource.group, resource.kind)
        if group_kind == _API_SERVICES and self.synced.is_set():
            self._look.set()
        elif group_kind == _DEFINITIONS:
            found = definition.read_definition(item.raw)
            self._defined[item.metadata.name] = (found.group, found.kind)
            discovery = self.cluster.discovery
            if found.established and any(discovery.resource(r.gvk) != r for r in found.resources):
                discovery.learn(found.group, found.kind, found.resources)
                self._adopt_kind(found.resources[0])

    def _adopt_kind(self, resource: ApiResource) -> None:
        group_kind = (resource.group, resource.kind)
        known = self._kinds.get(group_kind)
        if not self._exclusions.matches(*group_kind) and (known is None or known.resource != resource):
            self._follow(group_kind, resource)

    # how the cluster does

    def _settle(self, kind: _Kind) -> None:
        kind.listed, kind.error, kind.failures = True, "", 0
        self.held_up = ""
        self._reached()
        self._check_synced()

    def _interrupted(self, kind: _Kind, error: ClusterError) -> None:
        if isinstance(error, ClusterUnreachable | Unauthorized | AccessUnusable):
            self.connection.failed(error)
            return
        kind.failures += 1
        if isinstance(error, TooManyRequests):
            self.held_up = f"{error.message}. {error.suggestion}"
        if isinstance(error, Forbidden | UnknownKind | Refused) or kind.failures >= _SETTLE_ATTEMPTS:
            kind.error = error.message
            kind.listed = False
        self._reached()
        self._check_synced()

    def _reached(self) -> None:
        if self.connection.succeeded():
            for kind in self._kinds.values():
                kind.follower.retry_now()

    def _check_synced(self) -> None:
        if self._discovered and all(kind.settled for kind in self._kinds.values()):
            self.synced.set()


def _key(resource: ApiResource, item: Observed) -> ResourceKey:
    return ResourceKey(resource.group, resource.kind, item.metadata.namespace, item.metadata.name)


def _same(known: LiveObject, resource: ApiResource, item: Observed) -> bool:
    metadata = item.metadata
    return (known.resource_version, known.uid, known.version) == (
        metadata.resource_version,
        metadata.uid,
        resource.version,
    )
