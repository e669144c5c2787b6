"""What of a plan is tried out before any of it is done, so that a malformed manifest does not leave a sync half done.

Tried is what would change, where the sync changes or deletes something that is there already and the failure of one
part would leave other parts done. A first sync breaks nothing and is not worth a second request for each object.

Only a schema that the plan itself cannot change in time may stop it: that of Kubernetes' own kinds stays, that of other
kinds in the first step only, since whatever runs before may bring a new one.
"""

from collections.abc import Callable

from gitsync.plan.values import Plan, Task, TaskKind

IN_SYNC = "in sync; applied again"


def trials(plan: Plan, is_built_in: Callable[[Task], bool]) -> tuple[Task, ...]:
    """The tasks to try, in the plan's order. `is_built_in`: the kind is one of Kubernetes' own."""
    changing = [task for step in plan.steps for task in step.tasks if changes(task)]
    if len(changing) < 2 or not any(task.kind is TaskKind.PRUNE or task.live is not None for task in changing):
        return ()
    return tuple(
        task
        for position, step in enumerate(plan.steps)
        for task in step.tasks
        if task.kind is TaskKind.APPLY and changes(task) and (position == 0 or is_built_in(task))
    )


def changes(task: Task) -> bool:
    """Whether the cluster may be another one after it."""
    return task.kind is TaskKind.PRUNE or (task.kind is TaskKind.APPLY and task.reason != IN_SYNC)
