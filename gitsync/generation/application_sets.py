"""The ApplicationSet controller: follows the sets of the home namespace, and of those that the settings name, and makes
their Applications, each in the namespace of its set, what they say.

A set is looked at when it changes, when one of its Applications changes, when a push or a cluster changes what its
generators answer, when it is asked to, and every three minutes. Looking at it means: generate, ask the projects, plan,
write, take the next step of a progressive sync, tell the status. A set that could not be generated completely changes
and deletes nothing.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from gitsync.application.record import Record, Records, sentence
from gitsync.appset.errors import GeneratorInvalid
from gitsync.appset.generate import Generation, GenerationError
from gitsync.appset.generators import generator_kinds, requeue_seconds
from gitsync.appset.inputs import ClusterInput
from gitsync.appset.plan import ApplicationPlan, is_owned, owning_set, plan_applications, policy_of, set_key
from gitsync.appset.providers.api import Connections
from gitsync.appset.rollout import Rollout, held, is_rolling
from gitsync.appset.status import OwnedApplication, application_set_status
from gitsync.appset.validation import validated
from gitsync.diff.ignore import RuleUnusable
from gitsync.generation.set_deletions import KIND_OF_SETS, SetDeletions
from gitsync.generation.set_generation import SetGeneration
from gitsync.generation.set_places import SetPlaces
from gitsync.generation.set_rollout import SetRollout, is_unknown, written_standing
from gitsync.generation.set_writes import MANAGER, SetWrites
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError, Conflict, NotFound
from gitsync.kube.observed import Observed
from gitsync.kube.watch import Changed, Deleted, Interrupted, ListDone, watch_kind
from gitsync.manifest.merge_patch import merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.reconcile.queue import FairQueue
from gitsync.supervisor import Heart, Supervisor
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import APPLICATION_SET, GROUP, VERSION

log = structlog.get_logger("gitsync.appset")

REFRESH_ANNOTATION = "argocd.argoproj.io/application-set-refresh"

_INVALID = "ApplicationValidationError"
_AGAIN_SECONDS = 180.0
_AGAIN_AFTER_ERROR_SECONDS = 30.0
_SETTLE_SECONDS = 0.2  # while applications of a progressive sync are being compared
_MOST_SETTLE_SECONDS = 5.0
_QUIET_SECONDS = 1.0  # changes of applications within this time are told by one write of the status ...
_QUIET_ROLLING_SECONDS = 0.1  # ... sooner where the next step waits for them ...
_QUIET_PER_APPLICATION_SECONDS = 0.002  # ... and later for large sets
_CONCURRENCY = 4


@dataclass(frozen=True, slots=True)
class Preview:
    """What a set would generate and do. `rejected`: what it may not write, and why."""

    generation: Generation
    plan: ApplicationPlan


class ApplicationSets:
    """`projects` and `clusters` are those of now; `ready` says if everything of the home namespace was listed.
    `govern` adds to a set what is said for all of them. `report` hears of every set that came, changed or went, and of
    each Application whose set did so."""

    def __init__(
        self,
        home: Cluster,
        *,
        records: Records,
        generation: SetGeneration,
        writes: SetWrites,
        rollout: SetRollout,
        deletions: SetDeletions,
        places: SetPlaces,
        govern: Callable[[JsonObject], JsonObject],
        projects: Callable[[], Mapping[str, JsonObject]],
        clusters: Callable[[], tuple[ClusterInput, ...]],
        ready: Callable[[], bool],
        report: Callable[[ApplicationKey], None],
        connections: Connections,
        supervisor: Supervisor,
        now: Callable[[], datetime],
    ) -> None:
        self._home = home
        self._records = records
        self._generation = generation
        self._writes = writes
        self._rollout = rollout
        self._deletions = deletions
        self.places = places
        self._govern = govern
        self._report = report
        self._connections = connections
        self._projects = projects
        self._clusters = clusters
        self._ready = ready
        self._supervisor = supervisor
        self._now = now
        self._sets: dict[ApplicationKey, JsonObject] = {}
        self._owners: dict[ApplicationKey, ApplicationKey] = {}
        self._members: dict[ApplicationKey, set[ApplicationKey]] = {}
        self._shown: dict[ApplicationKey, tuple[object, ...]] = {}
        self._fresh: set[ApplicationKey] = set()
        self._settling: dict[ApplicationKey, float] = {}
        self.listed = False
        self.told_total = 0
        self.standing_by = ""
        self.queue: FairQueue[ApplicationKey] = FairQueue(
            self._work, lane_of=str, lane_concurrency=1, total_concurrency=_CONCURRENCY
        )

    def start(self) -> None:
        self._supervisor.start("watch of application sets", self._follow)

    async def close(self) -> None:
        await self.queue.close()
        await self._connections.close()

    def __len__(self) -> int:
        return len(self._sets)

    @property
    def writes_total(self) -> int:
        return self._writes.writes_total

    @property
    def generations_total(self) -> int:
        return self._generation.generations_total

    def get(self, key: ApplicationKey) -> JsonObject | None:
        return self._sets.get(key)

    def __iter__(self) -> Iterator[ApplicationKey]:
        return iter(tuple(self._sets))

    @property
    def clusters(self) -> tuple[ClusterInput, ...]:
        return self._clusters()

    @property
    def now(self) -> Callable[[], datetime]:
        return self._now

    # ---- reasons to look

    async def _follow(self, heart: Heart) -> None:
        async for signal in watch_kind(self._home, KIND_OF_SETS, namespace=self.places.watched):
            match signal:
                case ListDone(items=items):
                    bodies = {_key(item): item.body() for item in items if self._is_ours(item)}
                    for key in self._sets.keys() - bodies.keys():
                        self._gone(key)
                    for key, body in bodies.items():
                        self._seen(key, body)
                    self.listed = True
                    self.queue_all()
                case Changed(item=item) if self._is_ours(item):
                    self._seen(_key(item), item.body())
                case Deleted(item=item) if self._is_ours(item):
                    self._gone(_key(item))
                case Interrupted(error=error):
                    heart.error = error.message
                    log.warning("watch interrupted", part=heart.name, reason=error.message)
                    continue
            heart.beat()

    def _is_ours(self, item: Observed) -> bool:
        return self.places.has(item.metadata.namespace)

    def _seen(self, key: ApplicationKey, body: JsonObject) -> None:
        before = self._sets.get(key)
        self._sets[key] = body
        self._deletions.there(key)
        if REFRESH_ANNOTATION in (body["metadata"].get("annotations") or {}):
            self._fresh.add(key)
        self._report(key)
        if before is None or _asked(before) != _asked(body):
            for member in self._members.get(key, ()):
                self._report(member)
            self.queue.add(key)

    def _gone(self, key: ApplicationKey) -> None:
        self._sets.pop(key, None)
        self._generation.forget(key)
        self._report(key)
        self.queue.add(key)

    def queue_all(self) -> None:
        """Everything is known now, or somebody else is in charge no longer."""
        for key in {*self._sets, *self._members}:
            self.queue.add(key)

    def answers_changed(self, key: ApplicationKey) -> None:
        self.queue.add(key)

    def clusters_changed(self) -> None:
        for key in self._sets:
            self.queue.add(key)

    def project_changed(self) -> None:
        for key, body in self._sets.items():
            if any(one.get("type") == "ErrorOccurred" and one.get("status") == "True" for one in _conditions(body)):
                self.queue.add(key)

    def hint(self) -> None:
        """Something happened at a Git host: sets that ask hosts do so now."""
        for key, body in self._sets.items():
            if generator_kinds(body) & {"scmProvider", "pullRequest"}:
                self._fresh.add(key)
                self.queue.add(key)

    def application_changed(self, key: ApplicationKey) -> None:
        """An Application came, changed or went; its set hears of it if it is something that sets care about."""
        record = self._records.get(key)
        owner = owning_set(record.raw) if record is not None else None
        before = self._owners.get(key)
        shown = _shown(record) if record is not None and owner is not None else None
        if self._shown.get(key) == shown and before == owner:
            return
        self._place(key, before, owner)
        if shown is None:
            self._shown.pop(key, None)
        else:
            self._shown[key] = shown
        for one in {owner, before}:
            if one is not None:
                body, members = self._sets.get(one), len(self._members.get(one, ()))
                quiet = _QUIET_ROLLING_SECONDS if body is not None and is_rolling(body) else _QUIET_SECONDS
                self.queue.add_after(one, quiet + _QUIET_PER_APPLICATION_SECONDS * members)

    def _place(self, key: ApplicationKey, before: ApplicationKey | None, owner: ApplicationKey | None) -> None:
        if before is not None and before != owner:
            self._members[before].discard(key)
            if not self._members[before]:
                del self._members[before]
        if owner is None:
            self._owners.pop(key, None)
        else:
            self._owners[key] = owner
            self._members.setdefault(owner, set()).add(key)

    # ---- one set

    async def _work(self, key: ApplicationKey) -> None:
        if key in self._sets:
            self._report(key)  # what it belongs to may be known only now
        if self.listed and self._ready() and not self.standing_by:
            await self._supervisor.guard(f"application set {key}", self._look(key))

    async def _look(self, key: ApplicationKey) -> None:
        body = self._sets.get(key)
        try:
            if body is None:
                again_seconds = await self._deletions.collect(key, self._members.get(key, frozenset()))
                if again_seconds:
                    self.queue.add_after(key, again_seconds)
            elif body["metadata"].get("deletionTimestamp"):
                await self._deletions.remove(self._govern(body), self.owned(body), self._patch)
            else:
                await self._reconcile_fresh(key, body)
        except Conflict:
            self.queue.add_after(key, _SETTLE_SECONDS)
        except ClusterError as failure:
            log.warning("application set", name=str(key), reason=failure.message)
            self.queue.add_after(key, _AGAIN_AFTER_ERROR_SECONDS)

    async def _reconcile_fresh(self, key: ApplicationKey, body: JsonObject) -> None:
        """Hosts are asked anew if somebody wished that, and the wish is fulfilled only when all went well."""
        fresh = key in self._fresh
        self._fresh.discard(key)
        try:
            await self._reconcile(key, body, fresh=fresh)
        except ClusterError:
            if fresh:
                self._fresh.add(key)
            raise

    async def _reconcile(self, key: ApplicationKey, body: JsonObject, *, fresh: bool) -> None:
        asked = _asked(body)
        preview = await self.preview(body, fresh=fresh)
        body = self._sets.get(key) or {}
        if not body or _asked(body) != asked:
            self._fresh |= {key} if fresh and body else set()
            return  # it is another one now, or gone, and is looked at again
        failed = await self._writes.carry_out(preview.plan.changes)
        await self._deletions.guard(body, self._patch)
        owned = self.owned(body)
        rollout: Rollout | None = None
        if is_rolling(body) and not failed:
            rollout = await self._rollout.advance(body, owned)
        if rollout is not None and self._settles(key, owned):
            self.queue.add_after(key, _SETTLE_SECONDS + _QUIET_PER_APPLICATION_SECONDS * len(owned))
        else:
            self._settling.pop(key, None)
            await self._tell(body, preview.generation, owned, rollout, failed)
        if fresh:
            await self._forget_wish(body)
        fine = preview.generation.complete and not preview.generation.rejected and not failed
        seconds = min(requeue_seconds(body) or _AGAIN_SECONDS, _AGAIN_SECONDS) if fine else _AGAIN_AFTER_ERROR_SECONDS
        self.queue.add_after(key, seconds * random.uniform(0.9, 1.1))  # noqa: S311 - spreading, no secret

    async def preview(self, body: JsonObject, *, fresh: bool = False) -> Preview:
        """What would be generated and done for this set now. Writes nothing."""
        return await self.planned(body, await self._generation.generate(body, fresh=fresh))

    async def planned(self, body: JsonObject, generation: Generation) -> Preview:
        """What may be written of what was generated, and the plan for it. Of a large set that takes a while."""
        namespace, body = body["metadata"]["namespace"], self._govern(body)
        if why := self.places.why_not(namespace):
            return Preview(Generation((), (GenerationError(_INVALID, why),)), ApplicationPlan(()))
        live = [record.raw for record in self._records if record.key.namespace == namespace]
        here = self._home.access.server
        return await asyncio.to_thread(_planned, body, generation, live, dict(self._projects()), self._clusters(), here)

    def _settles(self, key: ApplicationKey, owned: list[Record]) -> bool:
        """Whether the rollout will look different in a moment. Nobody waits for that for long."""
        clock = asyncio.get_running_loop().time
        began = self._settling.setdefault(key, clock())
        if any(map(is_unknown, owned)):
            return True  # a comparison always ends, with a verdict or with a condition
        return self._rollout.waits(owned) and clock() - began < _MOST_SETTLE_SECONDS

    def owned(self, body: JsonObject) -> list[Record]:
        """The Applications of this set, in the order of their names."""
        metadata = body["metadata"]
        members = sorted(self._members.get(set_key(body), ()))
        found = [record for key in members if (record := self._records.get(key)) is not None]
        return [one for one in found if is_owned(one.raw, str(metadata.get("uid") or ""))]

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
        key = set_key(body)
        address = ResourceKey(GROUP, APPLICATION_SET, key.namespace, key.name)
        try:
            written = await self._home.patch(address, VERSION, patch, subresource=subresource, manager=MANAGER)
        except NotFound:
            return
        known = self._sets.get(key)
        if known is not None and known["metadata"].get("uid") == written["metadata"].get("uid"):
            self._sets[key] = written
            self._report(key)


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
        wrong = GenerationError(_INVALID, sentence(error))
        generation = Generation(generation.applications, (*generation.errors, wrong))
        return Preview(generation, ApplicationPlan(()))


def _key(item: Observed) -> ApplicationKey:
    return ApplicationKey(item.metadata.namespace, item.metadata.name, is_set=True)


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


def _with_applications(generation: Generation, applications: tuple[JsonObject, ...]) -> Generation:
    return Generation(
        applications, generation.errors, generation.warnings, generation.questions, rejected=generation.rejected
    )
