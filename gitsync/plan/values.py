"""Plan, step, task: what will be done, as values."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from gitsync.manifest.object import DesiredObject, LiveObject
from gitsync.plan.options import DEFAULT_OPTIONS, TaskOptions
from model.identity import GroupVersionKind, ResourceKey
from model.operation import SyncPhase

TaskId = tuple[SyncPhase, ResourceKey]


class TaskKind(enum.StrEnum):
    """SKIP_PRUNE is done by writing it down: the object stays, and the result says why (PruneSkipped)."""

    APPLY = "apply"
    PRUNE = "prune"
    SKIP_PRUNE = "skip-prune"


@dataclass(frozen=True, slots=True)
class Hook:
    """How a hook comes and goes: the type that it runs as, and when its object is deleted."""

    type: str
    recreated: bool = True
    removed_when_succeeded: bool = False
    removed_when_failed: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """One action on one object. `order` is its place in the whole plan, `rank` the place of its kind.

    `desired` is None for prunes; `live` is None for what does not exist yet. `wave` is the one it runs in, which for
    prunes and lifted objects is not the one of its annotation. One that `needs_approval` waits for somebody's word.
    """

    kind: TaskKind
    key: ResourceKey
    version: str
    phase: SyncPhase
    wave: int
    reason: str
    rank: int = 0
    order: int = 0
    desired: DesiredObject | None = None
    live: LiveObject | None = None
    options: TaskOptions = DEFAULT_OPTIONS
    hook: Hook | None = None
    needs_approval: bool = False

    @property
    def id(self) -> TaskId:
        """Unique in a plan: an object may be applied in several phases, once in each."""
        return self.phase, self.key

    @property
    def gvk(self) -> GroupVersionKind:
        return GroupVersionKind(self.key.group, self.version, self.key.kind)


@dataclass(frozen=True, slots=True)
class Step:
    """The tasks of one phase and wave, in order. The next step starts when this one is done and well."""

    phase: SyncPhase
    wave: int
    tasks: tuple[Task, ...]

    @property
    def batches(self) -> Iterator[tuple[Task, ...]]:
        """What may run at the same time: first all prunes, then the applies of each kind after those of the other."""
        for _, batch in groupby(self.tasks, key=lambda task: task.rank if task.kind is TaskKind.APPLY else None):
            yield tuple(batch)


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they run.

    `on_failure` are the steps that run instead of what is left when one fails. `hooks_left_out` are objects that ask to
    run as hooks in a sync that runs none.
    """

    steps: tuple[Step, ...] = ()
    on_failure: tuple[Step, ...] = ()
    hooks_left_out: tuple[ResourceKey, ...] = ()

    @property
    def is_repeatable(self) -> bool:
        """Whether all of it can be begun anew without anything happening twice that should happen once."""
        return not any(task.hook or (task.options.replace and task.options.force) for task in self.tasks)

    @property
    def tasks(self) -> Iterator[Task]:
        for step in (*self.steps, *self.on_failure):
            yield from step.tasks
