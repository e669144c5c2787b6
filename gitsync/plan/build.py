"""From desired and live objects to a plan."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import groupby

from gitsync.manifest.annotations import HookType, is_hook, is_skipped, sync_wave
from gitsync.manifest.canonical import digest
from gitsync.manifest.object import DesiredObject, JsonObject, LiveObject, Origin
from gitsync.plan.hooks import deletion_hook_tasks, hook_tasks
from gitsync.plan.options import PlanOptions, asked, object_options, task_options
from gitsync.plan.order import in_order, rank
from gitsync.plan.prune import last_if_asked, mirror_waves, prune_tasks
from gitsync.plan.trial import IN_SYNC
from gitsync.plan.values import Plan, Step, Task, TaskKind
from model.identity import ResourceKey
from model.operation import SyncPhase

MISSING = "missing in the cluster"
DIFFERS = "differs from Git"
NAMESPACE_ASKED = "CreateNamespace=true"


def build_plan(
    desired: Sequence[DesiredObject],
    live: Mapping[ResourceKey, LiveObject],
    *,
    options: PlanOptions,
    out_of_sync: Set[ResourceKey],
) -> Plan:
    """The plan of one sync.

    `live` holds the application's live objects and those at the addresses of desired ones. `out_of_sync` are the
    desired objects that differ or are missing. An object marked `Skip` is neither applied nor pruned.
    """
    hooks = [wanted for wanted in desired if is_hook(wanted.body)]
    running = list(hook_tasks(hooks, live, options)) if options.run_hooks and not options.resources else []
    ordinary = [wanted for wanted in desired if not is_hook(wanted.body) and not is_skipped(wanted.body)]
    applies = [*_namespace_task(ordinary, live, options), *_apply_tasks(ordinary, live, options, out_of_sync)]
    prunes = prune_tasks(live, {wanted.key for wanted in desired}, options)
    prunes = last_if_asked(mirror_waves(prunes), [*applies, *running], options)
    steps = _steps(in_order([*applies, *running, *prunes]))
    return Plan(
        steps=tuple(step for step in steps if step.phase is not SyncPhase.SYNC_FAIL),
        on_failure=tuple(step for step in steps if step.phase is SyncPhase.SYNC_FAIL),
        hooks_left_out=() if running else tuple(hook.key for hook in hooks),
    )


def build_deletion_hooks(
    desired: Sequence[DesiredObject],
    live: Mapping[ResourceKey, LiveObject],
    *,
    hook_type: HookType,
    options: PlanOptions,
) -> Plan:
    """The plan of the hooks that run before, or after, the application's objects are deleted."""
    return Plan(_steps(in_order(list(deletion_hook_tasks(desired, hook_type, live, options)))))


def _apply_tasks(
    desired: Sequence[DesiredObject],
    live: Mapping[ResourceKey, LiveObject],
    options: PlanOptions,
    out_of_sync: Set[ResourceKey],
) -> Iterator[Task]:
    only_changed = asked("ApplyOutOfSyncOnly", {}, options.options)
    for wanted in desired:
        found = live.get(wanted.key)
        differs = found is None or wanted.key in out_of_sync
        if not options.selects(wanted.key) or (only_changed and not differs):
            continue
        reason = MISSING if found is None else DIFFERS if differs else IN_SYNC
        yield _apply_task(wanted, found, options, reason, SyncPhase.SYNC, sync_wave(wanted.body))


def _apply_task(
    wanted: DesiredObject, found: LiveObject | None, options: PlanOptions, reason: str, phase: SyncPhase, wave: int
) -> Task:
    return Task(
        kind=TaskKind.APPLY,
        key=wanted.key,
        version=wanted.version,
        phase=phase,
        wave=wave,
        reason=reason,
        rank=rank(wanted.key.kind),
        desired=wanted,
        live=found,
        options=task_options(
            object_options(wanted.annotations), options.options, force=options.force, body=wanted.body
        ),
    )


def _namespace_task(
    desired: Sequence[DesiredObject], live: Mapping[ResourceKey, LiveObject], options: PlanOptions
) -> Iterator[Task]:
    """The destination namespace, when it is to be created and no manifest is in charge of it.

    It carries no tracking mark: it outlives the application. One that exists is touched only to manage its metadata,
    with each sync, since only an apply takes away what has left `managedNamespaceMetadata`. A partial sync makes it
    too: what it selects may be what went when somebody deleted the namespace.
    """
    if not options.namespace or not asked("CreateNamespace", {}, options.options):
        return
    key = ResourceKey("", "Namespace", "", options.namespace)
    found = live.get(key)
    if any(wanted.key == key for wanted in desired):
        return
    wanted = _namespace(key, options)
    if found is not None and not any(options.namespace_metadata.values()):
        return
    reason = NAMESPACE_ASKED if found is None else f"{NAMESPACE_ASKED}: with its managedNamespaceMetadata"
    task = _apply_task(wanted, found, options, reason, SyncPhase.PRE_SYNC, 0)
    # It is shared with others, who must keep what is theirs, also if they applied it on the client's side.
    yield replace(task, options=replace(task.options, server_side=True, take_over_client_side=False))


def _namespace(key: ResourceKey, options: PlanOptions) -> DesiredObject:
    metadata: JsonObject = {"name": key.name}
    metadata.update({part: dict(values) for part, values in sorted(options.namespace_metadata.items()) if values})
    body: JsonObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    return DesiredObject(key, "v1", body, digest(body), Origin("spec.syncPolicy.managedNamespaceMetadata"))


def _steps(tasks: Sequence[Task]) -> tuple[Step, ...]:
    grouped = groupby(tasks, key=lambda task: (task.phase, task.wave))
    return tuple(Step(phase, wave, tuple(members)) for (phase, wave), members in grouped)
