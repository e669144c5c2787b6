"""What comes next in a running sync: the gate between waves.

A step is finished when each of its tasks is done and, unless it is the last step, each applied object is healthy (or
has no health) and each pruned one is gone. The last step is not waited for: a sync of one wave has succeeded as soon
as its objects are applied, as users of Argo CD expect; health of the application tells the rest.

Hooks are always waited for. One has succeeded when it is healthy or has no health, and failed when it is degraded or
nobody can tell; no failure ends the sync while another hook of the same step still runs.
"""

import enum
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from gitsync.plan.values import Plan, Step, Task, TaskId, TaskKind
from model.health import Health, HealthReport
from model.identity import ResourceKey
from model.operation import ResultCode


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync has come.

    `started` is the number of steps begun. `results` holds the tasks that are done. `health` holds what was seen of
    applied objects since they were applied: a key that is absent has not been seen yet, None has no health. `gone`
    are the pruned objects that no longer exist.
    """

    started: int = 0
    results: Mapping[TaskId, ResultCode] = field(default_factory=dict)
    health: Mapping[ResourceKey, HealthReport | None] = field(default_factory=dict)
    gone: Set[ResourceKey] = frozenset()


class Move(enum.StrEnum):
    START = "start"
    WAIT = "wait"
    SUCCEED = "succeed"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Advance:
    """`step` is what to start; `waiting_for` the tasks that hold the sync up; `failed` those that ended it."""

    move: Move
    message: str
    step: Step | None = None
    waiting_for: tuple[Task, ...] = ()
    failed: tuple[Task, ...] = ()


HOOK_FAILURES = frozenset({Health.DEGRADED, Health.UNKNOWN})
_FAILURES = frozenset({Health.DEGRADED})


def next_step(plan: Plan, progress: Progress) -> Advance:
    """The next move of the sync. Call it again whenever a result or an event may have changed the answer."""
    if progress.started == 0:
        return _start(plan, 0)
    current = plan.steps[progress.started - 1]
    unfinished = tuple(task for task in current.tasks if task.id not in progress.results)
    if unfinished:
        return Advance(Move.WAIT, f"applying {_named(unfinished)}", waiting_for=unfinished)
    gated = _gated(plan, progress, current)
    broken = {task.id for task in gated if _is_broken(progress, task)}
    failed = tuple(task for task in current.tasks if _is_refused(progress, task) or task.id in broken)
    if failed:
        over = {task.id for task in failed}
        running = tuple(task for task in gated if task.hook and task.id not in over and not _well(progress, task))
        return _wait("completion", running) if running else _fail(failed)
    if progress.started == len(plan.steps) and not gated:
        return Advance(Move.SUCCEED, "successfully synced (all tasks run)")
    return _gate(plan, progress, current, gated)


def _start(plan: Plan, position: int) -> Advance:
    if position == len(plan.steps):
        return Advance(Move.SUCCEED, "successfully synced (no more tasks)")
    step = plan.steps[position]
    return Advance(Move.START, f"starting wave {step.wave} of {step.phase}", step=step)


def _gated(plan: Plan, progress: Progress, current: Step) -> tuple[Task, ...]:
    """Applied objects of the step that must be well before the sync goes on."""
    hooks = any(task.hook for task in current.tasks)
    every = len(plan.steps) > 1 and (hooks or progress.started < len(plan.steps))
    return tuple(task for task in current.tasks if task.hook or (every and task.kind is TaskKind.APPLY))


def _gate(plan: Plan, progress: Progress, current: Step, gated: tuple[Task, ...]) -> Advance:
    running = tuple(task for task in gated if task.hook and not _well(progress, task))
    if running:
        return _wait("completion", running)
    waiting = tuple(task for task in gated if not _well(progress, task))
    if waiting:
        return _wait("healthy state", waiting)
    if progress.started == len(plan.steps):
        return Advance(Move.SUCCEED, "successfully synced (no more tasks)")
    leaving = tuple(task for task in current.tasks if task.kind is TaskKind.PRUNE and task.key not in progress.gone)
    if leaving:
        return Advance(Move.WAIT, f"waiting for deletion of {_named(leaving)}", waiting_for=leaving)
    return _start(plan, progress.started)


def _wait(what: str, tasks: tuple[Task, ...]) -> Advance:
    return Advance(Move.WAIT, f"waiting for {what} of {_named(tasks)}", waiting_for=tasks)


def _is_refused(progress: Progress, task: Task) -> bool:
    return progress.results[task.id] is ResultCode.SYNC_FAILED


def _is_broken(progress: Progress, task: Task) -> bool:
    """It is not going to be well."""
    report = progress.health.get(task.key)
    return report is not None and report.status in (HOOK_FAILURES if task.hook else _FAILURES)


def _well(progress: Progress, task: Task) -> bool:
    if task.key not in progress.health:
        return False
    report = progress.health[task.key]
    return report is None or report.status is Health.HEALTHY


def _fail(failed: tuple[Task, ...]) -> Advance:
    message = f"one or more synchronization tasks completed unsuccessfully: {_named(failed)}"
    return Advance(Move.FAIL, message, failed=failed)


def _named(tasks: tuple[Task, ...]) -> str:
    first = f"{tasks[0].key}"
    return first if len(tasks) == 1 else f"{first} and {len(tasks) - 1} more"
