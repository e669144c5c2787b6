"""Writes a step: creates, patches, deletes, in that order. Every answer is in memory before the next pass."""

import asyncio
from collections.abc import Callable, Sequence

from gitsync.delivery.event_writer import EventWriter
from gitsync.delivery.store import Store, key_of
from gitsync.errors import Failed
from gitsync.kube.client import Cluster
from gitsync.kube.errors import (
    AlreadyExists,
    ClusterError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooManyRequests,
    UnknownKind,
)
from gitsync.manifest.object import JsonObject
from gitsync.rollout.values import Delete, Event, Patch, Step
from model.identity import GroupVersionKind, ResourceKey


class CreateRefused(Failed):
    """The cluster will not have an object as it is; the owner can be told why."""

    def __init__(self, created: JsonObject, cause: ClusterError) -> None:
        super().__init__(cause.message, suggestion=cause.suggestion)
        self.created = created


class Writes:
    """`on_change` hears of every object that a write changed."""

    def __init__(
        self,
        cluster: Cluster,
        store: Store,
        events: EventWriter,
        *,
        manager: str,
        on_change: Callable[[JsonObject], None],
    ) -> None:
        self._cluster = cluster
        self._store = store
        self._events = events
        self._manager = manager
        self._on_change = on_change
        self.total = 0

    async def apply(self, body: JsonObject, step: Step, *, component: str) -> None:
        """Raises ClusterError or CreateRefused at the first write that fails; what follows is not written then."""
        for created in step.creates:
            await self._create(created)
        for patch in step.patches:
            await self._patch(patch)
        for gone in step.deletes:
            await self._delete(gone)
        await self._tell(body, step.events, component)

    async def _create(self, body: JsonObject) -> None:
        """What is there already was made by an earlier pass whose answer was lost; the next pass sees it."""
        try:
            written = await self._cluster.create(body, manager=self._manager)
            self._took(written.body)
        except AlreadyExists:
            key = key_of(body)
            gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
            found = await self._cluster.get(gvk, key.namespace, key.name)
            if found is not None:
                self._took(found)
        except (Invalid, Forbidden) as cause:
            raise CreateRefused(body, cause) from cause

    async def _patch(self, patch: Patch) -> None:
        body = list(patch.body) if isinstance(patch.body, tuple) else patch.body
        try:
            after = await self._send(patch, body, patch.subresource)
        except (NotFound, UnknownKind) as failure:  # a path that is not served looks like a kind that is not known
            if not patch.subresource and isinstance(failure, UnknownKind):
                raise
            if not patch.subresource or self._store.get(patch.target) is None:
                return  # gone meanwhile: nothing to patch
            after = await self._send(patch, body, "")  # a kind without that subresource
        self._took(after)

    async def _send(self, patch: Patch, body: object, subresource: str) -> JsonObject:
        return await self._cluster.patch(
            patch.target, patch.version, body, kind=patch.kind, subresource=subresource, manager=self._manager
        )

    async def _delete(self, gone: Delete) -> None:
        key = gone.target
        if gone.evict:
            await self._evict(gone)
            return
        gvk = GroupVersionKind(key.group, gone.version, key.kind)
        try:
            await self._cluster.delete(gvk, key.namespace, key.name, uid=gone.uid)
            self.total += 1
        except Conflict:
            return  # another object has the name by now
        self._store.remove(key, gone.uid)

    async def _evict(self, gone: Delete) -> None:
        """A disruption budget may say no; the controller asks again later."""
        key = gone.target
        try:
            await self._cluster.evict(key.namespace, key.name, uid=gone.uid)
            self.total += 1
        except (TooManyRequests, NotFound, Conflict):
            return

    def _took(self, body: JsonObject) -> None:
        self.total += 1
        if self._store.put(body):
            self._on_change(body)

    async def _tell(self, body: JsonObject, events: Sequence[Event], component: str) -> None:
        """All at once: they are named in their order, and whoever reads a status looks for its events right after."""
        told = [(body if event.about is None else self._object(event.about), event) for event in events]
        writes = [self._events.write(about, event, component=component) for about, event in told if about is not None]
        await asyncio.gather(*writes)

    def _object(self, key: ResourceKey) -> JsonObject | None:
        return self._store.get(key)
