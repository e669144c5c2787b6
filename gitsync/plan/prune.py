"""What of an application's live objects Git does not have any more: delete it, or say why not.

An object is ours to delete only if its tracking mark names this application and this very object; a mark that some
controller copied onto another object, objects of other applications, and objects that another object owns (which go
with that one) are never touched.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace

from gitsync.manifest.annotations import is_hook, sync_wave
from gitsync.manifest.object import LiveObject
from gitsync.manifest.tracking import parse_tracking
from gitsync.plan.options import DELETION_APPROVED_ANNOTATION, PlanOptions, asked, object_options, task_options
from gitsync.plan.order import rank
from gitsync.plan.values import Task, TaskKind
from model.identity import ResourceKey
from model.operation import SyncPhase

GONE_FROM_GIT = "no longer in Git"
_CONFIRM = f"Prune=confirm: waits until somebody sets {DELETION_APPROVED_ANNOTATION} on the application"


def prune_tasks(live: Mapping[ResourceKey, LiveObject], desired: Set[ResourceKey], options: PlanOptions) -> list[Task]:
    """One task for each object that is ours and no longer wanted."""
    unwanted = (
        found
        for key, found in live.items()
        if key not in desired and is_owned(found, options.application) and not found.owners and not _is_hook(found)
    )
    return [_prune_task(found, options) for found in unwanted if options.selects(found.key)]


def _is_hook(found: LiveObject) -> bool:
    """What earlier syncs ran stays for people to read, as its delete policy has it."""
    return is_hook({"metadata": {"annotations": found.annotations}})


def is_owned(found: LiveObject, application: str) -> bool:
    """Whether the object carries the mark that this application put on it."""
    tracking = parse_tracking(found.owner)
    return tracking is not None and tracking.application == application and tracking.refers_to(found.key)


def _prune_task(found: LiveObject, options: PlanOptions) -> Task:
    own, application = object_options(found.annotations), options.options
    objection = _objection(found, options)
    confirm = not objection and asked("Prune", own, application, "confirm")
    reason = f"{GONE_FROM_GIT}, but {objection}" if objection else GONE_FROM_GIT
    return Task(
        kind=TaskKind.SKIP_PRUNE if objection else TaskKind.PRUNE,
        key=found.key,
        version=found.version,
        phase=SyncPhase.SYNC,
        wave=sync_wave({"metadata": {"annotations": found.annotations}}),
        reason=f"{reason}; {_CONFIRM}" if confirm else reason,
        rank=rank(found.key.kind),
        live=found,
        options=task_options(own, application, force=options.force),
        needs_approval=confirm,
    )


def _objection(found: LiveObject, options: PlanOptions) -> str:
    """Why the object stays, or ""."""
    own, application = object_options(found.annotations), options.options
    if not options.prune:
        return "this sync does not prune"
    if asked("Prune", own, application, "false"):
        return "pruning is switched off for it (Prune=false)"
    return ""


def mirror_waves(prunes: Iterable[Task]) -> list[Task]:
    """The lowest wave trades places with the highest, and so on inwards: what was created last is deleted first."""
    tasks = list(prunes)
    waves = sorted({task.wave for task in tasks})
    mirrored = dict(zip(waves, reversed(waves), strict=True))
    return [replace(task, wave=mirrored[task.wave]) for task in tasks]


def last_if_asked(prunes: Iterable[Task], others: Iterable[Task], options: PlanOptions) -> list[Task]:
    """Tasks with PruneLast moved into a wave of their own after everything else."""
    tasks = list(prunes)
    sync_waves = (task.wave for task in (*tasks, *others) if task.phase is SyncPhase.SYNC)
    last = max(0, *sync_waves, 0) + 1
    return [replace(task, wave=last) if _goes_last(task, options) else task for task in tasks]


def _goes_last(task: Task, options: PlanOptions) -> bool:
    own = object_options(task.live.annotations) if task.live else {}
    return task.kind is TaskKind.PRUNE and asked("PruneLast", own, options.options)
