"""Follows all objects of one kind: list, then watch, for ever, whatever happens to the connection.

The signals tell the truth and nothing twice: after `ListDone` what was not in the pages since `ListStarted` is gone;
`Changed` and `Deleted` follow in the cluster's order. A dropped or silent watch is resumed from the last
resourceVersion; when the cluster has forgotten that one (410), the list comes again.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from gitsync.kube.answer import Target, error_for_event
from gitsync.kube.backoff import Backoff, Pace
from gitsync.kube.client import PAGE_OBJECTS, Cluster
from gitsync.kube.discovery import ApiResource
from gitsync.kube.errors import (
    AccessUnusable,
    ClusterError,
    ClusterUnreachable,
    Expired,
    Forbidden,
    Refused,
    TooManyRequests,
    Unauthorized,
    UnknownKind,
)
from gitsync.kube.limits import Budget
from gitsync.kube.lines import lines
from gitsync.kube.observed import Observed, observed, read_event
from gitsync.kube.transport import Request
from model.identity import GroupVersionKind

_MAX_EVENT = 64 * 1024 * 1024  # bytes; etcd takes objects of 1.5 MiB, aggregated servers may send more
_WATCH_SECONDS = (240, 480)  # the server is asked to end each watch after a random time between these
_SHORT_WATCH_SECONDS = 1.0  # a watch that ended this soon counts as a failure, or a broken proxy makes us spin


@dataclass(frozen=True, slots=True)
class ListStarted:
    """A list begins; pages follow."""


@dataclass(frozen=True, slots=True)
class ListPage:
    items: tuple[Observed, ...]


@dataclass(frozen=True, slots=True)
class ListDone:
    """The list is complete. `items` holds all of it for `watch_kind`; it is empty when pages were given."""

    items: tuple[Observed, ...] = ()


@dataclass(frozen=True, slots=True)
class Watching:
    """A watch is open."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Created or modified."""

    item: Observed


@dataclass(frozen=True, slots=True)
class Deleted:
    """Gone; `item` is its last state."""

    item: Observed


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The cluster cannot be followed now; what is known stays, and it is tried again after `retry_seconds`."""

    error: ClusterError
    retry_seconds: float


Signal = ListStarted | ListPage | ListDone | Watching | Changed | Deleted | Interrupted
KindSignal = ListDone | Changed | Deleted | Interrupted


@dataclass(frozen=True, slots=True)
class WatchPaces:
    """`refused` is for what does not heal by itself within seconds: missing permission, missing kind."""

    failed: Pace = field(default_factory=Pace)
    refused: Pace = field(default_factory=lambda: Pace(first_seconds=15.0, most_seconds=300.0))


async def watch_kind(
    cluster: Cluster,
    gvk: GroupVersionKind,
    *,
    namespace: str = "",
    label_selector: str = "",
    field_selector: str = "",
    paces: WatchPaces | None = None,
) -> AsyncIterator[KindSignal]:
    """Follows a kind of which there are few enough to hold a whole list. Never ends by itself, never raises."""
    items: list[Observed] = []
    paces = paces or WatchPaces()
    backoff = Backoff(paces.refused, cluster.jitter)
    while (resource := cluster.discovery.resource(gvk)) is None:
        try:
            resource = await cluster.discovery.require(gvk)
        except ClusterError as error:
            wait = backoff.failed() if isinstance(error, UnknownKind) else paces.failed.most_seconds
            yield Interrupted(error, wait)
            await asyncio.sleep(wait)
    follower = Follower(
        cluster,
        resource,
        namespace=namespace,
        label_selector=label_selector,
        field_selector=field_selector,
        paces=paces,
    )
    async for signal in follower.signals():
        match signal:
            case ListStarted():
                items.clear()
            case ListPage():
                items.extend(signal.items)
            case ListDone():
                yield ListDone(tuple(items))
                items.clear()
            case Changed() | Deleted() | Interrupted():
                yield signal


class Follower:
    """Follows one kind in one version. `signals()` never ends by itself and raises nothing of the cluster's."""

    def __init__(
        self,
        cluster: Cluster,
        resource: ApiResource,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        paces: WatchPaces | None = None,
    ) -> None:
        paces = paces or WatchPaces()
        self._cluster = cluster
        self._resource = resource
        self._namespace = namespace
        self._selector = label_selector
        self._field_selector = field_selector
        self._jitter: random.Random = cluster.jitter
        self._failed = Backoff(paces.failed, cluster.jitter)
        self._refused = Backoff(paces.refused, cluster.jitter)
        self._version = ""  # resourceVersion to resume from; "" asks for a list
        self._page_objects = PAGE_OBJECTS
        self._woken = asyncio.Event()

    async def signals(self) -> AsyncIterator[Signal]:
        clock = asyncio.get_running_loop().time
        while True:
            interruption: ClusterError | None = None
            opened_at = clock()
            try:
                if not self._version:
                    async for signal in self._list():
                        yield signal
                async for signal in self._watch():
                    yield signal
                if clock() - opened_at >= _SHORT_WATCH_SECONDS:
                    continue
                wait = self._failed.failed()
            except Expired:
                self._version = ""
                wait = self._failed.failed()
            except _Dropped:
                wait = self._failed.failed()
            except ClusterError as error:
                interruption = error
                wait = self._after(error)
            if interruption is not None:
                yield Interrupted(interruption, wait)
            await self._pause(wait)

    def retry_now(self) -> None:
        """Somebody knows that the cluster is back."""
        self._woken.set()

    def _after(self, error: ClusterError) -> float:
        """Seconds to wait. After a refusal a list is always right; after silence the watch can be resumed."""
        if not isinstance(error, ClusterUnreachable | TooManyRequests | Unauthorized | AccessUnusable):
            self._version = ""
        return (self._refused if isinstance(error, Forbidden | UnknownKind | Refused) else self._failed).failed(error)

    async def _pause(self, seconds: float) -> None:
        self._woken.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    def _progressed(self) -> None:
        self._failed.succeeded()
        self._refused.succeeded()

    async def _list(self) -> AsyncIterator[Signal]:
        yield ListStarted()
        version = ""
        try:
            async for page in self._cluster.list_pages(
                self._resource.gvk,
                namespace=self._namespace,
                label_selector=self._selector,
                field_selector=self._field_selector,
                limit=self._page_objects,
                budget=Budget.WATCH,
            ):
                version = page.resource_version
                yield ListPage(page.items)
        except Expired:
            # The continue token ran out: the list changes faster than it is read, so ask for all of it at once.
            self._page_objects = 0
            raise
        self._version = version
        self._progressed()
        yield ListDone()

    async def _watch(self) -> AsyncIterator[Signal]:
        times = self._cluster.times
        request = self._watch_request()
        async with AsyncExitStack() as stack:
            async with self._cluster.limits.slot(Budget.WATCH):
                try:
                    async with asyncio.timeout(times.first_byte_seconds):
                        response = await stack.enter_async_context(
                            self._cluster.transport.open(request, idle_seconds=times.watch_idle_seconds)
                        )
                except TimeoutError as error:
                    raise ClusterUnreachable(
                        f"cluster {self._cluster.name} did not open the watch of {self._resource.plural} within"
                        f" {times.first_byte_seconds:g} s",
                        waited_for="first byte",
                    ) from error
            yield Watching()
            try:
                async for line in lines(self._cluster.transport.chunks(response, request), limit=_MAX_EVENT):
                    if (signal := self._read(line, request.target)) is not None:
                        yield signal
            except ClusterUnreachable as error:
                raise _Dropped from error

    def _watch_request(self) -> Request:
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(self._jitter.randint(*_WATCH_SECONDS)),
        }
        if self._selector:
            query["labelSelector"] = self._selector
        if self._field_selector:
            query["fieldSelector"] = self._field_selector
        path = f"{self._resource.path(quote(self._namespace))}?{urlencode(query)}"
        return Request("GET", path, Target("watch", self._resource.plural))

    def _read(self, line: bytes, target: Target) -> Signal | None:
        type_, raw = read_event(line, self._resource.kind)
        if type_ == "ERROR":
            raise error_for_event(raw, target)
        item = observed(raw, api_version=self._resource.gvk.api_version, kind=self._resource.kind)
        self._version = item.metadata.resource_version or self._version
        self._progressed()
        if type_ == "DELETED":
            return Deleted(item)
        return None if type_ == "BOOKMARK" else Changed(item)


class _Dropped(Exception):
    """A watch that was open broke off; it is resumed, and only if that fails is the cluster said to be away."""
