"""The end of an ApplicationSet: what becomes of its Applications, and in which order they go."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from gitsync.application.record import Record, Records
from gitsync.appset.errors import GeneratorInvalid
from gitsync.appset.plan import owning_set, policy_of
from gitsync.appset.rollout import RolloutApplication, deletion_order, is_rolling
from gitsync.generation.set_writes import SetWrites
from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.kinds.application import APPLICATION_SET, FINALIZER, GROUP, KIND, VERSION

log = structlog.get_logger("gitsync.appset")

KIND_OF_SETS = GroupVersionKind(GROUP, VERSION, APPLICATION_SET)
_GONE_SECONDS = 5.0  # the cluster's own garbage collection comes first

Patch = Callable[[JsonObject, JsonObject], Awaitable[None]]


class SetDeletions:
    """Sets are patched by who follows them, so that it knows them as they are then."""

    def __init__(self, home: Cluster, records: Records, writes: SetWrites) -> None:
        self._home = home
        self._records = records
        self._writes = writes
        self._missing: dict[ApplicationKey, float] = {}  # owners that are not there, and since when

    def there(self, key: ApplicationKey) -> None:
        self._missing.pop(key, None)

    async def guard(self, body: JsonObject, patch: Patch) -> None:
        """A set whose Applications go one step after the other must not vanish before them."""
        finalizers = body["metadata"].get("finalizers") or []
        strategy = (body.get("spec") or {}).get("strategy") or {}
        if is_rolling(body) and strategy.get("deletionOrder") == "Reverse" and FINALIZER not in finalizers:
            await patch(body, {"metadata": {"finalizers": [*finalizers, FINALIZER]}})

    async def remove(self, body: JsonObject, owned: Collection[Record], patch: Patch) -> None:
        """Without our finalizer there is nothing to do: the cluster deletes what the set owns."""
        finalizers = body["metadata"].get("finalizers") or []
        if FINALIZER not in finalizers or not await self._release(body, owned):
            return
        kept = [one for one in finalizers if one != FINALIZER]
        metadata = {"finalizers": kept or None, "resourceVersion": body["metadata"]["resourceVersion"]}
        await patch(body, {"metadata": metadata})

    async def collect(self, key: ApplicationKey, members: Collection[ApplicationKey]) -> float:
        """Applications of a set that is gone go, too. The cluster does this by itself where it has its controllers,
        so it comes first; what it was told to spare has no owner any more by then. Says when to come again; 0: never.
        """
        clock = asyncio.get_running_loop().time
        waited = clock() - self._missing.setdefault(key, clock())
        if waited < _GONE_SECONDS:
            return _GONE_SECONDS - waited
        for record in [self._records.get(member) for member in sorted(members)]:
            if record is not None and owning_set(record.raw) == key and not record.deleting:
                if await self._home.get(KIND_OF_SETS, key.namespace, key.name) is not None:
                    return 0.0
                log.info("the set of an application is gone", application=record.name, set=str(key))
                await self._writes.delete(record.raw)
        self._missing.pop(key, None)
        return 0.0

    async def _release(self, body: JsonObject, owned: Collection[Record]) -> bool:
        """Delete the Applications in their order, or let them go free where the policy forbids to delete. False: some
        are still there."""
        if not _may_delete(body):
            for record in owned:
                owners = [one for one in record.raw["metadata"]["ownerReferences"] if not one.get("controller")]
                key = ResourceKey(GROUP, KIND, record.key.namespace, record.name)
                await self._writes.patch(key, {"metadata": {"ownerReferences": owners or None}})
            return True
        strategy = body["spec"].get("strategy") or {}
        members = [RolloutApplication(one.name, one.application.metadata.labels or {}, True, True) for one in owned]
        order = deletion_order(strategy if is_rolling(body) else {}, members)
        for record in owned:
            if order and record.name in order[0] and not record.raw["metadata"].get("deletionTimestamp"):
                await self._writes.delete(record.raw)
        return not order


def _may_delete(body: JsonObject) -> bool:
    try:
        return policy_of(body).deletes
    except GeneratorInvalid:
        return False  # what cannot be read permits nothing
