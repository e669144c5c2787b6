"""The ApplicationSet controller: follows the sets of the home namespace and makes their Applications what they say.

A set is looked at when it changes, when one of its Applications changes, when a push or a cluster changes what its
generators answer, when it is asked to, and every three minutes. Looking at it means: generate, ask the projects, plan,
write, take the next step of a progressive sync, tell the status. A set that could not be generated completely changes
and deletes nothing.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from gitsync.appset.errors import GeneratorInvalid
from gitsync.appset.generate import Generation, GenerationError
from gitsync.appset.generators import generator_kinds, requeue_seconds
from gitsync.appset.inputs import ClusterInput
from gitsync.appset.plan import ApplicationPlan, is_owned, plan_applications, policy_of
from gitsync.appset.rollout import Rollout, RolloutApplication, deletion_order, held, is_rolling
from gitsync.appset.status import OwnedApplication, application_set_status
from gitsync.appset.validation import validated
from gitsync.diff.ignore import RuleUnusable
from gitsync.generation.set_generation import SetGeneration
from gitsync.generation.set_rollout import SetRollout, is_unknown, written_standing
from gitsync.generation.set_writes import MANAGER, SetWrites
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError, Conflict, NotFound
from gitsync.kube.watch import Changed, Deleted, Interrupted, ListDone, watch_kind
from gitsync.manifest.merge_patch import merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.reconcile.queue import FairQueue
from gitsync.reconcile.record import Record, Records, sentence
from gitsync.reconcile.supervisor import Heart, Supervisor
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.kinds.application import FINALIZER, GROUP, VERSION

log = structlog.get_logger("gitsync.appset")

KIND = "ApplicationSet"
APPLICATION_SET = GroupVersionKind(GROUP, VERSION, KIND)
REFRESH_ANNOTATION = "argocd.argoproj.io/application-set-refresh"

_AGAIN_SECONDS = 180.0
_AGAIN_AFTER_ERROR_SECONDS = 30.0
_SETTLE_SECONDS = 0.2  # while applications of a progressive sync are being compared
_MOST_SETTLE_SECONDS = 5.0
_QUIET_SECONDS = 1.0  # changes of applications within this time are told by one write of the status ...
_QUIET_ROLLING_SECONDS = 0.1  # ... sooner where the next step waits for them ...
_QUIET_PER_APPLICATION_SECONDS = 0.002  # ... and later for large sets
_GONE_SECONDS = 5.0  # the cluster's own garbage collection comes first
_CONCURRENCY = 4


@dataclass(frozen=True, slots=True)
class Preview:
    """What a set would generate and do. `rejected`: what it may not write, and why."""

    generation: Generation
    plan: ApplicationPlan


class ApplicationSets:
    """`projects` and `clusters` are those of now; `ready` says if everything of the home namespace was listed."""

    def __init__(
        self,
        home: Cluster,
        namespace: str,
        *,
        records: Records,
        generation: SetGeneration,
        writes: SetWrites,
        rollout: SetRollout,
        projects: Callable[[], Mapping[str, JsonObject]],
        clusters: Callable[[], tuple[ClusterInput, ...]],
        ready: Callable[[], bool],
        supervisor: Supervisor,
        now: Callable[[], datetime],
    ) -> None:
        self._home = home
        self._namespace = namespace
        self._records = records
        self._generation = generation
        self._writes = writes
        self._rollout = rollout
        self._projects = projects
        self._clusters = clusters
        self._ready = ready
        self._supervisor = supervisor
        self._now = now
        self._sets: dict[str, JsonObject] = {}
        self._owners: dict[ApplicationKey, str] = {}
        self._shown: dict[ApplicationKey, tuple[object, ...]] = {}
        self._fresh: set[str] = set()
        self._settling: dict[str, float] = {}
        self._missing: dict[str, float] = {}  # names of owners that are not there, and since when
        self.listed = False
        self.told_total = 0
        self.standing_by = ""
        self.queue: FairQueue[str] = FairQueue(
            self._work, lane_of=str, lane_concurrency=1, total_concurrency=_CONCURRENCY
        )

    def start(self) -> None:
        self._supervisor.start("watch of application sets", self._follow)

    def __len__(self) -> int:
        return len(self._sets)

    @property
    def writes_total(self) -> int:
        return self._writes.writes_total

    @property
    def generations_total(self) -> int:
        return self._generation.generations_total

    def get(self, name: str) -> JsonObject | None:
        return self._sets.get(name)

    @property
    def clusters(self) -> tuple[ClusterInput, ...]:
        return self._clusters()

    @property
    def now(self) -> Callable[[], datetime]:
        return self._now

    # ---- reasons to look

    async def _follow(self, heart: Heart) -> None:
        async for signal in watch_kind(self._home, APPLICATION_SET, namespace=self._namespace):
            match signal:
                case ListDone(items=items):
                    names = {item.metadata.name for item in items}
                    for name in self._sets.keys() - names:
                        self._gone(name)
                    for item in items:
                        self._seen(item.body())
                    self.listed = True
                    self.queue_all()
                case Changed(item=item):
                    self._seen(item.body())
                case Deleted(item=item):
                    self._gone(item.metadata.name)
                case Interrupted(error=error):
                    heart.error = error.message
                    log.warning("watch interrupted", part=heart.name, reason=error.message)
                    continue
            heart.beat()

    def _seen(self, body: JsonObject) -> None:
        name = body["metadata"]["name"]
        before = self._sets.get(name)
        self._sets[name] = body
        self._missing.pop(name, None)
        if REFRESH_ANNOTATION in (body["metadata"].get("annotations") or {}):
            self._fresh.add(name)
        if before is None or _asked(before) != _asked(body):
            self.queue.add(name)

    def _gone(self, name: str) -> None:
        self._sets.pop(name, None)
        self._generation.forget(name)
        self.queue.add(name)

    def queue_all(self) -> None:
        """Everything is known now, or somebody else is in charge no longer."""
        for name in {*self._sets, *self._owners.values()}:
            self.queue.add(name)

    def answers_changed(self, name: str) -> None:
        self.queue.add(name)

    def clusters_changed(self) -> None:
        for name in self._sets:
            self.queue.add(name)

    def project_changed(self) -> None:
        for name, body in self._sets.items():
            if any(one.get("type") == "ErrorOccurred" and one.get("status") == "True" for one in _conditions(body)):
                self.queue.add(name)

    def hint(self) -> None:
        """Something happened at a Git host: sets that ask hosts do so now."""
        for name, body in self._sets.items():
            if generator_kinds(body) & {"scmProvider", "pullRequest"}:
                self._fresh.add(name)
                self.queue.add(name)

    def application_changed(self, key: ApplicationKey) -> None:
        """An Application came, changed or went; its set hears of it if it is something that sets care about."""
        record = self._records.get(key)
        owner = owner_of(record.raw) if record is not None else ""
        before = self._owners.get(key, "")
        if record is None or not owner:
            self._owners.pop(key, None)
            self._shown.pop(key, None)
        else:
            shown = _shown(record)
            if self._shown.get(key) == shown and before == owner:
                return
            self._owners[key], self._shown[key] = owner, shown
        for name in {owner, before} - {""}:
            body = self._sets.get(name)
            quiet = _QUIET_ROLLING_SECONDS if body is not None and is_rolling(body) else _QUIET_SECONDS
            self.queue.add_after(name, quiet + _QUIET_PER_APPLICATION_SECONDS * len(self._shown))

    # ---- one set

    async def _work(self, name: str) -> None:
        if self.listed and self._ready() and not self.standing_by:
            await self._supervisor.guard(f"application set {name}", self._look(name))

    async def _look(self, name: str) -> None:
        body = self._sets.get(name)
        try:
            if body is None:
                await self._collect(name)
            elif body["metadata"].get("deletionTimestamp"):
                await self._remove(body)
            else:
                await self._reconcile_fresh(body)
        except Conflict:
            self.queue.add_after(name, _SETTLE_SECONDS)
        except ClusterError as failure:
            log.warning("application set", name=name, reason=failure.message)
            self.queue.add_after(name, _AGAIN_AFTER_ERROR_SECONDS)

    async def _reconcile_fresh(self, body: JsonObject) -> None:
        """Hosts are asked anew if somebody wished that, and the wish is fulfilled only when all went well."""
        name = body["metadata"]["name"]
        fresh = name in self._fresh
        self._fresh.discard(name)
        try:
            await self._reconcile(body, fresh=fresh)
        except ClusterError:
            if fresh:
                self._fresh.add(name)
            raise

    async def _reconcile(self, body: JsonObject, *, fresh: bool) -> None:
        name, asked = body["metadata"]["name"], _asked(body)
        preview = await self.preview(body, fresh=fresh)
        body = self._sets.get(name) or {}
        if not body or _asked(body) != asked:
            self._fresh |= {name} if fresh and body else set()
            return  # it is another one now, or gone, and is looked at again
        failed = await self._writes.carry_out(preview.plan.changes)
        await self._guard_deletion(body)
        owned = self._owned(body)
        rollout: Rollout | None = None
        if is_rolling(body) and not failed:
            rollout = await self._rollout.advance(body, owned)
        if rollout is not None and self._settles(name, owned):
            self.queue.add_after(name, _SETTLE_SECONDS + _QUIET_PER_APPLICATION_SECONDS * len(owned))
        else:
            self._settling.pop(name, None)
            await self._tell(body, preview.generation, owned, rollout, failed)
        if fresh:
            await self._forget_wish(body)
        fine = preview.generation.complete and not preview.generation.rejected and not failed
        seconds = min(requeue_seconds(body) or _AGAIN_SECONDS, _AGAIN_SECONDS) if fine else _AGAIN_AFTER_ERROR_SECONDS
        self.queue.add_after(name, seconds * random.uniform(0.9, 1.1))  # noqa: S311 - spreading, no secret

    async def preview(self, body: JsonObject, *, fresh: bool = False) -> Preview:
        """What would be generated and done for this set now. Writes nothing."""
        return await self.planned(body, await self._generation.generate(body, fresh=fresh))

    async def planned(self, body: JsonObject, generation: Generation) -> Preview:
        """What may be written of what was generated, and the plan for it. Of a large set that takes a while."""
        live = [record.raw for record in self._records if record.key.namespace == self._namespace]
        here = self._home.access.server
        return await asyncio.to_thread(_planned, body, generation, live, dict(self._projects()), self._clusters(), here)

    def _settles(self, name: str, owned: list[Record]) -> bool:
        """Whether the rollout will look different in a moment. Nobody waits for that for long."""
        clock = asyncio.get_running_loop().time
        began = self._settling.setdefault(name, clock())
        if any(map(is_unknown, owned)):
            return True  # a comparison always ends, with a verdict or with a condition
        return self._rollout.waits(owned) and clock() - began < _MOST_SETTLE_SECONDS

    def _owned(self, body: JsonObject) -> list[Record]:
        uid = str(body["metadata"].get("uid") or "")
        return [one for one in self._records if one.key.namespace == self._namespace and is_owned(one.raw, uid)]

    async def _tell(
        self,
        body: JsonObject,
        generation: Generation,
        owned: list[Record],
        rollout: Rollout | None,
        failed: tuple[str, ...],
    ) -> None:
        self.told_total += 1
        old = body.get("status") or {}
        wanted = application_set_status(
            old,
            generation,
            [_told(record) for record in owned],
            rollout=rollout,
            write_error="; ".join(failed)[:2000],
            now=self._now(),
        )
        if patch := merge_patch(old, wanted):
            await self._patch(body, {"status": patch}, subresource="status")

    async def _forget_wish(self, body: JsonObject) -> None:
        if REFRESH_ANNOTATION in (body["metadata"].get("annotations") or {}):
            await self._patch(body, {"metadata": {"annotations": {REFRESH_ANNOTATION: None}}})

    async def _patch(self, body: JsonObject, patch: JsonObject, *, subresource: str = "") -> None:
        metadata = body["metadata"]
        key = ResourceKey(GROUP, KIND, self._namespace, metadata["name"])
        try:
            written = await self._home.patch(key, VERSION, patch, subresource=subresource, manager=MANAGER)
        except NotFound:
            return
        known = self._sets.get(metadata["name"])
        if known is not None and known["metadata"].get("uid") == written["metadata"].get("uid"):
            self._sets[metadata["name"]] = written

    # ---- the end of a set

    async def _guard_deletion(self, body: JsonObject) -> None:
        """A set whose Applications go one step after the other must not vanish before them."""
        finalizers = body["metadata"].get("finalizers") or []
        strategy = (body.get("spec") or {}).get("strategy") or {}
        if is_rolling(body) and strategy.get("deletionOrder") == "Reverse" and FINALIZER not in finalizers:
            await self._patch(body, {"metadata": {"finalizers": [*finalizers, FINALIZER]}})

    async def _remove(self, body: JsonObject) -> None:
        """Without our finalizer there is nothing to do: the cluster deletes what the set owns."""
        finalizers = body["metadata"].get("finalizers") or []
        if FINALIZER not in finalizers:
            return
        if not await self._release(body):
            return
        kept = [one for one in finalizers if one != FINALIZER]
        patch = {"metadata": {"finalizers": kept or None, "resourceVersion": body["metadata"]["resourceVersion"]}}
        await self._patch(body, patch)

    async def _release(self, body: JsonObject) -> bool:
        """Delete the Applications in their order, or let them go free where the policy forbids to delete. False: some
        are still there."""
        owned = self._owned(body)
        if not _may_delete(body):
            for record in owned:
                owners = [one for one in record.raw["metadata"]["ownerReferences"] if not one.get("controller")]
                key = ResourceKey(GROUP, "Application", record.key.namespace, record.name)
                await self._writes.patch(key, {"metadata": {"ownerReferences": owners or None}})
            return True
        strategy = body["spec"].get("strategy") or {}
        members = [RolloutApplication(one.name, one.application.metadata.labels or {}, True, True) for one in owned]
        order = deletion_order(strategy if is_rolling(body) else {}, members)
        for record in owned:
            if order and record.name in order[0] and not record.raw["metadata"].get("deletionTimestamp"):
                await self._writes.delete(record.raw)
        return not order

    async def _collect(self, name: str) -> None:
        """Applications of a set that is gone go, too. The cluster does this by itself where it has its controllers,
        so it comes first; what it was told to spare has no owner any more by then."""
        clock = asyncio.get_running_loop().time
        waited = clock() - self._missing.setdefault(name, clock())
        if waited < _GONE_SECONDS:
            self.queue.add_after(name, _GONE_SECONDS - waited)
            return
        for record in [self._records.get(key) for key, owner in self._owners.items() if owner == name]:
            if record is not None and owner_of(record.raw) == name and not record.deleting:
                if await self._home.get(APPLICATION_SET, self._namespace, name) is not None:
                    return
                log.info("the set of an application is gone", application=record.name, set=name)
                await self._writes.delete(record.raw)
        self._missing.pop(name, None)


def _planned(
    body: JsonObject,
    generation: Generation,
    live: list[JsonObject],
    projects: Mapping[str, JsonObject],
    clusters: tuple[ClusterInput, ...],
    here: str,
) -> Preview:
    generation = validated(generation, projects, clusters, here=here)
    if is_rolling(body):
        generation = _with_applications(generation, tuple(map(held, generation.applications)))
    try:
        return Preview(generation, plan_applications(body, generation, live, policy_of(body)))
    except (GeneratorInvalid, RuleUnusable) as error:
        wrong = GenerationError("ApplicationValidationError", sentence(error))
        generation = Generation(generation.applications, (*generation.errors, wrong))
        return Preview(generation, ApplicationPlan(()))


def owner_of(body: JsonObject) -> str:
    """The name of the ApplicationSet that controls this Application, or ""."""
    for owner in body["metadata"].get("ownerReferences") or ():
        if owner.get("controller") and owner.get("kind") == KIND and str(owner.get("apiVersion")).startswith(GROUP):
            return str(owner.get("name") or "")
    return ""


def _asked(body: JsonObject) -> tuple[object, ...]:
    """What people say of a set: everything but its status."""
    metadata = body["metadata"]
    fields = ("uid", "labels", "annotations", "finalizers", "deletionTimestamp")
    return body.get("spec"), *(metadata.get(field) for field in fields)


def _shown(record: Record) -> tuple[object, ...]:
    """What a set cares about of an Application."""
    metadata, state = record.raw["metadata"], record.operation_state
    fields = ("labels", "annotations", "finalizers", "deletionTimestamp", "ownerReferences")
    return (
        record.raw.get("spec"),
        *(metadata.get(field) for field in fields),
        record.sync,
        record.health,
        record.revision,
        record.raw.get("operation") is not None,
        state.phase if state is not None else "",
    )


def _told(record: Record) -> OwnedApplication:
    """Before the first comparison of this process it does as its status says."""
    written = written_standing(record)
    return OwnedApplication(
        name=record.name,
        namespace=record.key.namespace,
        sync=record.sync.value if record.compared else written[0],
        health=record.health.value if record.compared else written[1],
        revision=record.revision,
    )


def _conditions(body: JsonObject) -> list[JsonObject]:
    return (body.get("status") or {}).get("conditions") or []


def _may_delete(body: JsonObject) -> bool:
    try:
        return policy_of(body).deletes
    except GeneratorInvalid:
        return False  # what cannot be read permits nothing


def _with_applications(generation: Generation, applications: tuple[JsonObject, ...]) -> Generation:
    return Generation(
        applications, generation.errors, generation.warnings, generation.questions, rejected=generation.rejected
    )
