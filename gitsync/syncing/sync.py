"""Runs operations: one at a time per application, each in its own task, with retries in between.

An operation comes from the `operation` field of the Application (a person, the CLI, another controller) or from the
decision to sync automatically; the latter never touches the field, so it costs no extra write. Nothing of an operation
lives only here: what was asked for is in the object until it has ended, so a restart carries on.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
import structlog

from gitsync.application.record import Desired, Record, Records, sentence
from gitsync.application.refresh import Refresh
from gitsync.application.status import as_json, kubernetes_time, operation_state_json
from gitsync.configuration.rules import EngineRules
from gitsync.errors import GitsyncError, Waiting
from gitsync.execute.apply_plan import Execution
from gitsync.execute.preflight import NOT_VALID, NOTHING_APPLIED
from gitsync.fleet.home import Home
from gitsync.fleet.impersonation import Acting
from gitsync.fleet.members import Fleet, Member
from gitsync.fleet.permission import destination_of, permitted, sources_refused
from gitsync.kube.errors import ClusterUnreachable
from gitsync.manifest.object import JsonObject
from gitsync.plan.build import build_plan
from gitsync.plan.options import asked
from gitsync.project.windows import Ruling
from gitsync.sourcing.desired_sources import asked_revisions, asks_for_what_is_followed, usable_sources
from gitsync.sourcing.local_manifests import desire_local
from gitsync.sourcing.sources import Sources
from gitsync.supervisor import Supervisor
from gitsync.syncing import operation as life
from gitsync.syncing.approval import is_approved
from gitsync.syncing.attempt import (
    earlier,
    keep_switches,
    live_of,
    out_of_sync,
    plan_options,
    raw_source,
    refused_results,
    respect_ignored,
    shared_with_others,
    time_limit,
    unseen_after,
    wave_limit,
)
from gitsync.syncing.refusal import why_refused
from gitsync.syncing.run import Run, within
from gitsync.syncing.slots import Slots
from gitsync.syncing.sync_window import rule, seconds_until, told
from model.identity import ApplicationKey
from model.kinds.application import (
    ApplicationSource,
    Operation,
    OperationState,
    ResourceResult,
    SyncOperation,
    SyncOperationResult,
)
from model.operation import Phase, ResultCode

log = structlog.get_logger("gitsync.sync")

_ACTIVE_PER_CLUSTER = 24  # more would only make each of them slower
_LOOK_AGAIN_SECONDS = 30.0  # events wake it before
_ON_RECORD_SECONDS = 2.0
_PATIENCE_SECONDS = 5.0  # an operation that takes longer waits for something, and makes room for others


class Syncs:
    """Operations of all applications.

    `changed` is called when something that is shown changed, `began_anew` when a run sets out or is over, `ended` at
    the end. `blocking` says which applications have to do well first, or ""; `written` writes the state of an
    application now, and tells if it could.
    """

    def __init__(
        self,
        *,
        records: Records,
        home: Home,
        fleet: Callable[[], Fleet],
        sources: Sources,
        acting: Acting,
        rules: EngineRules,
        supervisor: Supervisor,
        changed: Callable[[Record], None],
        ended: Callable[[Record], None],
        began_anew: Callable[[Record], None],
        blocking: Callable[[Record], str],
        written: Callable[[Record], Awaitable[bool]],
        now: Callable[[], datetime],
    ) -> None:
        self._records = records
        self._home = home
        self._fleet = fleet
        self._sources = sources
        self._acting = acting
        self._rules = rules
        self._supervisor = supervisor
        self._changed = changed
        self._ended = ended
        self._began_anew = began_anew
        self._blocking = blocking
        self._written = written
        self._now = now
        self._runs: dict[ApplicationKey, Run] = {}
        self._slots = Slots(_ACTIVE_PER_CLUSTER, patience_seconds=_PATIENCE_SECONDS)
        self.started = 0

    # ---- from outside

    def running(self, record: Record) -> bool:
        return record.key in self._runs

    @property
    def count(self) -> int:
        return len(self._runs)

    def note_requested(self, record: Record) -> bool:
        """True if the object asks for an operation that was not carried out yet."""
        requested = record.raw.get("operation")
        if requested is None:
            record.handled_operation, record.operation_to_remove = None, False
            return False
        if requested == record.handled_operation:
            return False  # carried out; it only waits to be removed
        record.operation_to_remove = False
        return True

    def start_requested(self, record: Record) -> bool:
        """Start what the object asks for, or carry on what an earlier process began. False: neither."""
        requested = record.raw.get("operation")
        waiting = requested is not None and requested != record.handled_operation
        state = record.operation_state if record.operating else None
        if waiting and (state is None or (record.operation_state_raw or {}).get("operation") != requested):
            self._begin(record, record.application.operation or Operation(), raw=requested)
            return True
        if state is None:
            return False
        self._begin(record, state.operation, raw=requested if waiting else None, carried_on=state)
        return True

    def start(self, record: Record, operation: Operation) -> None:
        """Start an automated sync."""
        self._begin(record, operation, raw=None)

    def supersede(self, record: Record, desired: Desired) -> None:
        """A newer commit is there: an automated sync of an older one gives way at its next safe point."""
        run = self._runs.get(record.key)
        if run is None or not run.automated or not run.revision or run.terminating:
            return
        new = [desired.revision, *desired.revisions]
        revision = next((one for one in new if one not in (run.revision, *run.revisions)), "")
        if not revision:
            return
        log.info("superseded", application=str(record.key), old=run.revision[:8], new=revision[:8])
        run.superseded_by = revision
        self._stop(run, f"superseded by {revision[:8]}")

    def project_changed(self, name: str) -> None:
        """What waits for its project, or for its next attempt, may find things changed."""
        for run in self._runs.values():
            if (run.record.application.spec.project or "default") == name:
                run.stirred.set()

    def annotated(self, record: Record) -> None:
        """The application's annotations changed; what waits for somebody's approval may have it now."""
        run = self._runs.get(record.key)
        if run is not None and run.execution is not None and is_approved(record.application, run.state.started_at):
            run.execution.approve()

    def stir(self, record: Record) -> bool:
        """What its operation waits for may have changed. False: nothing runs."""
        run = self._runs.get(record.key)
        if run is not None and run.blocked:
            run.stirred.set()
        return run is not None

    def terminate(self, record: Record) -> bool:
        """Stop at the next safe point. False: nothing runs."""
        run = self._runs.get(record.key)
        if run is None:
            return False
        if not run.terminating:
            run.terminating = True
            self._show(run, life.progress(run.state, "operation is terminating", None, phase=Phase.TERMINATING))
            self._stop(run, life.TERMINATED_MESSAGE)
        return True

    def forget(self, record: Record) -> None:
        """The Application object is gone."""
        run = self._runs.pop(record.key, None)
        if run is not None and run.task is not None:
            run.task.cancel()

    # ---- one operation

    def _begin(
        self, record: Record, operation: Operation, *, raw: JsonObject | None, carried_on: OperationState | None = None
    ) -> None:
        state = carried_on or life.begin(operation, now=self._now())
        run = Run(record=record, operation=operation, state=state, raw=raw, earlier=earlier(carried_on))
        run.terminating = state.phase == Phase.TERMINATING
        self._runs[record.key] = run
        self.started += 1
        if raw is not None:
            self._show(run, state)  # whoever asked sees at once that it was accepted
        record.sync_begins = raw is None and carried_on is None
        run.task = self._supervisor.spawn(f"operation of {record.key}", self._carry_out(run))

    async def _carry_out(self, run: Run) -> None:
        try:
            await self._until_over(run)
        finally:
            if self._runs.get(run.record.key) is run:
                del self._runs[run.record.key]
        self._ended(run.record)

    async def _until_over(self, run: Run) -> None:
        while True:
            if not await self._until_unblocked(run) or not await self._let_in(run):
                self._end_waiting(run)
                break
            async with self._slots.slot(run.record.server):
                self._set_out(run)
                attempt = await self._attempt(run)
            if run.superseded_by and attempt.phase is not Phase.SUCCEEDED:
                self._show(run, life.supersede(run.state, run.superseded_by, now=self._now()))
                break
            patience = self._patience_seconds(run)
            verdict = life.conclude(run.state, attempt, now=self._now(), patience_seconds=patience)
            self._show(run, verdict.state)
            if verdict.retry_after_seconds is None:
                break
            await self._wait(run, verdict.retry_after_seconds)
            if run.terminating or run.superseded_by:
                self._end_waiting(run)
                break
        self._complete(run)

    async def _until_unblocked(self, run: Run) -> bool:
        """Waits for the applications that this one depends on, and for its cluster. False: it was stopped meanwhile."""
        while why := self._why_blocked(run):
            self._show(run, life.progress(run.state, f"Sync operation {why}", None))
            run.blocked = True
            await self._wait(run, _LOOK_AGAIN_SECONDS)
            run.blocked = False
            if run.terminating or run.superseded_by:
                return False
        return True

    def _why_blocked(self, run: Run) -> str:
        if run.sync.dry_run or run.terminating:
            return ""
        return self._blocking(run.record) or (self._why_unreachable(run) if run.automated else "")

    def _why_unreachable(self, run: Run) -> str:
        """Attempts at a cluster that is away would only use up the retries: nobody would try again when it is back."""
        try:
            self._fleet().find(run.record.application.spec.destination).require()
        except (ClusterUnreachable, Waiting) as reason:
            return f"waits: {reason.message}"
        except GitsyncError:
            return ""  # the attempt says what is wrong
        return ""

    async def _let_in(self, run: Run) -> bool:
        """Waits until the sync windows of the project let the operation begin, or go on. False: stopped meanwhile."""
        while (ruling := self._ruling(run)) is not None and not ruling.allowed:
            self._show(run, life.progress(run.state, f"Sync operation blocked by sync window: {told(ruling)}", None))
            await self._wait(run, seconds_until(ruling, self._now()))
            if run.terminating or run.superseded_by or (run.execution is not None and run.execution.stopped):
                return False
        return True

    def _ruling(self, run: Run) -> Ruling | None:
        project = self._home.projects.get(run.record.application.spec.project or "default")
        if run.sync.dry_run or run.terminating:
            return None
        began = run.state.started_at if run.state.sync_result is not None else None
        return rule(
            project, run.record.application, self._fleet(), at=self._now(), manual=not run.automated, began=began
        )

    def _patience_seconds(self, run: Run) -> float:
        """How long the cluster still wants to be left in peace."""
        member = self._fleet().get(run.record.server)
        return member.cluster.limits.patience_seconds if member is not None else 0.0

    def _set_out(self, run: Run) -> None:
        """Its turn has come."""
        if run.record.sync_begins:
            run.record.sync_begins = False
            run.state = msgspec.structs.replace(run.state, started_at=self._now())
            self._began_anew(run.record)

    def _end_waiting(self, run: Run) -> None:
        """Terminated or superseded while it waited for its next attempt."""
        if run.superseded_by:
            self._show(run, life.supersede(run.state, run.superseded_by, now=self._now()))
            return
        over = life.Attempt(Phase.FAILED, life.TERMINATED_MESSAGE)
        self._show(run, life.conclude(run.state, over, now=self._now()).state)

    async def _attempt(self, run: Run) -> life.Attempt:
        """One attempt to carry the operation out; every failure is an outcome."""
        try:
            if run.operation.sync is None:
                return life.Attempt(Phase.ERROR, "Invalid operation request: no operation specified")
            member = self._fleet().find(run.record.application.spec.destination)
            self._records.place(run.record, member.server)
            member.require()
            project = self._project(run.record)
            if why := why_refused(run.record.application, project, run.sync, automated=run.automated):
                return life.Attempt(Phase.ERROR, why)
            desired = await self._desired(run, member)
            return await self._apply(run, member, desired)
        except Waiting as waiting:
            return life.Attempt(Phase.ERROR, sentence(waiting))
        except GitsyncError as failure:
            return life.Attempt(Phase.ERROR, sentence(failure), self._result(run, ()))

    async def _desired(self, run: Run, member: Member) -> Desired:
        """What is to be applied: what the application wants anyway, unless the operation names something else."""
        record, sync = run.record, run.sync
        sources = usable_sources(life.sources_to_sync(record.application, sync))
        own = not sync.source and not sync.sources
        again = run.state.retry_count and run.operation.retry and run.operation.retry.refresh
        asked = asked_revisions(SyncOperation() if again else sync, len(sources))
        run.source = raw_source(record.raw, sync)
        if sync.manifests:
            run.revision, run.revisions = record.revision, record.revisions
            return desire_local(record, member, sync.manifests, self._rules.tracking)
        shown = record.revisions or (record.revision,)
        if own and asks_for_what_is_followed(asked, shown, sources):
            refresh = Refresh.COMPARE if asked == shown else Refresh.NORMAL
            desired = await self._sources.desire(record, member, refresh=refresh)
            desired, _ = permitted(self._project(record), record.application, member, desired)
            self._records.want(record, desired)
            record.take(desired)
        else:
            several = bool(sync.sources or (own and record.application.spec.sources))
            run.revision, run.revisions = asked[0], asked if several else ()
            self._require_permitted(record, sources)
            desired = await self._sources.desire_at(record, member, sources, asked, several=several)
        run.revision, run.revisions = desired.revision, desired.revisions
        return desired

    def _require_permitted(self, record: Record, sources: tuple[ApplicationSource, ...]) -> None:
        """An operation that brings sources of its own is no way around the project. Raises GitsyncError."""
        if refused := sources_refused(self._project(record), record.application, sources):
            raise GitsyncError(refused)

    async def _apply(self, run: Run, member: Member, desired: Desired) -> life.Attempt:
        record, sync = run.record, run.sync
        desired, conditions = permitted(self._project(record), record.application, member, desired)
        if errors := [one.message for one in conditions if one.type.endswith("Error")]:
            return life.Attempt(Phase.FAILED, "; ".join(errors), self._result(run, ()))
        options = plan_options(
            record, sync, revision=run.revision, began=run.state.started_at, attempt=run.state.retry_count
        )
        if asked("FailOnSharedResource", {}, options.options) and (why := shared_with_others(record, member, desired)):
            return life.Attempt(Phase.FAILED, f"Shared resource found: {why}", self._result(run, ()))
        drifted = out_of_sync(record, desired)
        if asked("RespectIgnoreDifferences", {}, options.options):
            desired = await respect_ignored(record, member, desired, self._rules, options.options)
        desired = await keep_switches(member, desired)
        plan = build_plan(
            tuple(one for key, one in desired.objects.items() if key not in desired.refused),
            live_of(record, member, desired, self._project(record)),
            options=options,
            out_of_sync=drifted,
        )
        where = destination_of(record.application, member)
        if refused := refused_results(plan, desired, options, self._project(record), where):
            message = f"{NOT_VALID}: {refused[0].message.rstrip('.')}. {NOTHING_APPLIED}."
            return life.Attempt(Phase.FAILED, message, self._result(run, refused))
        if not plan.is_repeatable and not sync.dry_run:
            await self._put_on_record(run, run.earlier.results if run.earlier else ())
        run.execution = Execution(
            plan,
            cluster=self._acting.cluster(record, member),
            live=member.cache,
            application=record.instance,
            dry_run=sync.dry_run,
            earlier=run.earlier,
            wave_seconds=wave_limit(record),
            approved=is_approved(record.application, run.state.started_at),
            may_go_on=lambda: self._let_in(run),
            on_record=lambda execution: self._put_on_record(run, execution.results),
            on_progress=lambda execution: self._progressed(run, execution),
        )
        if run.terminating or run.superseded_by:
            run.execution.stop(life.TERMINATED_MESSAGE)
        outcome = await within(time_limit(record, self._home.parameters.sync_limit), run, run.execution)
        run.execution = run.earlier = None
        if not sync.dry_run:
            record.unseen = await unseen_after(member, plan, outcome.results)
        failed = any(one.status == ResultCode.SYNC_FAILED for one in outcome.results)
        if failed and not outcome.message.startswith(NOT_VALID):
            return life.Attempt(Phase.FAILED, life.failure_message(outcome.results), self._result(run, outcome.results))
        return life.Attempt(outcome.phase, outcome.message, self._result(run, outcome.results))

    async def _put_on_record(self, run: Run, results: tuple[ResourceResult, ...]) -> None:
        """What must not be done twice begins, and goes when it has ended, only after the Application tells of it."""
        state = msgspec.structs.replace(run.state, sync_result=self._result(run, results))
        self._show(run, msgspec.structs.replace(state, message="") if life.is_between_attempts(state) else state)
        while not await self._written(run.record) and not run.terminating and not run.superseded_by:
            await self._wait(run, _ON_RECORD_SECONDS)

    def _project(self, record: Record) -> JsonObject:
        name = record.application.spec.project or "default"
        project = self._home.projects.get(name)
        if project is None:
            raise GitsyncError(f"Application referencing project {name} which does not exist")
        return project

    def _progressed(self, run: Run, execution: Execution) -> None:
        state = life.progress(
            run.state, execution.message, self._result(run, execution.results), phase=Phase(run.state.phase)
        )
        self._show(run, state)

    def _result(self, run: Run, results: tuple[ResourceResult, ...]) -> SyncOperationResult:
        if "sources" in run.source:
            sources = msgspec.convert(run.source["sources"], tuple[ApplicationSource, ...], strict=False)
            return SyncOperationResult(
                resources=results,
                revisions=run.revisions or run.sync.revisions,
                managed_namespace_metadata=run.record.application.spec.managed_namespace_metadata,
                sources=sources,
            )
        source = run.source.get("source") or {}
        return SyncOperationResult(
            resources=results,
            revision=run.revision or run.sync.revision,
            managed_namespace_metadata=run.record.application.spec.managed_namespace_metadata,
            source=msgspec.convert(source, ApplicationSource, strict=False),
        )

    def _show(self, run: Run, state: OperationState) -> None:
        run.state = state
        run.record.operation_state = state
        run.record.operation_state_raw = operation_state_json(state, operation=run.raw, source=run.source)
        self._changed(run.record)

    def _complete(self, run: Run) -> None:
        record, state = run.record, run.state
        record.sync_begins = False
        self._began_anew(record)
        if run.raw is not None:
            record.handled_operation, record.operation_to_remove = run.raw, True
        log.info(
            "operation ended",
            application=str(record.key),
            phase=state.phase,
            revision=run.revision[:8],
            message=state.message[:200],
        )
        if life.deserves_history(run.operation, state.phase):
            at: JsonObject = {"revisions": list(run.revisions)} if run.revisions else {"revision": run.revision}
            entry: JsonObject = {**at, "deployedAt": kubernetes_time(self._now()), **run.source}
            if state.started_at:
                entry["deployStartedAt"] = kubernetes_time(state.started_at)
            if run.operation.initiated_by:
                entry["initiatedBy"] = as_json(run.operation.initiated_by)
            limit = record.application.spec.revision_history_limit
            record.history = life.extend_history(record.history, entry, limit=limit)

    async def _wait(self, run: Run, seconds: float) -> None:
        """The time until the next attempt, unless somebody stops the operation."""
        try:
            async with asyncio.timeout(seconds):
                await run.stirred.wait()
        except TimeoutError:
            return
        run.stirred.clear()

    def _stop(self, run: Run, message: str) -> None:
        run.stirred.set()
        if run.execution is not None:
            run.execution.stop(message)
