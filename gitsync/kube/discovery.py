"""Which kinds a cluster serves, and under which path.

One request for the core group and one for all others (aggregated discovery); an API server that does not know that is
asked group by group. Kinds of CustomResourceDefinitions are also learned from the definitions themselves, so that a
new kind can be used the moment it is established, without asking. A group whose server does not answer keeps the kinds
it had: absent for a moment is not gone.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from gitsync.kube.answer import Target
from gitsync.kube.errors import ClusterError, ClusterUnreachable, NotFound, Refused, UnknownKind
from gitsync.kube.limits import Budget
from gitsync.kube.transport import Answer, Request, Transport
from model.identity import GroupVersionKind

_AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
)
_MISS_SECONDS = 5.0  # an unknown kind makes us look again, at most this often
_T = TypeVar("_T")
_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")


@dataclass(frozen=True, slots=True)
class ApiResource:
    """One kind in one version, as the cluster serves it. `preferred` marks the version to watch."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()
    preferred: bool = True

    @property
    def gvk(self) -> GroupVersionKind:
        return GroupVersionKind(self.group, self.version, self.kind)

    @property
    def watchable(self) -> bool:
        return "list" in self.verbs and "watch" in self.verbs

    def path(self, namespace: str = "") -> str:
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/namespaces/{namespace}/{self.plural}" if namespace else f"{root}/{self.plural}"


ALL_VERBS = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})


def version_priority(version: str) -> tuple[int, int, int]:
    """Sort key that puts v2 before v1 before v2beta1 before v1alpha1 before anything else, as Kubernetes does."""
    match = _VERSION.fullmatch(version)
    if not match:
        return (3, 0, 0)
    major, stage, minor = match.groups()
    rank = {None: 0, "beta": 1, "alpha": 2}[stage]
    return (rank, -int(major), -int(minor or 0))


class _Kind(msgspec.Struct, frozen=True):
    kind: str = ""


class _AggregatedResource(msgspec.Struct, frozen=True, rename="camel"):
    resource: str
    scope: str = ""
    response_kind: _Kind | None = None
    verbs: tuple[str, ...] = ()


class _AggregatedVersion(msgspec.Struct, frozen=True):
    version: str
    resources: tuple[_AggregatedResource, ...] = ()
    freshness: str = "Current"


class _Meta(msgspec.Struct, frozen=True):
    name: str = ""


class _AggregatedGroup(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()
    versions: tuple[_AggregatedVersion, ...] = ()


class _AggregatedList(msgspec.Struct, frozen=True):
    kind: str = ""
    items: tuple[_AggregatedGroup, ...] = ()


class _GroupVersion(msgspec.Struct, frozen=True):
    version: str


class _Group(msgspec.Struct, frozen=True):
    name: str = ""
    versions: tuple[_GroupVersion, ...] = ()


class _GroupList(msgspec.Struct, frozen=True):
    groups: tuple[_Group, ...] = ()


class _Versions(msgspec.Struct, frozen=True):
    versions: tuple[str, ...] = ()


class _Resource(msgspec.Struct, frozen=True):
    name: str
    kind: str = ""
    namespaced: bool = False
    verbs: tuple[str, ...] = ()


class _ResourceList(msgspec.Struct, frozen=True):
    resources: tuple[_Resource, ...] = ()


class _Version(msgspec.Struct, frozen=True, rename="camel"):
    git_version: str = ""


@dataclass
class _Found:
    """What one look at the cluster found. `stale` are the group versions whose servers did not answer."""

    resources: list[ApiResource] = field(default_factory=list)
    stale: set[tuple[str, str]] = field(default_factory=set)


class Discovery:
    """The kinds of one cluster. Filled by `refresh()`; reading never asks the cluster."""

    def __init__(self, transport: Transport, *, clock: Callable[[], float]) -> None:
        self._transport = transport
        self._clock = clock
        self._served: dict[GroupVersionKind, ApiResource] = {}
        self._learned: dict[GroupVersionKind, ApiResource] = {}
        self._refreshed_at = float("-inf")
        self._refreshing: asyncio.Task[None] | None = None
        self.server_version = ""

    def resource(self, gvk: GroupVersionKind) -> ApiResource | None:
        return self._learned.get(gvk) or self._served.get(gvk)

    def is_namespaced(self, gvk: GroupVersionKind) -> bool | None:
        """None: the cluster has no such kind, in whatever version, as far as is known."""
        resource = self.resource(gvk) or next(iter(self._in_any_version(gvk)), None)
        return resource.namespaced if resource else None

    def _in_any_version(self, gvk: GroupVersionKind) -> list[ApiResource]:
        return [one for one in self.resources() if (one.group, one.kind) == (gvk.group, gvk.kind)]

    def resources(self) -> tuple[ApiResource, ...]:
        return tuple((self._served | self._learned).values())

    async def require(self, gvk: GroupVersionKind) -> ApiResource:
        """The kind, after another look at the cluster if it is not known. Raises UnknownKind."""
        if (found := self.resource(gvk)) is None:
            if self._clock() - self._refreshed_at >= _MISS_SECONDS:
                await self.refresh()
            found = self.resource(gvk)
        if found is None and (others := self._in_any_version(gvk)):
            versions = ", ".join(sorted(one.gvk.api_version for one in others))
            raise UnknownKind(
                f"the cluster serves no {gvk}, but it serves {gvk.kind} as {versions}",
                suggestion="Correct apiVersion, or install a CustomResourceDefinition that has this version.",
            )
        if found is None:
            raise UnknownKind(
                f"the cluster serves no {gvk}",
                suggestion="Install the CustomResourceDefinition first, or correct apiVersion and kind.",
            )
        return found

    async def refresh(self) -> None:
        """Look at the cluster; callers that come meanwhile share the look."""
        if self._refreshing is None:
            self._refreshing = asyncio.create_task(self._refresh(), name="discovery")
            self._refreshing.add_done_callback(self._refreshed)
        await asyncio.shield(self._refreshing)

    def learn(self, group: str, kind: str, resources: Iterable[ApiResource]) -> None:
        """Kinds read from an established CustomResourceDefinition, which knows better than an older look."""
        self.forget(group, kind)
        self._learned.update((resource.gvk, resource) for resource in resources)

    def forget(self, group: str, kind: str) -> None:
        """A CustomResourceDefinition is gone, and its kind with it."""
        for known in (self._served, self._learned):
            for gvk in [gvk for gvk in known if gvk.group == group and gvk.kind == kind]:
                del known[gvk]

    def _refreshed(self, task: asyncio.Task[None]) -> None:
        self._refreshing = None
        if not task.cancelled():
            task.exception()  # whoever waits gets it; when nobody does any more, it is not lost unseen

    async def _refresh(self) -> None:
        if not self.server_version:
            self.server_version = _decoded((await self._get("/version")).body, _Version).git_version
        core, groups = await self._get("/api", _AGGREGATED), await self._get("/apis", _AGGREGATED)
        found = _Found()
        for answer in (core, groups):
            listed = _decoded(answer.body, _AggregatedList)
            if listed.kind == "APIGroupDiscoveryList":
                _add_aggregated(found, listed)
            elif answer is core:
                await self._add_each(
                    found, [_Group("", tuple(map(_GroupVersion, _decoded(answer.body, _Versions).versions)))]
                )
            else:
                await self._add_each(found, _decoded(answer.body, _GroupList).groups)
        kept = {gvk: r for gvk, r in self._served.items() if (gvk.group, gvk.version) in found.stale}
        self._served = kept | {resource.gvk: resource for resource in found.resources}
        self._refreshed_at = self._clock()

    async def _add_each(self, found: _Found, groups: Iterable[_Group]) -> None:
        seen: set[tuple[str, str]] = set()
        for group in groups:
            for version in group.versions:
                root = f"/apis/{group.name}/{version.version}" if group.name else f"/api/{version.version}"
                try:
                    listed = _decoded((await self._get(root)).body, _ResourceList)
                except ClusterUnreachable:
                    raise
                except ClusterError as error:
                    if not isinstance(error, NotFound | UnknownKind):
                        found.stale.add((group.name, version.version))
                    continue
                for entry in listed.resources:
                    if "/" not in entry.name and entry.kind:
                        found.resources.append(
                            ApiResource(
                                group.name,
                                version.version,
                                entry.kind,
                                entry.name,
                                entry.namespaced,
                                frozenset(entry.verbs),
                                preferred=(group.name, entry.kind) not in seen,
                            )
                        )
                seen.update((group.name, entry.kind) for entry in listed.resources)

    async def _get(self, path: str, accept: str = "application/json") -> Answer:
        request = Request("GET", path, Target("discover", f"the kinds at {path}"), accept=accept)
        return await self._transport.send(request, Budget.WATCH)


def _add_aggregated(found: _Found, listed: _AggregatedList) -> None:
    for group in listed.items:
        seen: set[str] = set()
        for version in group.versions:
            if version.freshness == "Stale":
                found.stale.add((group.metadata.name, version.version))
            for entry in version.resources:
                kind = entry.response_kind.kind if entry.response_kind else ""
                if not kind:
                    continue
                found.resources.append(
                    ApiResource(
                        group.metadata.name,
                        version.version,
                        kind,
                        entry.resource,
                        entry.scope == "Namespaced",
                        frozenset(entry.verbs),
                        preferred=kind not in seen,
                    )
                )
            seen.update(entry.response_kind.kind for entry in version.resources if entry.response_kind)


def _decoded(body: bytes, type_: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.DecodeError as error:
        raise Refused("cannot discover the kinds of the cluster: its answer is not Kubernetes discovery") from error
