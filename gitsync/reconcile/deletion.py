"""Deletes what an Application deployed before the Application itself may go, as its finalizers ask.

In this order, each part by a finalizer of its own, so that a restart goes on where the last process stopped: PreDelete
hooks, the objects, PostDelete hooks. A hook that fails is in the way until Git has a better one. Without the
finalizer of the objects none of them is deleted. When the destination is not known any more, there is nothing to ask
and all finalizers go. A cluster that cannot be reached is not the same: the Application stays until it can.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog

from gitsync.application.record import Record, Stage, read_application
from gitsync.application.state import MemoKey
from gitsync.application.verdict import judge_extra
from gitsync.errors import Failed, GitsyncError
from gitsync.execute.delete_application import delete_application
from gitsync.execute.remove_object import Propagation
from gitsync.fleet.impersonation import Acting
from gitsync.fleet.members import Fleet, Member, UnknownDestination
from gitsync.kube.client import Cluster
from gitsync.kube.errors import Conflict, NotFound
from gitsync.manifest.annotations import HookType
from gitsync.manifest.object import LiveObject
from gitsync.plan.options import parse_options
from gitsync.reconcile.deletion_hooks import DeletionHooks, hook_finalizers
from gitsync.supervisor import Supervisor
from gitsync.syncing.approval import is_approved
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.kinds.application import (
    FINALIZER,
    GROUP,
    KIND,
    POST_DELETE_FINALIZER,
    PRE_DELETE_FINALIZER,
    VERSION,
)

log = structlog.get_logger("gitsync.deletion")

_RETRY_SECONDS = 15.0
_MAX_ATTEMPTS = 4  # of a write that loses against others
_NO_MEMO = MemoKey("", "", "")
_OURS = (FINALIZER, PRE_DELETE_FINALIZER, POST_DELETE_FINALIZER)


class DeletionIncomplete(Failed):
    """Objects could not be deleted; the Application stays and it is tried again."""


@dataclass(frozen=True, slots=True)
class DeletionParts:
    """What a deletion is made with."""

    home: Cluster
    fleet: Callable[[], Fleet]
    hooks: DeletionHooks
    acting: Acting


class Deletions:
    """One deletion per application at a time, each in its own task: finalizers of objects may take long."""

    def __init__(
        self,
        parts: DeletionParts,
        *,
        supervisor: Supervisor,
        busy: Callable[[Record], bool],
        changed: Callable[[Record], None],
        again: Callable[[ApplicationKey, float], None],
    ) -> None:
        self._parts = parts
        self._supervisor = supervisor
        self._busy = busy
        self._changed = changed
        self._again = again
        self._running: dict[ApplicationKey, asyncio.Task[None]] = {}

    def carry_out(self, record: Record) -> None:
        """Begin, unless it is under way, or an operation still has to end."""
        if record.key in self._running or self._busy(record) or not our_finalizers(record):
            return
        task = self._supervisor.spawn(f"deletion of {record.key}", self._delete(record))
        self._running[record.key] = task
        task.add_done_callback(lambda _: self._running.pop(record.key, None))

    def annotated(self, record: Record) -> None:
        """The application's annotations changed: what waits for somebody's approval may have it now."""
        if record.deleting and Stage.DELETION in record.conditions:
            self._again(record.key, 0.0)

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone; somebody else may have removed its finalizer."""
        if task := self._running.pop(key, None):
            task.cancel()

    async def guard(self, record: Record) -> None:
        """An application with hooks of its deletion gets finalizers, so that it cannot go without them."""
        if record.desired is None or record.comparison_failed or record.deleting:
            return
        present = record.application.metadata.finalizers
        wanted = hook_finalizers(record.desired)
        others = [one for one in present if one.partition("/")[0] not in (PRE_DELETE_FINALIZER, POST_DELETE_FINALIZER)]
        if {*others, *wanted} == set(present):
            return
        patch = {"metadata": {"finalizers": [*others, *wanted] or None, "resourceVersion": record.resource_version}}
        try:
            await self._parts.home.patch(_address(record.key), VERSION, patch)
        except NotFound:
            return
        except Conflict:
            self._again(record.key, 0.5)
        except GitsyncError as failure:
            log.warning("finalizers not written", application=str(record.key), reason=failure.message)
            self._again(record.key, _RETRY_SECONDS)

    async def _delete(self, record: Record) -> None:
        try:
            await self._step_by_step(record)
        except GitsyncError as failure:
            record.fail(Stage.DELETION, failure, type_="DeletionError")
            self._changed(record)
            self._again(record.key, _RETRY_SECONDS)
        else:
            log.info("deleted", application=str(record.key))

    async def _step_by_step(self, record: Record) -> None:
        try:
            member = self._parts.fleet().find(record.application.spec.destination)
        except UnknownDestination:
            await self._release(record, _OURS)
            return
        member.require()
        await self._run_hooks(record, member, HookType.PRE_DELETE, PRE_DELETE_FINALIZER)
        if _carries(record, FINALIZER):
            await self._delete_objects(record, member)
        if _carries(record, POST_DELETE_FINALIZER):
            await self._release(record, (FINALIZER, PRE_DELETE_FINALIZER))
        await self._run_hooks(record, member, HookType.POST_DELETE, POST_DELETE_FINALIZER)
        await self._release(record, _OURS)

    async def _run_hooks(self, record: Record, member: Member, hook_type: HookType, finalizer: str) -> None:
        """The bare finalizer goes when the hooks have succeeded, the one for the clean-up when that is done too."""

        async def succeeded() -> None:
            await self._release(record, (finalizer,), exactly=True)

        if finalizer in record.application.metadata.finalizers:
            await self._parts.hooks.run(record, member, hook_type, succeeded=succeeded)
            await succeeded()
        elif _carries(record, finalizer):
            await self._parts.hooks.clean(record, member, hook_type)

    async def _delete_objects(self, record: Record, member: Member) -> None:
        policy = record.application.spec.sync_policy
        objects = [one for one in member.cache.owned_by(record.instance) if _goes(record, one)]
        ended = await delete_application(
            objects,
            cluster=self._parts.acting.cluster(record, member),
            live=member.cache,
            application=record.instance,
            propagation=_propagation(record),
            options=parse_options(policy.sync_options) if policy else {},
            approved=is_approved(record.application, record.application.metadata.deletion_timestamp),
            on_progress=lambda message: self._progressed(record, member, message),
        )
        if not ended.complete:
            first = next(iter(ended.failed.items()))
            raise DeletionIncomplete(
                f"{len(ended.failed)} objects could not be deleted, the first is {first[0]}: {first[1]}"
            )

    def _progressed(self, record: Record, member: Member, message: str) -> None:
        log.info("deletion waits", application=str(record.key), cluster=member.name, message=message)

    async def _release(self, record: Record, names: Collection[str], *, exactly: bool = False) -> None:
        """Takes finalizers of these names off, in all their spellings unless `exactly` these. Raises ClusterError."""
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            present = record.application.metadata.finalizers
            kept = [one for one in present if (one if exactly else one.partition("/")[0]) not in names]
            if len(kept) == len(present):
                return
            patch = {"metadata": {"finalizers": kept or None, "resourceVersion": record.resource_version}}
            try:
                body = await self._parts.home.patch(_address(record.key), VERSION, patch)
            except NotFound:
                return
            except Conflict:
                if attempt == _MAX_ATTEMPTS:
                    raise
                gvk = GroupVersionKind(GROUP, VERSION, KIND)
                now = await self._parts.home.get(gvk, record.key.namespace, record.key.name)
                if now is None or now["metadata"].get("uid") != record.application.metadata.uid:
                    return
                body = now
            record.raw, record.application = body, read_application(body)


def _address(key: ApplicationKey) -> ResourceKey:
    return ResourceKey(GROUP, KIND, key.namespace, key.name)


def _carries(record: Record, finalizer: str) -> bool:
    """In any of its spellings."""
    return any(one.partition("/")[0] == finalizer for one in record.application.metadata.finalizers)


def _goes(record: Record, one: LiveObject) -> bool:
    """Whether the object goes with the application; one that deploys itself cannot wait for its own end."""
    itself = one.uid == record.application.metadata.uid
    return not itself and judge_extra(one, _NO_MEMO) is not None


def our_finalizers(record: Record) -> tuple[str, ...]:
    """The finalizers that this engine answers for, in any of their spellings."""
    return tuple(one for one in record.application.metadata.finalizers if one.partition("/")[0] in _OURS)


def _propagation(record: Record) -> Propagation:
    return "Background" if f"{FINALIZER}/background" in record.application.metadata.finalizers else "Foreground"
