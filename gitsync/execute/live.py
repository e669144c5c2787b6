"""What execution needs to see of a cluster, and waiting for it to change."""

import asyncio
from collections.abc import Callable, Collection
from typing import Protocol

from gitsync.kube.index import LiveEvent
from gitsync.manifest.object import JsonObject, LiveObject
from model.identity import ResourceKey


class LiveView(Protocol):
    """A live picture of one cluster: `gitsync.kube.cache.LiveCache`."""

    def get(self, key: ResourceKey) -> LiveObject | None: ...

    def mark_of(self, body: JsonObject) -> str: ...

    def blind_to(self, group: str, kind: str) -> bool: ...

    def listen_to(self, keys: Collection[ResourceKey], callback: Callable[[LiveEvent], None]) -> Callable[[], None]: ...


class Watched:
    """`with Watched(live, keys) as watched`: wakes up whoever waits whenever one of the objects changes.

    `on_event` hears each change before that, so that no state in between is missed.
    """

    def __init__(
        self,
        live: LiveView,
        keys: Collection[ResourceKey],
        on_event: Callable[[LiveEvent], None] | None = None,
    ) -> None:
        self._live = live
        self._keys = frozenset(keys)
        self._on_event = on_event
        self._stir = asyncio.Event()
        self._unsubscribe: Callable[[], None] | None = None

    def __enter__(self) -> "Watched":
        self._unsubscribe = self._live.listen_to(self._keys, self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        if self._unsubscribe:
            self._unsubscribe()

    def stir(self) -> None:
        """Wake up without an event."""
        self._stir.set()

    async def changed(self) -> None:
        """Returns when something changed since the last time this returned."""
        await self._stir.wait()
        self._stir.clear()

    async def until(self, holds: Callable[[], bool], *, seconds: float) -> bool:
        """True as soon as `holds()`, asked at each change; False when it does not within the time."""
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    await self.changed()
        except TimeoutError:
            return holds()
        return True

    def _heard(self, event: LiveEvent) -> None:
        if self._on_event:
            self._on_event(event)
        self._stir.set()


def has_seen(live: LiveObject | None, resource_version: str) -> bool:
    """Whether the cache has come as far as a write that ended in `resource_version`.

    Kubernetes promises since 1.35 that these are numbers that grow; older API servers on etcd have always done so.
    """
    if live is None:
        return False
    if live.resource_version == resource_version:
        return True
    if live.resource_version.isdecimal() and resource_version.isdecimal():
        return int(live.resource_version) > int(resource_version)
    return False
