"""Executes a plan: step by step, batch by batch, and through the gate between waves.

What could never be applied is found before anything is (`gitsync.execute.preflight`). One object that fails later does
not stop the others of its step; the next step does not begin. Prunes that somebody has to confirm hold their step up
until `approve` is called.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

import msgspec

from gitsync.duration import parse_duration
from gitsync.errors import GitsyncError
from gitsync.execute.apply_object import ApplySettings, apply_object, make_way
from gitsync.execute.establish import EstablishLimits, defined_kinds, wait_established
from gitsync.execute.hooks import DELETED_WHILE_RUNNING, Earlier, end_hook, hook_phase, is_over, is_removed, judged
from gitsync.execute.live import LiveView, Watched, has_seen
from gitsync.execute.preflight import Refused, invalid_tasks, malformed_tasks, told
from gitsync.execute.remove_object import Removal, propagation, remove_object
from gitsync.execute.result import applied_message, failed_message, refused_message, result
from gitsync.kube.backoff import Backoff, Pace
from gitsync.kube.client import Cluster, Written
from gitsync.kube.errors import NamespaceMissing, UnknownKind
from gitsync.kube.index import LiveEvent
from gitsync.manifest.object import LiveObject
from gitsync.plan.advance import Advance, Move, Progress, next_step
from gitsync.plan.values import Plan, Step, Task, TaskId, TaskKind
from model.health import Health, HealthReport
from model.identity import ResourceKey
from model.kinds.application import ResourceResult
from model.operation import Phase, ResultCode

TIMEOUT_ANNOTATION = "argosy.io/timeout"  # of an object or a hook: how long a sync waits for it to be well
WAVE_TIMEOUT_ANNOTATION = "argosy.io/wave-timeout"  # of an Application: how long each wave may take
_SERVED = Pace(first_seconds=0.05, most_seconds=1.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the execution ended: SUCCEEDED or FAILED."""

    phase: Phase
    message: str
    results: tuple[ResourceResult, ...]


class Execution:
    """One run of a plan. `on_progress` is called after each step and each change of what is waited for.

    `may_go_on` is waited for before each step but the first, `on_record` before hooks go that have ended.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        cluster: Cluster,
        live: LiveView,
        application: str,
        dry_run: bool = False,
        earlier: Earlier | None = None,
        establish: EstablishLimits | None = None,
        may_go_on: Callable[[], Awaitable[bool]] | None = None,
        on_record: Callable[["Execution"], Awaitable[None]] | None = None,
        wave_seconds: float | None = None,
        approved: bool = False,
        on_progress: Callable[["Execution"], None] | None = None,
    ) -> None:
        self._plan = plan
        self._part = plan  # what of it is under way: the plan, or what it keeps for a failure
        self._alarms: list[asyncio.TimerHandle] = []
        self._late: set[ResourceKey] = set()  # not well within their time limits
        self._elsewhere: set[ResourceKey] = set()  # of kinds that turned out to have no namespace
        self._hooks = {task.key for task in plan.tasks if task.hook}
        self._earlier = earlier
        self._cluster = cluster
        self._live = live
        self._settings = ApplySettings(application, dry_run=dry_run)
        self._establish = establish or EstablishLimits()
        self._may_go_on = may_go_on
        self._on_record = on_record
        self._wave_seconds = wave_seconds
        self._approved = approved
        self._late_wave = ""  # why the wave under way has taken too long
        self._wave_alarm: asyncio.TimerHandle | None = None
        self._on_progress = on_progress
        self._codes: dict[TaskId, ResultCode] = {}
        self._results: dict[TaskId, ResourceResult] = {}
        self._versions: dict[ResourceKey, str] = {}  # resourceVersion after our write
        self._health: dict[ResourceKey, HealthReport | None] = {}
        self._removed: dict[ResourceKey, str] = {}  # uid that was deleted
        self._gone: set[ResourceKey] = set()
        self._started = 0
        self._stop_message = ""
        self._cut_short = ""  # why hooks that still run are not waited for
        self._watched: Watched | None = None
        self.message = ""
        self.failed = False  # known before hooks that have ended go

    @property
    def results(self) -> tuple[ResourceResult, ...]:
        """One for each task that was begun, in the plan's order."""
        return tuple(self._results[task.id] for task in self._plan.tasks if task.id in self._results)

    @property
    def stopped(self) -> bool:
        return bool(self._stop_message)

    def stop(self, message: str) -> None:
        """Ends it at the next safe point: requests under way finish, nothing new begins."""
        self._stop_message = message
        if self._watched:
            self._watched.stir()

    def approve(self) -> None:
        """Somebody has confirmed the prunes that wait for it."""
        self._approved = True
        if self._watched:
            self._watched.stir()

    async def run(self) -> Outcome:
        """Executes the plan to its end."""
        if refused := await invalid_tasks(self._plan, self._cluster):
            return Outcome(Phase.FAILED, self._refuse(refused), self.results)
        keys = {task.key for task in self._plan.tasks}
        with Watched(self._live, keys, self._heard) as self._watched:
            if self._stop_message:
                self._take_over_hooks()
            try:
                if malformed := await self._malformed():
                    phase, message = Phase.FAILED, self._refuse(malformed)
                else:
                    phase, message = await self._go_through(self._plan, self._watched)
            finally:
                self._alarms_off()
            if phase is Phase.FAILED and self._plan.on_failure and not self._settings.dry_run:
                await self._go_through(Plan(self._plan.on_failure), self._watched)
            self.failed = phase is Phase.FAILED
            if self._hooks and not self._settings.dry_run:
                if self._on_record is not None:
                    await self._on_record(self)
                await self._end_hooks(failed=self.failed)
        return Outcome(phase, message, self.results)

    async def _malformed(self) -> list[Refused]:
        """What a dry run finds malformed. What another process has begun to apply is not tried out once more."""
        begun = self._earlier is not None and not self._earlier.was_refused
        if self._settings.dry_run or self._stop_message or begun:
            return []
        self._tell("trying out what would change")
        return await malformed_tasks(self._plan, self._cluster, self._live, self._settings.application)

    def _refuse(self, refused: list[Refused]) -> str:
        """Nothing is applied because of these tasks. What is said of the sync."""
        reasons = [(task, refused_message(task, error)) for task, error in refused]
        for task, reason in reasons:
            self._results[task.id] = result(task, ResultCode.SYNC_FAILED, reason, phase=Phase.FAILED)
        return told(reasons)

    def _take_over_hooks(self) -> None:
        """It was stopped before it began: hooks that an earlier process left running are ended all the same."""
        for task in self._plan.tasks:
            live = self._live.get(task.key)
            if task.hook and live is not None and self._earlier is not None and self._earlier.began(task, live):
                self._versions[task.key] = live.resource_version
                self._results[task.id] = result(task, ResultCode.SYNCED, "already begun", phase=Phase.RUNNING)
                if is_over(report := judged(live)):
                    self._judge(task, report)

    async def _go_through(self, part: Plan, watched: Watched) -> tuple[Phase, str]:
        self._part, self._started, self._late_wave = part, 0, ""
        while not self._stop_message and not self._late_wave:
            advance = self._advance()
            self._tell(advance.message)
            match advance.move:
                case Move.START:
                    assert advance.step is not None
                    await self._let_on()
                    self._limit_wave(advance.step)
                    if await self._confirmed(advance.step, watched):
                        await self._run_step(advance.step)
                        self._started += 1
                case Move.WAIT:
                    await watched.changed()
                case Move.SUCCEED:
                    self._set_phases(part.tasks, Phase.SUCCEEDED)
                    return Phase.SUCCEEDED, advance.message
                case Move.FAIL:
                    self._mark_failed(advance)
                    return Phase.FAILED, advance.message
        self._cut_short = self._cut_short or self._stop_message or self._late_wave
        return Phase.FAILED, self._stop_message or self._late_wave

    async def _let_on(self) -> None:
        """Between steps somebody else has a word: a window that closes meanwhile."""
        if self._started and self._may_go_on is not None and not self._settings.dry_run:
            if self._wave_alarm:
                self._wave_alarm.cancel()
            await self._may_go_on()

    async def _confirmed(self, step: Step, watched: Watched) -> bool:
        """Waits until somebody confirms the prunes of the step that need it. False: it was stopped meanwhile."""
        asking = [task for task in step.tasks if task.needs_approval]
        if not asking or self._settings.dry_run:
            return True
        more = f" and {len(asking) - 1} more resources" if len(asking) > 1 else ""
        while not self._approved and not self._stop_message and not self._late_wave:
            self._tell(f"Waiting for pruning confirmation of {asking[0].key}{more}")
            await watched.changed()
        return self._approved and not self._stop_message and not self._late_wave

    async def _end_hooks(self, *, failed: bool) -> None:
        stopped = bool(self._cut_short)
        for task in self._plan.tasks:
            if task.hook is None or (done := self._results.get(task.id)) is None or task.key not in self._versions:
                continue
            remove = is_removed(task, done, failed=failed, stopped=stopped)
            if stopped and done.hook_phase == Phase.RUNNING.value:
                done = msgspec.structs.replace(done, hook_phase=Phase.FAILED.value, message=self._cut_short)
            try:
                await end_hook(self._cluster, task.gvk, task.key, self._settings.application, remove=remove)
            except GitsyncError as error:
                done = msgspec.structs.replace(done, message=f"it could not be cleaned up: {failed_message(error)}")
            self._results[task.id] = done

    def _advance(self) -> Advance:
        self._observe()
        return next_step(
            self._part,
            Progress(started=self._started, results=self._codes, health=self._health, gone=self._gone),
        )

    def _tell(self, message: str) -> None:
        self.message = message
        if self._on_progress:
            self._on_progress(self)

    # what the cluster shows since

    def _observe(self) -> None:
        """Looks at the objects of the step that the gate stands after, as the cache has them now."""
        if not self._started:
            return
        tasks = self._part.steps[self._started - 1].tasks
        kinds = {(task.key.group, task.key.kind) for task in tasks}
        blind = {kind for kind in kinds if self._settings.dry_run or self._live.blind_to(*kind)}
        for task in tasks:
            key = task.key
            unseen = (key.group, key.kind) in blind or key in self._elsewhere
            if key in self._versions:
                if unseen:
                    self._health[key] = None
                else:
                    self._see_applied(key, self._live.get(key))
            elif key in self._removed:
                live = self._live.get(key)
                if unseen or live is None or live.uid != self._removed[key]:
                    self._gone.add(key)
            if task.hook is not None and key in self._health:
                self._judge(task, self._health[key])

    def _judge(self, task: Task, report: HealthReport | None) -> None:
        done = self._results.get(task.id)
        if done is not None and done.hook_phase == Phase.RUNNING.value:
            message = report.message if report is not None and report.message else done.message
            self._results[task.id] = msgspec.structs.replace(done, hook_phase=hook_phase(report).value, message=message)

    def _heard(self, event: LiveEvent) -> None:
        """A Job may be done and swept away before the gate looks again; its last state counts."""
        key = event.object.key
        if key not in self._versions:
            return
        self._see_applied(key, event.new)
        if event.new is None and key in self._hooks and not self._is_over(key):
            self._health[key] = HealthReport(Health.DEGRADED, DELETED_WHILE_RUNNING)

    def _is_over(self, key: ResourceKey) -> bool:
        return key in self._health and is_over(self._health[key])

    def _see_applied(self, key: ResourceKey, live: LiveObject | None) -> None:
        if live is not None and key not in self._late and has_seen(live, self._versions[key]):
            if key not in self._hooks:
                self._health[key] = live.facts.health
            elif not self._is_over(key):
                self._health[key] = judged(live)

    # time limits of objects and hooks

    def _set_alarm(self, task: Task) -> None:
        limit_seconds = parse_duration(task.desired.annotations.get(TIMEOUT_ANNOTATION, "")) if task.desired else None
        if limit_seconds and not self._settings.dry_run:
            loop = asyncio.get_running_loop()
            self._alarms.append(loop.call_later(limit_seconds, self._expire, task.key, limit_seconds))

    def _expire(self, key: ResourceKey, limit_seconds: float) -> None:
        known = self._health.get(key)
        if key in self._health and (known is None or known.status is Health.HEALTHY):
            return
        seen = f"it is {known.status}{f': {known.message}' if known.message else ''}" if known else "nothing was seen"
        late = f"not healthy within {limit_seconds:g} s ({TIMEOUT_ANNOTATION}); {seen}"
        self._late.add(key)
        self._health[key] = HealthReport(Health.DEGRADED, late)
        if self._watched:
            self._watched.stir()

    def _limit_wave(self, step: Step) -> None:
        """From now on the clock of this wave runs, and no other."""
        if self._wave_alarm:
            self._wave_alarm.cancel()
        if self._wave_seconds and not self._settings.dry_run:
            self._wave_alarm = asyncio.get_running_loop().call_later(self._wave_seconds, self._expire_wave, step)

    def _expire_wave(self, step: Step) -> None:
        self._late_wave = (
            f"wave {step.wave} of {step.phase} timed out after {self._wave_seconds:g} s ({WAVE_TIMEOUT_ANNOTATION})"
            f" while {self.message}"
        )
        if self._watched:
            self._watched.stir()

    def _alarms_off(self) -> None:
        for alarm in (*self._alarms, *((self._wave_alarm,) if self._wave_alarm else ())):
            alarm.cancel()

    # one step

    async def _run_step(self, step: Step) -> None:
        for batch in step.batches:
            if self._stop_message:
                return
            if len(batch) == 1:
                await self._run_task(batch[0])
            else:
                async with asyncio.TaskGroup() as group:
                    for task in batch:
                        group.create_task(self._run_task(task))

    async def _run_task(self, task: Task) -> None:
        if self._stop_message:
            return
        try:
            match task.kind:
                case TaskKind.APPLY:
                    done = await self._apply(task)
                case TaskKind.PRUNE:
                    done = await self._prune(task)
                case TaskKind.SKIP_PRUNE:
                    done = result(task, ResultCode.PRUNE_SKIPPED, task.reason, phase=None)
        except GitsyncError as error:
            done = self._failed(task, error)
        self._results[task.id] = done
        self._codes[task.id] = ResultCode(done.status)

    async def _apply(self, task: Task) -> ResourceResult:
        dry_run = self._settings.dry_run
        if task.hook is not None:
            if (known := await self._begin_hook(task)) is not None:
                return known
            task = replace(task, live=None) if task.hook.recreated else task  # what the plan saw is gone
        if task.options.replace and task.options.force and self._was_recreated(task):
            return result(task, ResultCode.SYNCED, "already created anew", phase=Phase.RUNNING)
        written = await self._apply_once_served(task)
        self._versions[task.key] = written.body["metadata"].get("resourceVersion", "")
        if task.key.namespace and not written.body["metadata"].get("namespace"):
            self._elsewhere.add(task.key)
        self._set_alarm(task)
        if not dry_run:
            await wait_established(self._cluster, self._live, task, self._establish)
        message = applied_message(task, written, dry_run=dry_run)
        return result(task, ResultCode.SYNCED, message, phase=Phase.SUCCEEDED if dry_run else Phase.RUNNING)

    async def _begin_hook(self, task: Task) -> ResourceResult | None:
        """Makes room for a new run of the hook. The result, if an earlier process began this very run."""
        key = task.key
        self._versions.pop(key, None)
        self._health.pop(key, None)
        if self._earlier is not None:
            if (done := self._earlier.ended(task)) is not None:
                failed = done.hook_phase == Phase.FAILED.value
                self._versions[key] = ""
                self._health[key] = HealthReport(Health.DEGRADED, done.message) if failed else None
                return done
            live = self._live.get(key)
            if live is not None and self._earlier.began(task, live):
                self._versions[key] = live.resource_version
                return result(task, ResultCode.SYNCED, "already begun", phase=Phase.RUNNING)
        assert task.hook is not None, f"{key} is no hook"
        existed = task.hook.recreated and await make_way(self._cluster, self._live, task, self._settings)
        if existed and self._settings.dry_run:
            self._versions[key] = ""
            message = "not checked: the one that exists would be deleted first (dry run)"
            return result(task, ResultCode.SYNCED, message, phase=Phase.SUCCEEDED)
        return None

    def _was_recreated(self, task: Task) -> bool:
        """An earlier process has deleted and created it anew for this very sync."""
        live = self._live.get(task.key)
        if self._earlier is None or live is None or not self._earlier.created(live):
            return False
        self._versions[task.key] = live.resource_version
        return True

    async def _apply_once_served(self, task: Task) -> Written:
        """An API server may answer "no such kind" for a moment after it has established a definition of this plan."""
        backoff = Backoff(_SERVED, self._cluster.jitter)
        deadline = asyncio.get_running_loop().time() + self._establish.served_seconds
        while True:
            try:
                return await apply_object(self._cluster, self._live, task, self._settings)
            except UnknownKind:
                late = asyncio.get_running_loop().time() >= deadline
                if late or self._settings.dry_run or not self._is_defined_here(task):
                    raise
            await asyncio.sleep(backoff.failed())

    async def _prune(self, task: Task) -> ResourceResult:
        live = self._live.get(task.key) or task.live
        assert live is not None, f"{task.key} is to be pruned and was never seen"
        dry_run = self._settings.dry_run
        policy = propagation(task.options.propagation)
        removed = await remove_object(
            self._cluster,
            live,
            self._settings.application,
            policy=policy,
            dry_run=dry_run,
            mark_of=self._live.mark_of,
        )
        if removed.outcome is Removal.KEPT:
            return result(task, ResultCode.PRUNE_SKIPPED, f"ignored: {removed.why}", phase=None)
        self._removed[task.key] = live.uid
        message = "pruned (dry run)" if dry_run else "pruned"
        return result(task, ResultCode.PRUNED, message, phase=Phase.SUCCEEDED)

    def _failed(self, task: Task, error: GitsyncError) -> ResourceResult:
        if self._settings.dry_run and self._comes_with_plan(task, error):
            self._versions[task.key] = ""
            message = "not checked: its kind or namespace is created by this sync (dry run)"
            return result(task, ResultCode.SYNCED, message, phase=Phase.SUCCEEDED)
        return result(task, ResultCode.SYNC_FAILED, refused_message(task, error), phase=Phase.FAILED)

    def _comes_with_plan(self, task: Task, error: GitsyncError) -> bool:
        """Whether a dry run fails only because nothing before it really happened."""
        if isinstance(error, NamespaceMissing):
            namespace = ResourceKey("", "Namespace", "", task.key.namespace)
            return any(other.key == namespace and other.desired is not None for other in self._plan.tasks)
        return isinstance(error, UnknownKind) and self._is_defined_here(task)

    def _is_defined_here(self, task: Task) -> bool:
        return any(resource.gvk == task.gvk for other in self._plan.tasks for resource in defined_kinds(other))

    # results after the gate

    def _mark_failed(self, advance: Advance) -> None:
        self._set_phases(advance.failed, Phase.FAILED)
        for task in advance.failed:
            report = self._health.get(task.key)
            if report is not None and report.status is Health.DEGRADED and report.message:
                self._results[task.id] = msgspec.structs.replace(self._results[task.id], message=report.message)

    def _set_phases(self, tasks: Iterable[Task], phase: Phase) -> None:
        """Of ordinary objects; hooks have been judged one by one."""
        for task in tasks:
            if task.hook is not None and not self._settings.dry_run:
                continue
            known = self._results.get(task.id)
            if known is not None and known.hook_phase == Phase.RUNNING.value:
                self._results[task.id] = msgspec.structs.replace(known, hook_phase=phase.value)
