"""Rollouts of applications, shown and steered.

Works on any cluster and with whoever controls its Rollouts: what is shown comes from the objects, and an action is the
same patch that `kubectl argo rollouts` sends. An action that is about the update under way waits until the controller
has seen the newest spec; otherwise it would be lost, or be about the update before.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing

import msgspec
import structlog

from gitsync.application.record import Record
from gitsync.fleet.members import Member
from gitsync.kube.errors import ClusterError, NotFound, UnknownKind
from gitsync.kube.limits import Budget
from gitsync.kube.watch import Changed, Deleted, Interrupted, ListDone, watch_kind
from gitsync.manifest.object import JsonObject
from gitsync.reporting.link import Refused
from gitsync.rollout.simulate import simulate
from gitsync.rollout.skipped import note_of
from gitsync.rollout.steering import Steer, SteeringImpossible, must_wait, steer
from gitsync.rollout.values import InvalidSpec, Patch
from gitsync.rollout.view import Around, read_rollout, revisions_of, rollout_view, simulation_view
from gitsync.rollout.working import ROLLOUT
from gitsync.serving.asked import Context, find_member, find_record, key_of, read_live, require_node
from gitsync.serving.people import Acts
from gitsync.serving.rollback import follows_git
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.kinds.application import RevisionHistory
from model.kinds.rollout import GROUP, HASH_LABEL, VERSION, Rollout
from model.link import (
    GetRollout,
    ListRollouts,
    ObjectRef,
    OperationAnswer,
    RollbackApplication,
    RolloutsAnswer,
    SimulateRollout,
    SimulationAnswer,
    SteerRollout,
    WatchRollout,
)
from model.link_rollout import MAX_ROLLOUTS
from model.rollout_view import RolloutView

log = structlog.get_logger("gitsync.rollouts")

_REPLICA_SET = GroupVersionKind("apps", "v1", "ReplicaSet")
_ANALYSIS_RUN = GroupVersionKind(GROUP, VERSION, "AnalysisRun")
_MANAGER = "argosy"
_OBSERVED_SECONDS = 8.0
_GATHER_SECONDS = 0.05
_NAMESPACES_AT_ONCE = 8


class RolloutRequests:
    """Answers what is asked about Rollouts. `acts` checks what people may do."""

    def __init__(self, context: Context, acts: Acts) -> None:
        self._context = context
        self._acts = acts

    async def list(self, body: ListRollouts) -> RolloutsAnswer:
        """A cluster that does not answer hides its own Rollouts and nobody else's."""
        records = [find_record(self._context, body.application)] if body.application else list(self._context.records)
        found: list[tuple[Record, Member, ResourceKey]] = []
        for record in records:
            member = self._context.fleet().get(record.server)
            if member is not None:
                found += [(record, member, key) for key in sorted(record.state.keys()) if _is_rollout(key)]
        found = found[:MAX_ROLLOUTS]
        around = await self._around({(member.server, key.namespace): member for _, member, key in found})
        views: list[RolloutView] = []
        for record, member, key in found:
            view = await self._view_or_none(record, member, key, around[member.server, key.namespace])
            if view is not None:
                views.append(view)
        return RolloutsAnswer(tuple(views))

    async def _around(self, places: dict[tuple[str, str], Member]) -> dict[tuple[str, str], Around]:
        slots = asyncio.Semaphore(_NAMESPACES_AT_ONCE)

        async def read(member: Member, namespace: str) -> Around:
            async with slots:
                return await _read_around(member, namespace)

        read_all = await asyncio.gather(*(read(member, namespace) for (_, namespace), member in places.items()))
        return dict(zip(places, read_all, strict=True))

    async def _view_or_none(
        self, record: Record, member: Member, key: ResourceKey, around: Around
    ) -> RolloutView | None:
        try:
            body = await read_live(member, ObjectRef(key.group, VERSION, key.kind, key.namespace, key.name))
            return self._view(body, around, record.key, member) if body is not None else None
        except (ClusterError, InvalidSpec) as failure:
            log.info("rollout not shown", rollout=str(key), reason=failure.message)
            return None

    def _view(self, body: JsonObject, around: Around, application: ApplicationKey, member: Member) -> RolloutView:
        return rollout_view(body, around, application, member.name, self._context.now())

    async def get(self, body: GetRollout) -> RolloutsAnswer:
        record, member, key = self._find(body.application, body.resource)
        live = await self._read(member, key)
        try:
            view = self._view(live, await _read_around(member, key.namespace), record.key, member)
        except InvalidSpec as invalid:
            raise Refused("VALIDATION_ERROR", invalid.message, suggestion=invalid.suggestion) from invalid
        return RolloutsAnswer((view,))

    async def simulate(self, body: SimulateRollout) -> SimulationAnswer:
        """In a thread: a long canary takes many passes of the controller, and everybody else is waiting."""
        _, member, key = self._find(body.application, body.resource)
        live = await self._read(member, key)
        try:
            return SimulationAnswer(simulation_view(await asyncio.to_thread(simulate, live)))
        except InvalidSpec as invalid:
            raise Refused("VALIDATION_ERROR", invalid.message, suggestion=invalid.suggestion) from invalid

    def _find(self, application: ApplicationKey, ref: ObjectRef) -> tuple[Record, Member, ResourceKey]:
        """Raises Refused unless it is a Rollout of that application."""
        record, member = find_member(self._context, application)
        key = key_of(ref)
        if not _is_rollout(key):
            raise Refused("VALIDATION_ERROR", f"{key} is no Rollout", field="rollout")
        require_node(self._context, record, member, key)
        return record, member, key

    @staticmethod
    async def _read(member: Member, key: ResourceKey) -> JsonObject:
        body = await member.cluster.get(ROLLOUT, key.namespace, key.name)
        if body is None:
            raise Refused("NOT_FOUND_ERROR", f"{key} does not exist in the cluster")
        return body

    # ---- steering

    async def steer(self, body: SteerRollout) -> OperationAnswer:
        """Written down before it is done; what is possible is looked at again right before it is written."""
        if body.action not in list(Steer):
            raise Refused("VALIDATION_ERROR", f"action is one of {', '.join(Steer)}", field="action")
        action = Steer(body.action)
        record, member, key = self._find(body.application, body.resource)
        release = _release_before(record, action) if body.revert else None
        await self._acts.authorise(record, body.actor, stops=action in (Steer.ABORT, Steer.PAUSE))
        try:
            rollout, _ = await self._planned(member, key, action, body.to_revision)
        except Refused:
            before = await self._context.journalling.ended_before(body.operation_id)
            if before is None:
                raise
            return self._acts.done_before(record, body.operation_id, before)
        step = rollout.status.current_step_index
        parameters = {"rollout": str(key), "toRevision": body.to_revision, "step": None if step is None else step + 1}
        written = await self._acts.write_down(
            record,
            action.value,
            body,
            reason=body.reason,
            parameters=parameters,
            stops=action in (Steer.ABORT, Steer.PAUSE),
        )
        if written.ended is not None:
            return self._acts.done_before(record, body.operation_id, written)
        with self._acts.outcome(body.operation_id, written.commit):
            before_it, patches = await self._planned(member, key, action, body.to_revision)
            for patch in patches:
                await _send(member, patch)
        await _note_skipped(member, key, before_it, action)
        log.info("rollout steered", rollout=str(key), action=body.action, actor=body.actor)
        if release is not None:
            return await self._revert(body, key, release)
        return self._acts.answer(record, body.operation_id, done=True, commit=written.commit)

    async def _revert(self, body: SteerRollout, key: ResourceKey, release: RevisionHistory) -> OperationAnswer:
        """Git follows the abort, or the next sync would begin the same update again."""
        rollback = RollbackApplication(
            body.application,
            body.actor,
            f"{body.operation_id}.git",
            release.id,
            actor_email=body.actor_email,
            pull_request=body.revert == "PULL_REQUEST",
        )
        try:
            answer = await self._acts.rollback(rollback)
        except Refused as refused:
            message = f"{key} is aborted, but Git is as it was: {refused.message}"
            raise Refused(refused.code, message, suggestion=refused.suggestion, field=refused.field) from refused
        return msgspec.structs.replace(answer, operation_id=body.operation_id)

    async def _planned(
        self, member: Member, key: ResourceKey, action: Steer, to_revision: int | None
    ) -> tuple[Rollout, tuple[Patch, ...]]:
        """Raises Refused when the action makes no sense."""
        try:
            live = await self._observed(member, key, action)
            around = Around(await _replica_sets(member, key.namespace)) if action is Steer.ROLLBACK else Around()
            rollout = read_rollout(live)
            sets = revisions_of(rollout, around)
            return rollout, steer(rollout, action, self._context.now(), replica_sets=sets, to_revision=to_revision)
        except (SteeringImpossible, InvalidSpec) as impossible:
            raise Refused("VALIDATION_ERROR", impossible.message, suggestion=impossible.suggestion) from impossible

    async def _observed(self, member: Member, key: ResourceKey, action: Steer) -> JsonObject:
        """The Rollout, as soon as its status tells of its newest spec where the action is about that."""
        body = await self._read(member, key)
        if not must_wait(read_rollout(body), action):
            return body
        watch = watch_kind(member.cluster, ROLLOUT, namespace=key.namespace, field_selector=f"metadata.name={key.name}")
        try:
            async with asyncio.timeout(_OBSERVED_SECONDS), aclosing(watch) as signals:  # type: ignore[type-var]
                async for signal in signals:
                    found = signal.items if isinstance(signal, ListDone) else ()
                    found = (signal.item,) if isinstance(signal, Changed) else found
                    for item in found:
                        if not must_wait(read_rollout(item.body()), action):
                            return item.body()
        except TimeoutError as failure:
            raise Refused(
                "CONFLICT_ERROR",
                f"the controller has not seen the newest spec of {key} within {_OBSERVED_SECONDS:g} s",
                suggestion="check that a controller of Rollouts runs, and try again",
            ) from failure
        return body

    # ---- following

    async def watch(self, body: WatchRollout) -> AsyncIterator[RolloutsAnswer]:
        """A view whenever something of it has changed; ends with NOT_FOUND_ERROR when the Rollout goes."""
        record, member, key = self._find(body.application, body.resource)
        seen = _Seen()
        async with AsyncExitStack() as stack:
            for gvk, selector in _followed(key):
                task = asyncio.create_task(seen.follow(member, gvk, key.namespace, *selector), name=f"rollout {key}")
                stack.push_async_callback(_cancelled, task)
            last: RolloutView | None = None
            while True:
                await seen.changed.wait()
                await asyncio.sleep(_GATHER_SECONDS)
                seen.changed.clear()
                if not seen.ready:
                    continue
                live = next(iter(seen.bodies[ROLLOUT.kind].values()), None)
                if live is None:
                    raise Refused("NOT_FOUND_ERROR", f"{key} does not exist in the cluster")
                view = self._shown(live, seen, record.key, member)
                if view != last:
                    yield RolloutsAnswer((view,))
                last = view

    def _shown(self, live: JsonObject, seen: "_Seen", application: ApplicationKey, member: Member) -> RolloutView:
        around = Around(
            list(seen.bodies[_REPLICA_SET.kind].values()), list(seen.bodies.get(_ANALYSIS_RUN.kind, {}).values())
        )
        try:
            return self._view(live, around, application, member)
        except InvalidSpec as invalid:
            raise Refused("VALIDATION_ERROR", invalid.message, suggestion=invalid.suggestion) from invalid


def _release_before(record: Record, action: Steer) -> RevisionHistory:
    """What an abort takes Git back to. Raises Refused where that makes no sense, before anything is done."""
    if action is not Steer.ABORT:
        raise Refused("VALIDATION_ERROR", "only an abort takes Git back", field="revertInGit")
    if not follows_git(record):
        raise Refused(
            "VALIDATION_ERROR",
            f"{record.key} does not sync by itself: an abort is enough, and Git stays as it is",
            field="revertInGit",
        )
    if len(record.typed_history) < 2:
        raise Refused("VALIDATION_ERROR", f"{record.key} has no release before the present one", field="revertInGit")
    return record.typed_history[-2]


class _Seen:
    """Objects of some kinds as watches tell. `changed` is set by each news."""

    def __init__(self) -> None:
        self.bodies: dict[str, dict[str, JsonObject]] = {}
        self.changed = asyncio.Event()

    @property
    def ready(self) -> bool:
        """AnalysisRuns may be unknown to the cluster; the others have to be listed once."""
        return ROLLOUT.kind in self.bodies and _REPLICA_SET.kind in self.bodies

    async def follow(
        self, member: Member, gvk: GroupVersionKind, namespace: str, label_selector: str, field_selector: str
    ) -> None:
        watch = watch_kind(
            member.cluster, gvk, namespace=namespace, label_selector=label_selector, field_selector=field_selector
        )
        async for signal in watch:
            match signal:
                case ListDone(items=items):
                    self.bodies[gvk.kind] = {body["metadata"]["name"]: body for body in (one.body() for one in items)}
                case Changed(item=item):
                    body = item.body()
                    self.bodies.setdefault(gvk.kind, {})[body["metadata"]["name"]] = body
                case Deleted(item=item):
                    self.bodies.get(gvk.kind, {}).pop(item.body()["metadata"]["name"], None)
                case Interrupted():
                    continue
            self.changed.set()


def _followed(key: ResourceKey) -> tuple[tuple[GroupVersionKind, tuple[str, str]], ...]:
    return (
        (ROLLOUT, ("", f"metadata.name={key.name}")),
        (_REPLICA_SET, (HASH_LABEL, "")),
        (_ANALYSIS_RUN, ("", "")),
    )


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _is_rollout(key: ResourceKey) -> bool:
    return (key.group, key.kind) == (GROUP, "Rollout")


async def _read_around(member: Member, namespace: str) -> Around:
    """A cluster without AnalysisRuns has none."""
    sets = await _replica_sets(member, namespace)
    try:
        runs = await member.cluster.list(_ANALYSIS_RUN, namespace=namespace, budget=Budget.PEOPLE)
    except ClusterError:
        runs = []
    return Around(sets, runs)


async def _replica_sets(member: Member, namespace: str) -> list[JsonObject]:
    return await member.cluster.list(_REPLICA_SET, namespace=namespace, label_selector=HASH_LABEL, budget=Budget.PEOPLE)


async def _note_skipped(member: Member, key: ResourceKey, rollout: Rollout, action: Steer) -> None:
    """The action is done by then, whatever becomes of the note."""
    note = note_of(key, rollout, action)
    if note is None:
        return
    try:
        await _send(member, note)
    except ClusterError as failure:
        log.warning("skipped steps not noted", rollout=str(key), reason=failure.message)


async def _send(member: Member, patch: Patch) -> None:
    """To the subresource; to the object itself where its kind has none."""
    body = list(patch.body) if isinstance(patch.body, tuple) else patch.body
    for subresource in dict.fromkeys((patch.subresource, "")):
        try:
            await member.cluster.patch(
                patch.target,
                patch.version,
                body,
                kind=patch.kind,
                subresource=subresource,
                manager=_MANAGER,
                budget=Budget.PEOPLE,
            )
            return
        except (NotFound, UnknownKind):  # a path that is not served looks like a kind that is not known
            if not subresource:
                raise
