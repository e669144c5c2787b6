"""The loop: watches feed the store, changes feed the queue, the queue asks controllers, steps are written."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog

from gitsync.delivery.controller import Controller, Followed
from gitsync.delivery.event_writer import EventWriter
from gitsync.delivery.store import Store, key_of
from gitsync.delivery.writes import CreateRefused, Writes
from gitsync.errors import GitsyncError
from gitsync.kube.client import Cluster
from gitsync.kube.watch import Changed, Deleted, Interrupted, ListDone, watch_kind
from gitsync.manifest.object import JsonObject
from gitsync.reconcile.queue import FairQueue
from gitsync.rollout.values import Needed, Step
from gitsync.supervisor import Heart, Supervisor
from model.identity import ResourceKey
from model.kinds.rollout import INSTANCE_LABEL

log = structlog.get_logger("gitsync.delivery")

MANAGER = "rollouts-controller"
_CONCURRENCY = 16
_AGAIN_SECONDS = 1.0  # after a failed write or look; doubles up to the next line
_AGAIN_MAX_SECONDS = 60.0
_LISTED_SECONDS = 0.1  # until it is asked again whether a kind has been listed
_FLUSH_SECONDS = 0.02  # changes of one object's surroundings within this time are looked at together


class DeliveryLoop:
    """`instance_id`: only objects that carry it are ours; with "" only those that carry none.

    `before_first` is awaited once before the first pass: it finds out who is in charge.
    """

    def __init__(
        self,
        cluster: Cluster,
        controllers: Sequence[Controller],
        *,
        supervisor: Supervisor,
        now: Callable[[], datetime],
        before_first: Callable[[], Awaitable[None]],
        instance_id: str = "",
    ) -> None:
        self._cluster = cluster
        self._before_first = before_first
        self._beginning = asyncio.Lock()
        self._begun = False
        self._controllers = {(one.kind.group, one.kind.kind): one for one in controllers}
        self._supervisor = supervisor
        self._instance_id = instance_id
        self._listed: dict[Followed, bool] = {}
        self._away: set[Followed] = set()  # kinds that the cluster does not serve, or does not let us see
        self._failures: dict[ResourceKey, int] = {}
        self._ended: dict[ResourceKey, tuple[JsonObject, Step]] = {}  # deleted, and what is to be written after that
        self.store = Store()
        self.events = EventWriter(cluster, manager=MANAGER, now=now)
        self.writes = Writes(cluster, self.store, self.events, manager=MANAGER, on_change=self._changed)
        self.standing_by = ""  # why nothing is written, "" when we are in charge
        self.passes = 0
        self.failed = 0
        self.queue: FairQueue[ResourceKey] = FairQueue(
            self._work, lane_of=lambda key: key.namespace, lane_concurrency=8, total_concurrency=_CONCURRENCY
        )

    def start(self) -> None:
        for controller in self._controllers.values():
            self.follow(Followed(controller.kind))
            for followed in controller.followed:
                self.follow(followed)

    async def close(self) -> None:
        await self.queue.close()

    @property
    def not_ready(self) -> str:
        """Which kinds are still being listed, or ""."""
        waiting = [one.gvk.kind for one, listed in self._listed.items() if not listed and not one.optional]
        return f"being listed: {', '.join(sorted(waiting))}" if waiting else ""

    def take_charge(self, other: str) -> None:
        """`other` names who reconciles instead; "" makes us work."""
        if other == self.standing_by:
            return
        log.warning("rollouts are left alone" if other else "rollouts are ours", reason=other)
        self.standing_by = other
        self.queue_all()

    def queue_all(self) -> None:
        for group, kind in self._controllers:
            for body in list(self.store.of_kind(group, kind)):
                self.queue.add(key_of(body))
        for (group, kind), controller in self._controllers.items():
            for body, step in controller.left_over(self.store):
                metadata = body["metadata"]
                key = ResourceKey(group, kind, metadata.get("namespace") or "", metadata["name"])
                self._ended[key] = body, step
                self.queue.add(key)

    # ---- following

    def follow(self, followed: Followed) -> None:
        if followed in self._listed:
            return
        self._listed[followed] = False
        name = f"watch of {followed.gvk.kind}.{followed.gvk.group}".rstrip(".")
        if followed.label_selector:
            name += f" with the label {followed.label_selector}"
        self._supervisor.start(name, lambda heart: self._follow(followed, heart))

    async def _follow(self, followed: Followed, heart: Heart) -> None:
        known: set[ResourceKey] = set()
        async for signal in watch_kind(self._cluster, followed.gvk, label_selector=followed.label_selector):
            match signal:
                case ListDone(items=items):
                    bodies = [item.body() for item in items]
                    now = {key_of(body) for body in bodies}
                    for key in known - now:
                        self._gone(key, "")
                    for body in bodies:
                        self._observed(body)
                    known = now
                    if not self._listed[followed]:
                        self._listed[followed] = True
                        self._listed_now()
                case Changed(item=item):
                    body = item.body()
                    known.add(key_of(body))
                    self._observed(body)
                case Deleted(item=item):
                    key = key_of(item.body())
                    known.discard(key)
                    self._gone(key, item.metadata.uid)
                case Interrupted(error=error):
                    self._away.add(followed)
                    heart.error = "" if followed.optional else error.message
                    continue
            self._away.discard(followed)
            heart.beat()

    def _listed_now(self) -> None:
        if not self.not_ready:
            self.queue_all()

    def _observed(self, body: JsonObject) -> None:
        if self.store.put(body):
            self._changed(body)

    def _gone(self, key: ResourceKey, uid: str) -> None:
        before = self.store.remove(key, uid)
        if before is None:
            return
        self._failures.pop(key, None)
        controller = self._controllers.get((key.group, key.kind))
        if controller is not None:
            self.queue.forget(key)
            step = controller.gone(before, self.store)
            if step.writes:
                self._ended[key] = before, step
                self._queue(key)
        self._concern(before)

    def _changed(self, body: JsonObject) -> None:
        key = key_of(body)
        controller = self._controllers.get((key.group, key.kind))
        if controller is not None:
            for need in controller.needs(body):
                self._follow_need(need)
            self._queue(key)
        self._concern(body)

    def _concern(self, body: JsonObject) -> None:
        """Its owners, and who asks for more. Pods are told by their ReplicaSet, whose status counts them."""
        for reference in body["metadata"].get("ownerReferences") or ():
            owner = self.store.with_uid(str(reference.get("uid") or ""))
            if owner is not None:
                key = key_of(owner)
                if (key.group, key.kind) in self._controllers:
                    self._queue(key)
        for controller in self._controllers.values():
            for key in controller.concerned(body, self.store):
                self._queue(key)

    def _queue(self, key: ResourceKey) -> None:
        if not self.not_ready:
            self.queue.add_after(key, _FLUSH_SECONDS)

    def _follow_need(self, need: Needed) -> None:
        self.follow(Followed(need.gvk, optional=True))

    def _waits_for_a_list(self, controller: Controller, body: JsonObject) -> bool:
        """What is not there yet only because nobody has told us must not look as if it were missing."""
        needed = {Followed(need.gvk, optional=True) for need in controller.needs(body)}
        return any(not self._listed.get(one, True) and one not in self._away for one in needed)

    # ---- working

    async def _work(self, key: ResourceKey) -> None:
        if not await self._supervisor.guard(f"{key.kind} {key.namespace}/{key.name}", self._look(key)):
            self._try_again(key)

    async def _look(self, key: ResourceKey) -> None:
        body, controller = self.store.get(key), self._controllers[key.group, key.kind]
        ended = self._ended.pop(key, None)
        about = body if body is not None else ended[0] if ended is not None else None
        if about is None or not self.is_ours(about):
            return
        await self._begin()
        if self.standing_by:
            return
        if body is None:
            if ended is not None:
                await self._after_end(key, controller, ended)
            return
        if self._waits_for_a_list(controller, body):
            self.queue.add_after(key, _LISTED_SECONDS)
            return
        self.passes += 1
        try:
            step = await controller.look(body, self.store)
            await self.writes.apply(body, step, component=controller.component)
        except CreateRefused as refusal:
            await self._tell_refusal(controller, body, refusal)
            self._failed(key, refusal)
            return
        except GitsyncError as failure:
            self._failed(key, failure)
            return
        self._failures.pop(key, None)
        if step.requeue_seconds is not None:
            self.queue.add_after(key, step.requeue_seconds)

    async def _after_end(self, key: ResourceKey, controller: Controller, ended: tuple[JsonObject, Step]) -> None:
        body, step = ended
        try:
            await self.writes.apply(body, step, component=controller.component)
        except GitsyncError as failure:
            self._ended[key] = ended
            self._failed(key, failure)

    async def _tell_refusal(self, controller: Controller, body: JsonObject, refusal: CreateRefused) -> None:
        try:
            step = controller.refused(body, refusal.created, refusal.message)
            await self.writes.apply(body, step, component=controller.component)
        except GitsyncError as failure:
            log.warning("refusal not told", name=body["metadata"]["name"], reason=failure.message)

    async def _begin(self) -> None:
        async with self._beginning:
            if not self._begun:
                await self._before_first()
                self._begun = True

    @property
    def has_work(self) -> bool:
        """There is an object that would be ours."""
        return any(self.is_ours(body) for group, kind in self._controllers for body in self.store.of_kind(group, kind))

    def is_ours(self, body: JsonObject) -> bool:
        return ((body["metadata"].get("labels") or {}).get(INSTANCE_LABEL) or "") == self._instance_id

    def _failed(self, key: ResourceKey, failure: GitsyncError) -> None:
        log.warning("not reconciled", kind=key.kind, namespace=key.namespace, name=key.name, reason=failure.message)
        self._try_again(key)

    def _try_again(self, key: ResourceKey) -> None:
        self.failed += 1
        times = self._failures.get(key, 0)
        self._failures[key] = times + 1
        self.queue.add_after(key, min(_AGAIN_SECONDS * 2**times, _AGAIN_MAX_SECONDS))
