"""Hooks: objects that run at a point of the sync instead of being kept, as tasks of the plan.

A hook that has no name of its own gets one that tells revision, phase and start of the sync, so that each sync makes a
new object. Each carries a finalizer until the sync is over: whoever deletes it meanwhile cannot hide how it ended.
Hooks of a deletion are none of a sync's: they have a plan of their own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gitsync.manifest.annotations import HookDeletePolicy, HookType, hook_delete_policies, hook_types, sync_wave
from gitsync.manifest.object import DesiredObject, JsonObject, LiveObject
from gitsync.manifest.tracking import parse_tracking
from gitsync.plan.options import PlanOptions, object_options, task_options
from gitsync.plan.order import rank
from gitsync.plan.values import Hook, Task, TaskKind
from model.identity import ResourceKey
from model.kinds.application import TRACKING_ANNOTATION
from model.operation import SyncPhase

HOOK_FINALIZER = "argocd.argoproj.io/hook-finalizer"
HOOK_RUN_ANNOTATION = "argosy.io/hook-run"  # of a hook's object: the very run that made it

_PHASES = {
    HookType.PRE_SYNC: SyncPhase.PRE_SYNC,
    HookType.SYNC: SyncPhase.SYNC,
    HookType.POST_SYNC: SyncPhase.POST_SYNC,
    HookType.SYNC_FAIL: SyncPhase.SYNC_FAIL,
}


def hook_tasks(
    hooks: Sequence[DesiredObject], live: Mapping[ResourceKey, LiveObject], options: PlanOptions
) -> Iterator[Task]:
    """One task for each phase that a hook runs in."""
    names = _Names(options)
    for wanted in hooks:
        for hook_type in hook_types(wanted.body):
            if (phase := _PHASES.get(hook_type)) is not None:
                yield hook_task(names.give(wanted, phase.value), hook_type.value, phase, live, options)


def hook_task(
    wanted: DesiredObject,
    hook_type: str,
    phase: SyncPhase,
    live: Mapping[ResourceKey, LiveObject],
    options: PlanOptions,
) -> Task:
    """The task that runs one hook."""
    return Task(
        kind=TaskKind.APPLY,
        key=wanted.key,
        version=wanted.version,
        phase=phase,
        wave=sync_wave(wanted.body),
        reason=f"{hook_type} hook",
        rank=rank(wanted.key.kind),
        desired=_marked(replace(wanted, body=_guarded(wanted.body)), options.run),
        live=live.get(wanted.key),
        options=task_options(
            object_options(wanted.annotations), options.options, force=options.force, body=wanted.body
        ),
        hook=Hook(hook_type, *_policies(wanted.body)),
    )


def deletion_hook_tasks(
    hooks: Sequence[DesiredObject], hook_type: HookType, live: Mapping[ResourceKey, LiveObject], options: PlanOptions
) -> Iterator[Task]:
    """One task for each hook that runs before, or after, an application's objects are deleted.

    One that failed stays for people to read, since it is in the way; a corrected one takes its place.
    """
    names = _Names(options)
    for wanted in hooks:
        if hook_type in hook_types(wanted.body):
            version = replace(options, run=f"{options.run}-{wanted.digest[:16]}")
            named = names.give(wanted, hook_type.value)
            task = hook_task(named, hook_type.value, SyncPhase.SYNC, live, version)
            assert task.hook is not None, "made as a hook"
            yield replace(task, hook=replace(task.hook, recreated=True, removed_when_failed=False))


def _marked(wanted: DesiredObject, run: str) -> DesiredObject:
    """With the run that it belongs to, so that a process that carries it on knows what was begun."""
    if not run:
        return wanted
    metadata = wanted.body["metadata"]
    annotations = {**(metadata.get("annotations") or {}), HOOK_RUN_ANNOTATION: run}
    return replace(wanted, body={**wanted.body, "metadata": {**metadata, "annotations": annotations}})


def _policies(body: JsonObject) -> tuple[bool, bool, bool]:
    policies = hook_delete_policies(body)
    return (
        HookDeletePolicy.BEFORE_HOOK_CREATION in policies,
        HookDeletePolicy.HOOK_SUCCEEDED in policies,
        HookDeletePolicy.HOOK_FAILED in policies,
    )


def _guarded(body: JsonObject) -> JsonObject:
    metadata = body["metadata"]
    finalizers = list(metadata.get("finalizers") or ())
    if HOOK_FINALIZER not in finalizers:
        finalizers.append(HOOK_FINALIZER)
    return {**body, "metadata": {**metadata, "finalizers": finalizers}}


class _Names:
    """Gives names to the hooks of one plan that ask for them by `generateName`, each its own."""

    def __init__(self, options: PlanOptions) -> None:
        self._options = options
        self._given: set[ResourceKey] = set()

    def give(self, wanted: DesiredObject, phase: str) -> DesiredObject:
        metadata = wanted.body["metadata"]
        if metadata.get("name"):
            return wanted
        parts = (self._options.revision[:7], phase, str(self._options.started_unix_seconds))
        first = metadata["generateName"] + "-".join(part for part in parts if part).lower()
        kind, name, number = (wanted.key.group, wanted.key.kind, wanted.key.namespace), first, 1
        while (key := ResourceKey(*kind, name)) in self._given:
            number += 1
            name = f"{first}-{number}"
        self._given.add(key)
        return _named(wanted, key)


def _named(wanted: DesiredObject, key: ResourceKey) -> DesiredObject:
    """With the name of its own; its mark must name it too, or nobody could delete it later."""
    metadata = wanted.body["metadata"]
    named = {field: value for field, value in metadata.items() if field != "generateName"} | {"name": key.name}
    annotations = metadata.get("annotations") or {}
    if parse_tracking(mark := annotations.get(TRACKING_ANNOTATION, "")) is not None:
        named["annotations"] = {**annotations, TRACKING_ANNOTATION: f"{mark.rpartition('/')[0]}/{key.name}"}
    return replace(wanted, key=key, body={**wanted.body, "metadata": named})
