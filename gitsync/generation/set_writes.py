"""Carries out what an ApplicationSet's plan says: creates, changes and deletes Applications of the home namespace."""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from gitsync.application.record import Records, sentence
from gitsync.appset.plan import ApplicationChange, Verb
from gitsync.kube.client import Cluster
from gitsync.kube.errors import AlreadyExists, ClusterError, Conflict, NotFound
from gitsync.manifest.merge_patch import merge_patch
from gitsync.manifest.object import JsonObject
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.kinds.application import FINALIZER, GROUP, KIND, VERSION

log = structlog.get_logger("gitsync.appset")

MANAGER = "argocd-applicationset-controller"
APPLICATION = GroupVersionKind(GROUP, VERSION, KIND)
_AT_ONCE = 8


class SetWrites:
    """`seen` takes each Application as it is after a write, so that nobody decides from what was before."""

    def __init__(self, home: Cluster, records: Records, *, seen: Callable[[JsonObject], None]) -> None:
        self._home = home
        self._records = records
        self._seen = seen
        self.writes_total = 0

    async def carry_out(self, changes: Iterable[ApplicationChange]) -> tuple[str, ...]:
        """What could not be done, and why. One failure keeps nothing else from being done. Raises Conflict when
        somebody changed an Application after it was planned for."""
        slots = asyncio.Semaphore(_AT_ONCE)
        conflicts: list[Conflict] = []

        async def one(change: ApplicationChange) -> str:
            async with slots:
                try:
                    await self._carry_out(change)
                except Conflict as conflict:
                    if not isinstance(conflict, AlreadyExists):
                        conflicts.append(conflict)
                        return ""
                    return f"cannot create {change.name}: {sentence(conflict)}"
                except ClusterError as failure:
                    return f"cannot {change.verb} {change.name}: {sentence(failure)}"
            log.info("application of a set", verb=str(change.verb), application=change.name, reason=change.reason)
            return ""

        failed = tuple(told for told in await asyncio.gather(*map(one, changes)) if told)
        if conflicts:
            raise conflicts[0]
        return failed

    async def _carry_out(self, change: ApplicationChange) -> None:
        self.writes_total += 1
        match change.verb:
            case Verb.CREATE:
                self._seen((await self._home.create(change.body, manager=MANAGER)).body)
            case Verb.UPDATE:
                await self._update(change.body)
            case Verb.DELETE:
                await self.delete(change.body, keeps_resources=change.keeps_resources)

    async def _update(self, target: JsonObject) -> None:
        """Changes what differs and nothing else, and only if nobody else did so meanwhile."""
        key = address(target)
        record = self._records.get(ApplicationKey(key.namespace, key.name))
        found = record.raw if record is not None else {"metadata": {}}
        fields = ("labels", "annotations", "finalizers", "ownerReferences")
        patch = merge_patch(_parts(found, fields), _parts(target, fields))
        patch.setdefault("metadata", {})["resourceVersion"] = target["metadata"].get("resourceVersion")
        await self.patch(key, patch)

    async def patch(self, key: ResourceKey, patch: JsonObject) -> None:
        self._seen(await self._home.patch(key, VERSION, patch, manager=MANAGER))

    async def delete(self, body: JsonObject, *, keeps_resources: bool = False) -> None:
        metadata, key = body["metadata"], address(body)
        finalizers = metadata.get("finalizers") or []
        kept = [one for one in finalizers if one.partition("/")[0] != FINALIZER]
        try:
            if keeps_resources and kept != finalizers:
                await self.patch(key, {"metadata": {"finalizers": kept or None}})
            await self._home.delete(APPLICATION, key.namespace, key.name, uid=metadata.get("uid") or "")
        except (NotFound, Conflict) as failure:
            log.info("application was gone already", application=key.name, reason=failure.message)


def address(body: JsonObject) -> ResourceKey:
    return ResourceKey(GROUP, KIND, body["metadata"].get("namespace") or "", body["metadata"]["name"])


def _parts(body: JsonObject, fields: tuple[str, ...]) -> JsonObject:
    metadata = body["metadata"]
    kept = {field: metadata[field] for field in fields if metadata.get(field)}
    return {"metadata": kept, "spec": body.get("spec") or {}}
