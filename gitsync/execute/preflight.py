"""Looks at a whole plan before anything of it is done: an object of a kind that the cluster does not serve, and that
this sync does not bring, fails the sync with nothing applied, as users of Argo CD expect.

Exempt are objects with `SkipDryRunOnMissingResource=true`: something that the sync starts may define their kind later.
"""

from collections.abc import Iterable

from gitsync.execute.establish import defined_kinds
from gitsync.kube.client import Cluster
from gitsync.kube.errors import UnknownKind
from gitsync.plan.values import Plan, Task, TaskKind

NOT_VALID = "one or more synchronization tasks are not valid"


async def invalid_tasks(plan: Plan, cluster: Cluster) -> list[tuple[Task, UnknownKind]]:
    """Tasks that nothing could be done for, with the reason. Asks the cluster only if there is such a kind."""
    served: set[object] = set()
    refused: list[tuple[Task, UnknownKind]] = []
    for task in _checked(plan):
        if task.gvk in served:
            continue
        try:
            await cluster.discovery.require(task.gvk)
        except UnknownKind as unknown:
            refused.append((task, unknown))
        else:
            served.add(task.gvk)
    return refused


def _checked(plan: Plan) -> Iterable[Task]:
    brought = {resource.gvk for task in plan.tasks for resource in defined_kinds(task)}
    for task in plan.tasks:
        if task.kind is TaskKind.APPLY and not task.options.skip_dry_run_on_missing and task.gvk not in brought:
            yield task
