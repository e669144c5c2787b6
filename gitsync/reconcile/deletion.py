"""Deletes what an Application deployed before the Application itself may go, as its finalizer asks.

Without the finalizer nothing is deleted. When the destination is not known any more, there is nothing to ask and the
finalizer goes. A cluster that cannot be reached is not the same: the Application stays until it can.
"""

import asyncio
from collections.abc import Callable

import structlog

from gitsync.errors import Failed, GitsyncError
from gitsync.execute.delete_application import delete_application
from gitsync.execute.remove_object import Propagation
from gitsync.kube.client import Cluster
from gitsync.kube.errors import Conflict, NotFound
from gitsync.manifest.object import LiveObject
from gitsync.plan.options import parse_options
from gitsync.reconcile.application_state import MemoKey
from gitsync.reconcile.approval import is_approved
from gitsync.reconcile.fleet import Fleet, Member, UnknownDestination
from gitsync.reconcile.record import Record, Stage
from gitsync.reconcile.supervisor import Supervisor
from gitsync.reconcile.verdict import judge_extra
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import FINALIZER, GROUP, KIND, VERSION

log = structlog.get_logger("gitsync.deletion")

_RETRY_SECONDS = 15.0
_NO_MEMO = MemoKey("", "", "")


class DeletionIncomplete(Failed):
    """Objects could not be deleted; the Application stays and it is tried again."""


class Deletions:
    """One deletion per application at a time, each in its own task: finalizers of objects may take long."""

    def __init__(
        self,
        home: Cluster,
        *,
        fleet: Callable[[], Fleet],
        supervisor: Supervisor,
        busy: Callable[[Record], bool],
        changed: Callable[[Record], None],
        again: Callable[[ApplicationKey, float], None],
    ) -> None:
        self._home = home
        self._fleet = fleet
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

    async def _delete(self, record: Record) -> None:
        try:
            await self._delete_objects(record)
            await self._remove_finalizers(record)
        except GitsyncError as failure:
            record.fail(Stage.DELETION, failure, type_="DeletionError")
            self._changed(record)
            self._again(record.key, _RETRY_SECONDS)
        else:
            log.info("deleted", application=str(record.key))

    async def _delete_objects(self, record: Record) -> None:
        try:
            member = self._fleet().find(record.application.spec.destination)
        except UnknownDestination:
            return
        member.require()
        policy = record.application.spec.sync_policy
        objects = [one for one in member.cache.owned_by(record.instance) if _goes(record, one)]
        ended = await delete_application(
            objects,
            cluster=member.cluster,
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

    async def _remove_finalizers(self, record: Record) -> None:
        kept = [one for one in record.application.metadata.finalizers if one not in our_finalizers(record)]
        address = ResourceKey(GROUP, KIND, record.key.namespace, record.key.name)
        patch = {"metadata": {"finalizers": kept or None, "resourceVersion": record.resource_version}}
        try:
            await self._home.patch(address, VERSION, patch)
        except NotFound:
            return
        except Conflict:
            self._again(record.key, 0.2)


def _goes(record: Record, one: LiveObject) -> bool:
    """Whether the object goes with the application; one that deploys itself cannot wait for its own end."""
    itself = one.uid == record.application.metadata.uid
    return not itself and judge_extra(one, _NO_MEMO) is not None


def our_finalizers(record: Record) -> tuple[str, ...]:
    """The resources finalizer in any of its spellings."""
    return tuple(one for one in record.application.metadata.finalizers if one.partition("/")[0] == FINALIZER)


def _propagation(record: Record) -> Propagation:
    return "Background" if f"{FINALIZER}/background" in record.application.metadata.finalizers else "Foreground"
