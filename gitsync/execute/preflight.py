"""Looks at a whole plan before anything of it is done. What could never be applied fails the sync with nothing applied.

That is a kind that the cluster does not serve and this sync does not bring (exempt: `SkipDryRunOnMissingResource=true`,
something that the sync starts may define it), an object without a name that is no hook, and what the API server cannot
read as an object of its kind in a dry run (`gitsync.plan.trial` says of which objects it is asked). Whatever else it
has to say then (a value, an immutable field, a right, a webhook) fails that object in its turn, and the others go on.
"""

import asyncio
from collections.abc import Iterable

from gitsync.diff.facts import is_kind_of_kubernetes
from gitsync.errors import GitsyncError
from gitsync.execute.apply_object import ApplySettings, apply_object
from gitsync.execute.establish import defined_kinds
from gitsync.execute.live import LiveView
from gitsync.kube.client import Cluster
from gitsync.kube.errors import Malformed, UnknownKind
from gitsync.plan.trial import changes, trials
from gitsync.plan.values import Plan, Task, TaskKind

NOT_VALID = "one or more synchronization tasks are not valid"
NOTHING_APPLIED = "Nothing of this sync was applied"

Refused = tuple[Task, GitsyncError]


async def invalid_tasks(plan: Plan, cluster: Cluster) -> list[Refused]:
    """Tasks that nothing could be done for, with the reason. Asks the cluster only if there is such a kind."""
    served: set[object] = set()
    refused: list[Refused] = []
    brought = _brought(plan.tasks)
    for task in plan.tasks:
        if task.kind is not TaskKind.APPLY:
            continue
        if task.desired is not None and not task.desired.body["metadata"].get("name"):
            refused.append((task, _nameless(task)))
        elif not task.options.skip_dry_run_on_missing and task.gvk not in brought and task.gvk not in served:
            try:
                await cluster.discovery.require(task.gvk)
            except UnknownKind as unknown:
                refused.append((task, _with_way_out(unknown)))
            else:
                served.add(task.gvk)
    return refused


async def malformed_tasks(plan: Plan, cluster: Cluster, live: LiveView, application: str) -> list[Refused]:
    """Tasks whose manifests the API server cannot read as objects of their kinds, with its reason."""
    settings = ApplySettings(application, dry_run=True)
    brought = _brought(task for task in plan.tasks if changes(task))
    tried = [task for task in trials(plan, _is_built_in) if task.gvk not in brought]
    answers = await asyncio.gather(*(_try(task, cluster, live, settings) for task in tried))
    return [(task, answer) for task, answer in zip(tried, answers, strict=True) if answer is not None]


async def _try(task: Task, cluster: Cluster, live: LiveView, settings: ApplySettings) -> Malformed | None:
    try:
        await apply_object(cluster, live, task, settings)
    except Malformed as error:
        return error
    except GitsyncError:
        return None
    return None


def _is_built_in(task: Task) -> bool:
    return is_kind_of_kubernetes(task.key.group)


def _brought(tasks: Iterable[Task]) -> set[object]:
    """Kinds whose definitions these tasks apply."""
    return {resource.gvk for task in tasks for resource in defined_kinds(task)}


def _nameless(task: Task) -> GitsyncError:
    return GitsyncError(
        f"{task.key.kind} {task.key.namespace}/{task.key.name} has a generateName and no name, and is no hook",
        suggestion="Give it a name, or make it a hook of the sync (argocd.argoproj.io/hook).",
    )


def _with_way_out(unknown: UnknownKind) -> GitsyncError:
    way_out = "With the sync option SkipDryRunOnMissingResource=true on the object the others are applied without it."
    return GitsyncError(unknown.message, suggestion=f"{unknown.suggestion} {way_out}")


def told(refused: Iterable[tuple[Task, str]]) -> str:
    """What is said of a sync with such tasks."""
    (_, reason), *others = refused
    more = f" (and {len(others)} more, such as {others[0][0].key})" if others else ""
    return f"{NOT_VALID}: {reason}{more} {NOTHING_APPLIED}."
