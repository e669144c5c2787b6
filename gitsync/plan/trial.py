"""What of a plan is tried out before any of it is done, so that one invalid manifest does not leave a sync half done.

Tried is what would change, where the sync changes or deletes something that is there already and the failure of one
part would leave other parts done. A first sync breaks nothing and is not worth a second request for each object.

Only what the plan itself cannot change in time may stop it: the schema of Kubernetes' own kinds cannot, that of other
kinds only in the first step, since whatever runs before may bring a new one; and a field that cannot change in place
may be out of the way once a hook has run.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gitsync.plan.values import Plan, Step, Task, TaskKind

IN_SYNC = "in sync; applied again"


@dataclass(frozen=True, slots=True)
class Trial:
    """`stays_fixed`: nothing runs before it that could make a field changeable that is not."""

    task: Task
    stays_fixed: bool


def trials(plan: Plan, is_built_in: Callable[[Task], bool]) -> tuple[Trial, ...]:
    """The tasks to try, in the plan's order. `is_built_in`: the kind is one of Kubernetes' own."""
    changing = [task for step in plan.steps for task in step.tasks if changes(task)]
    if len(changing) < 2 or not any(task.kind is TaskKind.PRUNE or task.live is not None for task in changing):
        return ()
    found: list[Trial] = []
    hooks = False
    for position, step in enumerate(plan.steps):
        hooks = hooks or any(task.hook for task in step.tasks)
        for task in _applied(step):
            if position == 0 or is_built_in(task):
                found.append(Trial(task, stays_fixed=not (hooks or task.options.force)))
    return tuple(found)


def _applied(step: Step) -> list[Task]:
    return [task for task in step.tasks if task.kind is TaskKind.APPLY and changes(task)]


def changes(task: Task) -> bool:
    """Whether the cluster may be another one after it."""
    return task.kind is TaskKind.PRUNE or (task.kind is TaskKind.APPLY and task.reason != IN_SYNC)
